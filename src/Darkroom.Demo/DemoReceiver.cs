using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Darkroom.Demo;

/// <summary>A receiver of webhooks as any program could be one: it verifies by Standard Webhooks and counts what is told.</summary>
internal sealed class DemoReceiver : IAsyncDisposable
{
    static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    readonly WebApplication app;
    readonly ConcurrentDictionary<string, string> verified = new();
    byte[] key = [];

    DemoReceiver(WebApplication app) => this.app = app;

    public Uri Address => new(app.Urls.Single());

    /// <summary>Events whose signature was right, by their <c>webhook-id</c>: one that comes twice counts once.</summary>
    public IReadOnlyDictionary<string, string> Verified => verified;

    public static async Task<DemoReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var receiver = new DemoReceiver(builder.Build());
        receiver.app.MapPost("/hook", receiver.TakeAsync);
        await receiver.app.StartAsync();
        return receiver;
    }

    /// <summary>Returns when so many events have come, or the time is over.</summary>
    public async Task WaitForAsync(int count, TimeSpan atMost, CancellationToken ct)
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (var waited = TimeSpan.Zero; verified.Count < count && waited < atMost; waited += ticks.Period)
            await ticks.WaitForNextTickAsync(ct);
    }

    /// <param name="secret"><c>whsec_</c> and base64, as Darkroom showed it.</param>
    public void Trust(string secret) => key = Convert.FromBase64String(secret["whsec_".Length..]);

    async Task<IResult> TakeAsync(HttpRequest request)
    {
        using var reader = new StreamReader(request.Body);
        var body = await reader.ReadToEndAsync(request.HttpContext.RequestAborted);
        string id = request.Headers["webhook-id"]!, time = request.Headers["webhook-timestamp"]!;
        var right = Encoding.UTF8.GetBytes("v1," + Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{id}.{time}.{body}"))));
        var signed = request.Headers["webhook-signature"].ToString().Split(' ').Any(given => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), right));
        var age = DateTimeOffset.UtcNow - DateTimeOffset.FromUnixTimeSeconds(long.Parse(time, CultureInfo.InvariantCulture));
        if (!signed || age.Duration() > Tolerance)
            return Results.Unauthorized();
        using var told = JsonDocument.Parse(body);
        verified[id] = told.RootElement.GetProperty("type").GetString()!;
        return Results.NoContent();
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
