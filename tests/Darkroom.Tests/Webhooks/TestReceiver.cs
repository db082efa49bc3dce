using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Darkroom.Tests.Webhooks;

/// <summary>One request as the receiver got it.</summary>
internal sealed record Received(string Id, string Timestamp, string Signature, string Body, DateTimeOffset At);

/// <summary>A receiver of webhooks on this machine that answers as a test says, and remembers.</summary>
internal sealed class TestReceiver : IAsyncDisposable
{
    readonly WebApplication app;
    readonly ConcurrentQueue<Received> received = new();
    readonly SemaphoreSlim arrived = new(0);

    TestReceiver(WebApplication app) => this.app = app;

    /// <summary>What it answers to request number n, from 1; 204 if null.</summary>
    public Func<HttpContext, int, Task>? Answer { get; set; }

    public IReadOnlyList<Received> All => [.. received];

    public string Url => app.Urls.Single() + "/hook";

    public static async Task<TestReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var receiver = new TestReceiver(builder.Build());
        receiver.app.Run(receiver.TakeAsync);
        await receiver.app.StartAsync();
        return receiver;
    }

    async Task TakeAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var body = await reader.ReadToEndAsync(http.RequestAborted);
        var headers = http.Request.Headers;
        received.Enqueue(new(headers["webhook-id"]!, headers["webhook-timestamp"]!, headers["webhook-signature"]!, body, DateTimeOffset.UtcNow));
        var number = received.Count;
        http.Response.StatusCode = (int)HttpStatusCode.NoContent;
        if (Answer is { } answer)
            await answer(http, number);
        arrived.Release();
    }

    /// <summary>Returns when so many requests more have been answered.</summary>
    public async Task WaitForAsync(int count, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        for (var i = 0; i < count; i++)
            await arrived.WaitAsync(patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        arrived.Dispose();
    }
}
