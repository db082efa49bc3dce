namespace Darkroom.Cli;

/// <summary>What the command's end says to a script. The help and docs/cli.md show them.</summary>
internal static class ExitCode
{
    /// <summary>Everything asked for was done.</summary>
    public const int Done = 0;

    /// <summary>Darkroom refused, or something here failed (a full disk).</summary>
    public const int Refused = 1;

    /// <summary>The command line or the input is wrong. Nothing was submitted.</summary>
    public const int BadInput = 2;

    /// <summary>The work ended, and not all of it succeeded.</summary>
    public const int NotAllSucceeded = 3;

    /// <summary>Jobs are held: nothing moves until a person decides.</summary>
    public const int Held = 4;

    /// <summary>Darkroom could not be reached.</summary>
    public const int Unreachable = 5;

    /// <summary>Pictures are missing here; the same command fetches the rest.</summary>
    public const int Incomplete = 6;

    /// <summary>Ctrl-C. What was submitted goes on at Darkroom.</summary>
    public const int Interrupted = 130;

    public const string Help = """
        Exit codes:
          0    done
          1    refused by Darkroom, or failed here
          2    wrong command line or input: nothing was submitted
          3    the work ended, and not all of it succeeded
          4    jobs are held: a person must decide
          5    Darkroom could not be reached
          6    some pictures could not be fetched: run the same command again
          130  interrupted: what was submitted goes on at Darkroom

        Address and key are read from DARKROOM_URL and DARKROOM_API_KEY.
        """;
}
