using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Darkroom.Benchmarks.Webhooks;

/// <summary>Answers at once and keeps when each delivery came, or accepts the connection and never answers.</summary>
internal sealed class MeasuredReceiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<Arrival> arrivals = new();

    private MeasuredReceiver(WebApplication app) => this.app = app;

    public string Url => app.Urls.First() + "/hook";

    public IReadOnlyCollection<Arrival> Arrivals => arrivals;

    public static async Task<MeasuredReceiver> StartAsync(bool answers)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        MeasuredReceiver receiver = new(app);
        app.Urls.Add("http://127.0.0.1:0");
        app.MapPost("/hook", answers ? receiver.KeepAsync : (HttpContext http) => Task.Delay(Timeout.Infinite, http.RequestAborted));
        await app.StartAsync();
        return receiver;
    }

    /// <summary>Most deliveries that came within any second.</summary>
    public int BusiestSecond()
    {
        DateTimeOffset[] times = [.. arrivals.Select(a => a.At).Order()];
        int most = 0;
        for (int first = 0, last = 0; last < times.Length; last++)
        {
            while (times[last] - times[first] >= TimeSpan.FromSeconds(1))
                first++;
            most = Math.Max(most, last - first + 1);
        }

        return most;
    }

    private async Task KeepAsync(HttpContext http)
    {
        DateTimeOffset at = DateTimeOffset.UtcNow;
        using JsonDocument body = await JsonDocument.ParseAsync(http.Request.Body);
        JsonElement data = body.RootElement.GetProperty("data");
        arrivals.Enqueue(new(at, data.GetProperty("finished_at") is { ValueKind: JsonValueKind.String } end ? at - end.GetDateTimeOffset() : TimeSpan.Zero));
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}

/// <param name="Behind">Since the commit of the state that it tells of.</param>
internal sealed record Arrival(DateTimeOffset At, TimeSpan Behind);
