namespace Darkroom.Worker.Storage;

/// <summary>
/// The name of one stored object. A closed family: a member is built from ids, numbers and words of its own only, so no text
/// from outside ever enters a path and no key can leave the store's root. A new kind of object is a new member.
/// </summary>
internal abstract record StoreKey
{
    private protected StoreKey()
    {
    }

    /// <summary>Relative and '/'-separated, of the characters <c>0-9 a-z / .</c> alone; unique over the whole family.</summary>
    public abstract string Path { get; }

    /// <summary>The media type the object is stored and served with.</summary>
    public abstract string ContentType { get; }

    /// <summary>What the object belongs to, for a person who looks into the store: lowercase names, ASCII values.</summary>
    public abstract IReadOnlyDictionary<string, string> Labels { get; }

    public sealed override string ToString() => Path;
}
