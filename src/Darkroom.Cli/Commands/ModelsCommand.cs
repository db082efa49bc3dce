using System.CommandLine;
using Darkroom.Client;

namespace Darkroom.Cli.Commands;

/// <summary><c>darkroom models</c>: what <c>--model</c> takes.</summary>
internal static class ModelsCommand
{
    public static Command Create(Connection connection)
    {
        var command = new Command("models", "The models there are, and when their makers end them.");
        connection.Run(command, async (session, _, ct) => await Listing.ShowAsync(
            session, (await session.Darkroom.ListModelsAsync(ct)).ToAsyncEnumerable(), 0, DarkroomJson.Answers.Model, ["id", "owner", "ends"],
            m => [m.Id, m.OwnedBy, m.ShutdownAt is { } end ? Words.Time(end) : ""], ct));
        return command;
    }
}
