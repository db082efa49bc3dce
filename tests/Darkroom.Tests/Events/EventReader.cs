using System.Net;
using System.Text.Json;
using Xunit;

namespace Darkroom.Tests.Events;

/// <summary>Reads an answer of server-sent events as the HTML specification has it.</summary>
internal sealed class EventReader : IDisposable
{
    readonly HttpResponseMessage response;
    readonly StreamReader lines;

    EventReader(HttpResponseMessage response, Stream body) => (this.response, lines) = (response, new StreamReader(body));

    public string? ContentType => response.Content.Headers.ContentType?.MediaType;

    public string? CacheControl => response.Headers.CacheControl?.ToString();

    public static async Task<EventReader> OfAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return new EventReader(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The next event; comments and settings are passed over.</summary>
    public async Task<ServerSentEvent> NextAsync() => await EndAsync() ?? throw new InvalidOperationException("The stream has ended.");

    /// <summary>The next event, null at the stream's end.</summary>
    public async Task<ServerSentEvent?> EndAsync()
    {
        var fields = new Dictionary<string, string>();
        while (await LineAsync() is { } line)
        {
            if (line.Length == 0 && fields.TryGetValue("data", out var data))
                return new(fields["event"], fields["id"], JsonDocument.Parse(data).RootElement);
            if (line.Split(": ", 2) is [{ Length: > 0 } name, var value] && name != "retry")
                fields[name] = fields.TryGetValue(name, out var before) ? $"{before}\n{value}" : value;
        }
        return null;
    }

    /// <summary>The next line that is a comment.</summary>
    public async Task<string> CommentAsync()
    {
        while (await LineAsync() is { } line)
        {
            if (line.StartsWith(':'))
                return line;
        }
        throw new InvalidOperationException("The stream has ended.");
    }

    Task<string?> LineAsync() => lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    public void Dispose()
    {
        lines.Dispose();
        response.Dispose();
    }
}

internal sealed record ServerSentEvent(string Name, string Id, JsonElement Data)
{
    public string? Status => Data.GetProperty("status").GetString();
}
