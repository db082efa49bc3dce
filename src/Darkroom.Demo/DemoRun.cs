using System.Runtime.InteropServices;
using Darkroom.Client;
using Darkroom.Demo.Postgres;
using Darkroom.Worker;
using Darkroom.Worker.Database;
using Spectre.Console;

namespace Darkroom.Demo;

/// <summary>The demo from top to bottom: servers, jobs, progress, pictures, what it cost.</summary>
internal static class DemoRun
{
    const int Succeeded = 0, SomeFailed = 1, CannotStart = 2, Interrupted = 130;

    public static async Task<int> RunAsync(DemoSettings settings)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, stop));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, stop));
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => Stop(signal, stop));
        await using var servers = new DemoServers();
        try
        {
            await StartAsync(servers, settings, stop.Token);
            return await ShowAsync(servers, settings, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            AnsiConsole.MarkupLine("[yellow]Interrupted.[/] What was started is stopped.");
            return Interrupted;
        }
        catch (Exception e) when (e is PostgresNotFoundException or StartException or DarkroomException or HttpRequestException or IOException)
        {
            AnsiConsole.MarkupLineInterpolated($"[red]The demo cannot go on.[/] {e.Message}");
            return CannotStart;
        }
    }

    static void Stop(PosixSignalContext signal, CancellationTokenSource stop)
    {
        signal.Cancel = true;
        stop.Cancel();
    }

    static async Task StartAsync(DemoServers servers, DemoSettings settings, CancellationToken ct)
    {
        AnsiConsole.MarkupLine("[bold]Darkroom[/]: prompts in, pictures out, nothing lost, nothing bought twice unknowingly.");
        var postgres = await servers.StartPostgresAsync(ct);
        Step("Postgres", postgres.Origin);
        var endpoint = settings.Endpoint ?? await servers.StartSimulatorAsync();
        Step("Endpoint", settings.Endpoint is null ? $"simulated, {endpoint}" : $"{endpoint}: every picture is paid for");
        await servers.StartWorkerAsync(postgres, endpoint, settings.ApiKey ?? "sk-demo");
        Step("Worker", $"{servers.Address}");
    }

    static void Step(string what, string text) => AnsiConsole.MarkupLineInterpolated($"  [grey]{what,-9}[/] {text}");

    static async Task<int> ShowAsync(DemoServers servers, DemoSettings settings, CancellationToken ct)
    {
        using var darkroom = new DarkroomClient(servers.Address, servers.AdminKey);
        var receiver = await servers.StartReceiverAsync();
        receiver.Trust((await darkroom.RegisterWebhookAsync(new RegisterWebhook { Url = $"{receiver.Address}hook" }, ct)).Secret!);
        Step("Receiver", $"{receiver.Address}hook, told of every job by signed webhook");
        var submitted = new List<Job>();
        for (var number = 0; number < settings.Jobs; number++)
            submitted.Add(await darkroom.SubmitAsync(Prompts.Job(number), cancellationToken: ct));
        Step("Submitted", $"{submitted.Count} jobs");

        var jobs = await DemoProgress.WatchAsync(darkroom, submitted, ct);
        var pictures = await DemoPictures.SaveAsync(darkroom, jobs, settings.Output, ct);
        await DemoReport.WriteAsync(darkroom, jobs, ct);
        await receiver.WaitForAsync(jobs.Count, TimeSpan.FromSeconds(10), ct);
        foreach (var told in receiver.Verified.Values.CountBy(type => type))
            Step("Webhooks", $"{told.Value} of {told.Key}, signatures verified");
        AnsiConsole.MarkupLineInterpolated($"{pictures} pictures in [bold]{settings.Output.FullName}[/], all of them on contact-sheet.png.");

        if (settings.Stay)
        {
            AnsiConsole.MarkupLineInterpolated($"Dashboard and API at [bold]{servers.Address}[/], the API's reference at {new Uri(servers.Address, "docs")}, Hangfire at {new Uri(servers.Address, "hangfire")}.");
            AnsiConsole.MarkupLineInterpolated($"Key (in a browser the password, with any user name): [bold]{servers.AdminKey}[/]. Ctrl-C ends it.");
            await Task.Delay(Timeout.Infinite, ct).ContinueWith(_ => { }, TaskScheduler.Default);
        }
        else
        {
            AnsiConsole.MarkupLineInterpolated($"The API was at {servers.Address}; run again with [bold]--stay[/] to keep it.");
        }
        return jobs.All(job => job.Status == "succeeded") ? Succeeded : SomeFailed;
    }
}
