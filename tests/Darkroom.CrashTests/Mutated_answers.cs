using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Darkroom.CrashTests;

public sealed class Mutated_answers
{
    const int Answers = 10_000;
    const long Slack = 64 << 20;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_thousand_end_their_jobs_or_hold_them_in_flat_memory_and_without_a_defect()
    {
        await using var cluster = await CrashCluster.StartAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(backlog: 512);
        var port = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        _ = AnswerAsync(listener);
        var worker = await cluster.StartWorkerAsync(
            $"Darkroom:Endpoints:0:BaseUrl=http://127.0.0.1:{port}", "Darkroom:Endpoints:0:ImagesPerMinute=100000", "Darkroom:Worker:Slots=100",
            "Darkroom:Endpoints:0:IdleTimeout=00:00:02", "Darkroom:Worker:RescueAfter=00:00:15");

        await cluster.InsertJobsAsync(worker, Answers);
        await cluster.WaitUntilAsync("SELECT least(2000, count(*)) FROM darkroom.jobs WHERE status IN ('succeeded', 'failed', 'held')", 2000);
        var before = worker.ResidentBytes;
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.jobs WHERE status IN ('succeeded', 'failed', 'held')", Answers);

        Assert.InRange(worker.ResidentBytes, 0, before + Slack);
        await worker.WaitForReadinessAsync(ready: true, Ct);
        Assert.True(!worker.Output.Contains("fail: ", StringComparison.Ordinal), worker.Output.Split("fail: ").ElementAtOrDefault(1));
        Assert.Equal(0, await cluster.AskAsync("SELECT count(*) FROM darkroom.endpoints WHERE state <> 'active'"));
        // Not all are alike: some were good enough, some certain failures, some nobody can know.
        Assert.True(await cluster.AskAsync("SELECT count(DISTINCT status) FROM darkroom.jobs") == 3);
        Assert.Equal(Answers, await cluster.AskAsync("SELECT count(*) FROM darkroom.attempts WHERE status <> 'undelivered'"));
        Assert.Equal(0, await cluster.AskAsync("SELECT count(*) FROM darkroom.jobs WHERE status <> 'succeeded' AND error_message IS NULL"));
    }

    static async Task AnswerAsync(TcpListener listener)
    {
        var number = 0;
        try
        {
            while (true)
                _ = AnswerAsync(await listener.AcceptSocketAsync(), number++);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    /// <summary>One mutated answer for one request, and the end of the connection.</summary>
    static async Task AnswerAsync(Socket socket, int number)
    {
        using var _ = socket;
        var buffer = new byte[16 << 10];
        try
        {
            for (var request = new StringBuilder(); !request.ToString().Contains("mutant", StringComparison.Ordinal);)
            {
                var read = await socket.ReceiveAsync(buffer);
                if (read == 0)
                    return;
                request.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
            await socket.SendAsync(Mutation.Answer(number));
            socket.Shutdown(SocketShutdown.Send);
            while (await socket.ReceiveAsync(buffer) > 0)
            {
            }
        }
        catch (SocketException)
        {
        }
    }
}
