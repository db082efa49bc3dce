using Darkroom.Worker.Decoding;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Endpoint;

/// <summary>Makes paid calls: each is sent at most once, and however it ends, it ends in a <see cref="CallOutcome"/>.</summary>
internal sealed class EndpointClient(IOptions<EndpointSettings> settings, ResponseDecoder decoder, TimeProvider clock) : IDisposable
{
    const int MaxMessageChars = 1024, MaxCodeChars = 100, MaxRequestIdChars = 200;

    /// <summary>For the words of an error, whose status is known already.</summary>
    static readonly TimeSpan ErrorBodyTimeout = TimeSpan.FromSeconds(10);

    static readonly string UserAgent = $"darkroom/{typeof(EndpointClient).Assembly.GetName().Version?.ToString(3)}";

    readonly Dictionary<string, HttpMessageInvoker> connections =
        settings.Value.Endpoints.ToDictionary(endpoint => endpoint.Name, Connections.Open);

    /// <param name="openPicture">
    /// As <see cref="ResponseDecoder.DecodeAsync"/> takes it. Streams are closed when this returns; what failed calls wrote is the caller's
    /// to delete.
    /// </param>
    /// <param name="canceled">A person cancelled the job.</param>
    /// <param name="stopping">The node's drain time is over.</param>
    /// <returns>Never an exception, but for a bug: once a call may have been sent, none may hide that.</returns>
    public async Task<CallOutcome> CallAsync(
        GenerationCall call, Func<int, Stream> openPicture, CancellationToken canceled, CancellationToken stopping)
    {
        if (settings.Value.Endpoint(call.Endpoint) is not { } endpoint)
            return Failed(CallFailure.Of(
                FailureKind.AbortedUnsent, $"This node has no endpoint named '{call.Endpoint}'; nothing was sent."));

        using var deadline = new CallDeadline(endpoint, clock, canceled, stopping);
        var outcome = await SendAsync(call, endpoint, openPicture, deadline);
        return outcome with { Timing = deadline.Timing };
    }

    async Task<CallOutcome> SendAsync(GenerationCall call, EndpointOptions endpoint, Func<int, Stream> openPicture, CallDeadline deadline)
    {
        using var request = Request(call, endpoint);
        HttpResponseMessage response;
        try
        {
            response = await connections[endpoint.Name].SendAsync(request, deadline.Token);
        }
        catch (Exception e)
        {
            return Failed(TransportFailure.Of(e, (GenerationContent)request.Content!, deadline.Cause, endpoint));
        }
        using (response)
        {
            return (int)response.StatusCode == 200
                ? await ReadPicturesAsync(response, openPicture, endpoint, deadline)
                : await ReadErrorAsync(response, endpoint, deadline.Token);
        }
    }

    static HttpRequestMessage Request(GenerationCall call, EndpointOptions endpoint)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint.GenerationsUrl())
        {
            Version = System.Net.HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new GenerationContent(call),
        };
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {endpoint.ApiKey}");
        request.Headers.TryAddWithoutValidation("X-Client-Request-Id", call.AttemptId.ToString("D"));
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        return request;
    }

    async Task<CallOutcome> ReadPicturesAsync(
        HttpResponseMessage response, Func<int, Stream> openPicture, EndpointOptions endpoint, CallDeadline deadline)
    {
        var limits = RateHeaders.Read(response.Headers);
        var requestId = RequestId(response, endpoint);
        Decoded body;
        try
        {
            await using var stream = await ContentCoding.OpenAsync(response.Content, deadline.Token);
            body = await decoder.DecodeAsync(stream, openPicture, _ => deadline.BodyReceived(), deadline.Token);
        }
        catch (Exception e)
        {
            var unread = new DecodeFault(deadline.Cause is null ? DecodeFaultKind.ReadFailed : DecodeFaultKind.Canceled, e.Message, e);
            body = new Decoded(unread, 0, null, null, null, null, null, null, []);
        }
        var error = body.ErrorJson is { } json ? ErrorBody.OfError(json) : ErrorBody.Empty;
        body = WithoutKey(body, endpoint.ApiKey);
        if (BodyFailure.KindOf(body, deadline.Cause) is not { } kind)
            return new CallOutcome.Answered(body, 200, requestId, limits);

        var failure = Failure(kind, BodyFailure.Message(kind, body, endpoint), error, endpoint) with
        {
            HttpStatus = 200,
            RequestId = requestId,
            UsageJson = body.UsageJson,
        };
        return new CallOutcome.Failed(failure, limits, body);
    }

    async Task<CallOutcome> ReadErrorAsync(HttpResponseMessage response, EndpointOptions endpoint, CancellationToken ct)
    {
        using var timer = new CancellationTokenSource(ErrorBodyTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, ct);
        var error = await ErrorBody.ReadAsync(response.Content, either.Token);

        var status = (int)response.StatusCode;
        var limits = RateHeaders.Read(response.Headers);
        var kind = StatusFailure.KindOf(status, error);
        var location = UntrustedText.Clean(response.Headers.Location?.OriginalString, endpoint.ApiKey, MaxRequestIdChars);
        var failure = Failure(kind, StatusFailure.Message(kind, status, endpoint.Name, location), error, endpoint) with
        {
            HttpStatus = status,
            RequestId = RequestId(response, endpoint),
            RetryAfter = limits.RetryAfter(response.Headers, clock.GetUtcNow(), settings.Value.Pace.LongestHold),
        };
        return new CallOutcome.Failed(failure, limits, Partial: null);
    }

    static CallFailure Failure(FailureKind kind, string message, ErrorBody error, EndpointOptions endpoint)
    {
        var said = UntrustedText.Clean(error.Message, endpoint.ApiKey, MaxMessageChars);
        return new CallFailure(
            kind,
            UntrustedText.Clean(error.Code, endpoint.ApiKey, MaxCodeChars) ?? CallFailure.CodeOf(kind),
            UntrustedText.WithoutKey(CallFailure.Quote(message, said), endpoint.ApiKey));
    }

    /// <summary>What is kept as sent may hold the key as well.</summary>
    static Decoded WithoutKey(Decoded body, string apiKey) => body with
    {
        UsageJson = body.UsageJson is { } usage ? UntrustedText.WithoutKey(usage, apiKey) : null,
        ErrorJson = body.ErrorJson is { } error ? UntrustedText.WithoutKey(error, apiKey) : null,
    };

    static string? RequestId(HttpResponseMessage response, EndpointOptions endpoint) =>
        response.Headers.NonValidated.TryGetValues("x-request-id", out var values)
            ? UntrustedText.Clean(values.ToString(), endpoint.ApiKey, MaxRequestIdChars)
            : null;

    static CallOutcome.Failed Failed(CallFailure failure) => new(failure, RateHeaders.None, Partial: null);

    public void Dispose()
    {
        foreach (var connection in connections.Values)
            connection.Dispose();
    }
}
