namespace Darkroom.Worker.Storage;

/// <summary>What a store answers: a value, or a failure from the closed set.</summary>
internal readonly record struct StoreResult<T>
{
    private readonly T _value;

    private StoreResult(T value, StoreFailure? failure) => (_value, Failure) = (value, failure);

    /// <summary>Null when the call succeeded.</summary>
    public StoreFailure? Failure { get; }

    /// <exception cref="InvalidOperationException">The call failed; ask <see cref="Failure"/> first.</exception>
    public T Value => Failure is null ? _value : throw new InvalidOperationException(Failure.ToString());

    public static implicit operator StoreResult<T>(T value) => new(value, null);

    public static implicit operator StoreResult<T>(StoreFailure failure) => new(default!, failure);
}

internal enum PutOutcome
{
    /// <summary>The object is new, complete and durable.</summary>
    Stored,

    /// <summary>The same content was there already, complete and durable: an earlier put whose answer was lost.</summary>
    AlreadyStored,
}

/// <summary>A store call that did not work; <paramref name="Message"/> is a sentence for the person who runs the store, without secrets.</summary>
internal sealed record StoreFailure(StoreFailureKind Kind, string Message)
{
    /// <summary>True when the same call may work later, by itself or once a person has acted; such a put is repeated for ever.</summary>
    public bool MayPass => Kind is StoreFailureKind.Unavailable or StoreFailureKind.Denied or StoreFailureKind.Full;

    public override string ToString() => $"{Kind}: {Message}";
}

internal enum StoreFailureKind
{
    /// <summary>The store is out of reach or answers with an error of its own.</summary>
    Unavailable,

    /// <summary>The store refuses us: credentials, permissions, a read-only disk.</summary>
    Denied,

    /// <summary>The store has no room left.</summary>
    Full,

    /// <summary>The key names other content. Keys hold the attempt's id, so this is a defect of ours, and nothing was overwritten.</summary>
    Conflict,

    /// <summary>The file to be stored is missing, unreadable or not of the length announced: the spool is damaged, not the store.</summary>
    SourceLost,
}
