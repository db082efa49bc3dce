using System.CommandLine;
using System.CommandLine.Parsing;

namespace Darkroom.Demo;

/// <summary>The command line: what may be asked of the demo, and what is wrong with what was asked.</summary>
internal static class DemoCommand
{
    public const string KeyVariable = "DARKROOM_API_KEY";

    /// <summary>Ctrl-C must end the worker and Postgres in order; the command line's own two-second limit would cut that short.</summary>
    public static readonly InvocationConfiguration LeaveSignalsToUs = new() { ProcessTerminationTimeout = null };

    public static RootCommand Create()
    {
        var jobs = new Option<int>("--jobs") { Description = "How many jobs to submit, 1 to 10000.", DefaultValueFactory = _ => Prompts.Count };
        var output = new Option<DirectoryInfo>("--output")
        {
            Description = "Where the pictures go.",
            DefaultValueFactory = _ => new DirectoryInfo("demo-output"),
        };
        var endpoint = new Option<Uri?>("--endpoint")
        {
            Description = $"A real endpoint's base URL instead of the simulated one; its key is read from {KeyVariable}. Every picture is paid for.",
            CustomParser = ReadEndpoint,
        };
        var stay = new Option<bool>("--stay") { Description = "Keep serving the API afterwards, until Ctrl-C." };
        jobs.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 10_000)
                result.AddError("--jobs must be 1 to 10000.");
        });

        var command = new RootCommand("Darkroom on a bare machine: a private Postgres, a simulated endpoint, a worker, and a sample of jobs through all of it.")
        {
            jobs, output, endpoint, stay,
        };
        command.SetAction(async (parsed, _) => await DemoRun.RunAsync(new DemoSettings(
            parsed.GetValue(jobs), parsed.GetValue(output)!, parsed.GetValue(endpoint),
            Environment.GetEnvironmentVariable(KeyVariable), parsed.GetValue(stay))));
        return command;
    }

    static Uri? ReadEndpoint(ArgumentResult argument)
    {
        if (!Uri.TryCreate(argument.Tokens.Single().Value, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            argument.AddError("--endpoint must be an http or https address, such as https://api.myrouter.ai.");
        else if (string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(KeyVariable)))
            argument.AddError($"--endpoint needs the endpoint's key in {KeyVariable}.");
        return address;
    }
}

/// <param name="Endpoint">Null: the simulated one.</param>
internal sealed record DemoSettings(int Jobs, DirectoryInfo Output, Uri? Endpoint, string? ApiKey, bool Stay);
