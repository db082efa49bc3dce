using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Darkroom.Cli.Commands;
using Darkroom.Cli.Downloading;
using Darkroom.Cli.Submitting;
using Darkroom.Cli.Watching;

namespace Darkroom.Cli;

/// <summary>The command's table of contents.</summary>
internal static class DarkroomCommand
{
    /// <summary>A prompt may begin with @: no argument names a file of further arguments.</summary>
    static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    /// <returns>The process's exit code, of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken ct)
    {
        var connection = new Connection(terminal);
        var parsed = Create(connection).Parse(args is [] ? ["--help"] : args, Parsing);
        if (parsed.Errors is { Count: > 0 } errors)
            return connection.Open(parsed).Fail(ExitCode.BadInput, string.Join('\n', errors.Select(e => e.Message)) + "\n" + SeeHelp(parsed));
        return await parsed.InvokeAsync(new()
        {
            Output = terminal.Out.Profile.Out.Writer,
            Error = terminal.Error.Profile.Out.Writer,
            // Ctrl-C cancels what runs, which then says what goes on without it.
            ProcessTerminationTimeout = TimeSpan.FromSeconds(10),
        }, ct);
    }

    static RootCommand Create(Connection connection)
    {
        var root = new RootCommand("Image generation on a Darkroom server: submit, watch, download.")
        {
            connection.Url, connection.ApiKey, connection.Json,
            SubmitCommand.Create(connection),
            WatchCommand.Create(connection),
            DownloadCommand.Create(connection),
            JobsCommand.Create(connection),
            BatchesCommand.Create(connection),
            Decisions.Cancel(connection),
            Decisions.Retry(connection),
            UsageCommand.Create(connection),
            ModelsCommand.Create(connection),
            KeysCommand.Create(connection),
        };
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExitCodes((HelpAction)help.Action!);
        return root;
    }

    static string SeeHelp(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (var at = parsed.CommandResult; at is not null; at = at.Parent as CommandResult)
            names.Push(at.Command.Name);
        return $"'{string.Join(' ', names)} --help' shows what there is.";
    }

    sealed class HelpWithExitCodes(HelpAction usual) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            usual.Invoke(parseResult);
            parseResult.InvocationConfiguration.Output.WriteLine(ExitCode.Help);
            return ExitCode.Done;
        }
    }
}
