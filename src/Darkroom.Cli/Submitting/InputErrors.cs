namespace Darkroom.Cli.Submitting;

/// <summary>What is wrong with an input file, and where.</summary>
/// <param name="Line">From 1; null where the whole file is meant.</param>
/// <param name="Column">From 1, in characters; null where the whole line is meant.</param>
internal sealed record InputError(string File, int? Line, int? Column, string Message)
{
    /// <summary>As compilers say it, so that editors find it.</summary>
    public string Place => string.Join(':', new object?[] { File, Line, Column }.Where(part => part is not null));

    public override string ToString() => $"{Place}: {Message}";
}

/// <summary>The mistakes of one file, in its order.</summary>
internal sealed class InputErrors(string file)
{
    /// <summary>As many as Darkroom itself tells; nobody mends more by hand.</summary>
    public const int MostKept = 1000;

    readonly List<InputError> kept = [];

    public string File => file;

    /// <summary>Also of those not kept.</summary>
    public int Count { get; private set; }

    public IReadOnlyList<InputError> Kept => kept;

    public void Add(int line, int? column, string message)
    {
        if (++Count <= MostKept)
            kept.Add(new InputError(file, line, column, message));
    }
}
