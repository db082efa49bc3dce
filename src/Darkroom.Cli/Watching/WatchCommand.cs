using System.CommandLine;

namespace Darkroom.Cli.Watching;

/// <summary><c>darkroom watch</c>: stays until the work has ended.</summary>
internal static class WatchCommand
{
    public static Command Create(Connection connection)
    {
        var ids = new Argument<string[]>("id") { Description = "A batch, or one or more jobs.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("watch", "Follow a batch or jobs until they have ended or a person must decide. Ctrl-C stops only the watching.") { ids };
        connection.Run(command, async (session, parsed, ct) => parsed.GetValue(ids) switch
        {
            [var batch] when IsBatch(batch) => await WatchBatch.RunAsync(session, batch, new(session), ct),
            { } several when several.Any(IsBatch) => session.Fail(ExitCode.BadInput, "One batch at a time, or jobs."),
            { } jobs => await WatchJobs.RunAsync(session, jobs, new(session), ct),
            null => ExitCode.BadInput,
        });
        return command;
    }

    public static bool IsBatch(string id) => id.StartsWith("batch_", StringComparison.Ordinal);

    public static string GoesOn(string id) => IsBatch(id)
        ? $"{id} goes on at Darkroom: 'darkroom watch {id}' looks again, 'darkroom cancel {id}' stops it."
        : $"The work goes on at Darkroom: 'darkroom watch {id}' looks again, 'darkroom cancel {id}' stops it.";
}
