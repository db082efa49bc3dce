using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;

namespace Darkroom.Tests.Observability;

/// <summary>A worker as it is deployed: what one process shows of itself is not mixed with that of other workers of this test run.</summary>
internal sealed partial class WorkerInAProcess : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly DirectoryInfo folder;
    readonly Process process;
    readonly ConcurrentQueue<string> output;

    WorkerInAProcess(DirectoryInfo folder, Process process, ConcurrentQueue<string> output, Uri address)
    {
        (this.folder, this.process, this.output) = (folder, process, output);
        Client = new HttpClient { BaseAddress = address };
        Client.DefaultRequestHeaders.Authorization = new("Bearer", TestWorker.AdminKey);
    }

    /// <summary>With the admin key.</summary>
    public HttpClient Client { get; }

    /// <summary>What it wrote on its standard output so far.</summary>
    public IReadOnlyList<string> Output => [.. output];

    public static async Task<WorkerInAProcess> StartAsync(TestDatabase database, SimulatorHost simulator, CancellationToken ct, params string[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("darkroom-process-");
        string[] all =
        [
            $"ConnectionStrings:Darkroom={database.ConnectionString}", $"Darkroom:Endpoints:0:BaseUrl={simulator.BaseAddress}",
            $"Darkroom:Endpoints:0:ApiKey={TestWorker.EndpointKey}", "Darkroom:Endpoints:0:ImagesPerMinute=60000", $"Darkroom:Auth:BootstrapKey={TestWorker.AdminKey}",
            $"Darkroom:Storage:FileSystem:Root={folder.FullName}/images", $"Darkroom:Worker:SpoolPath={folder.FullName}/spool", "Darkroom:Worker:Slots=20",
            "Darkroom:Worker:DrainTimeout=00:00:05", "urls=http://127.0.0.1:0", .. settings,
        ];
        var process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Darkroom.Worker"), all.Select(setting => "--" + setting))
        {
            RedirectStandardOutput = true,
        })!;
        var output = new ConcurrentQueue<string>();
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                address.TrySetException(new InvalidOperationException(string.Join('\n', output)));
                return;
            }
            output.Enqueue(line.Data);
            if (Listening().Match(line.Data) is { Success: true } found)
                address.TrySetResult(new Uri(found.Value));
        };
        process.BeginOutputReadLine();
        return new WorkerInAProcess(folder, process, output, await address.Task.WaitAsync(Patience, ct));
    }

    /// <summary>Stops it in order.</summary>
    public async Task StopAsync(CancellationToken ct)
    {
        using var kill = Process.Start("kill", [$"{process.Id}"]);
        await process.WaitForExitAsync(ct).WaitAsync(Patience, ct);
    }

    [GeneratedRegex(@"(?<=Now listening on: )http://127\.0\.0\.1:\d+")]
    private static partial Regex Listening();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        folder.Delete(recursive: true);
    }
}
