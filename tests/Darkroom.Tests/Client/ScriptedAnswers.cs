using System.Net;

namespace Darkroom.Tests.Client;

/// <summary>Answers with one body after the other, whatever is asked; 204 where there is none.</summary>
internal sealed class ScriptedAnswers(params HttpContent?[] bodies) : HttpMessageHandler
{
    public List<string?> LastEventIds { get; } = [];

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        LastEventIds.Add(request.Headers.TryGetValues("Last-Event-ID", out var id) ? id.Single() : null);
        return Task.FromResult(bodies[LastEventIds.Count - 1] is { } body ? new HttpResponseMessage { Content = body } : new(HttpStatusCode.NoContent));
    }
}
