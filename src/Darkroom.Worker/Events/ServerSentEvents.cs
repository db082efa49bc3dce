using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;

namespace Darkroom.Worker.Events;

/// <summary>An answer that goes on, as <c>text/event-stream</c>. Written by one task at a time; every write goes out at once.</summary>
internal sealed class ServerSentEvents
{
    /// <summary>How long a client waits before it connects again.</summary>
    const int RetryMilliseconds = 2000;

    readonly HttpResponse response;

    ServerSentEvents(HttpResponse response) => this.response = response;

    /// <summary>What the client has seen, as it says when it connects again; null on a first connection.</summary>
    public static string? LastEventId(HttpRequest request) => request.Headers["Last-Event-ID"] is [{ Length: > 0 } id] ? id : null;

    public static async Task<ServerSentEvents> BeginAsync(HttpContext http, CancellationToken ct)
    {
        http.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no"; // What tells nginx to pass events on as they come.
        var stream = new ServerSentEvents(http.Response);
        await stream.WriteAsync($"retry: {RetryMilliseconds}\n\n", ct);
        return stream;
    }

    /// <param name="id">Without line breaks; comes back as <c>Last-Event-ID</c>.</param>
    public Task SendAsync<T>(string name, string id, T data, JsonTypeInfo<T> type, CancellationToken ct)
    {
        // What an endpoint sent as usage is handed on with its own line breaks.
        var lines = JsonSerializer.Serialize(data, type).Replace("\r\n", "\n").Replace('\r', '\n').Replace("\n", "\ndata: ");
        return WriteAsync($"id: {id}\nevent: {name}\ndata: {lines}\n\n", ct);
    }

    /// <summary>A comment, so that nothing in between takes the connection for dead.</summary>
    public Task BeatAsync(CancellationToken ct) => WriteAsync(":\n\n", ct);

    async Task WriteAsync(string text, CancellationToken ct)
    {
        Encoding.UTF8.GetBytes(text, response.BodyWriter);
        await response.BodyWriter.FlushAsync(ct);
    }
}
