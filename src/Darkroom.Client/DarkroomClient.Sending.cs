using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Darkroom.Client;

/// <summary>How requests are sent, repeated and read.</summary>
public sealed partial class DarkroomClient
{
    const int Tries = 4, LargestPage = 100;

    static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(100), LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Pictures and files come from a disk or a store that answers in seconds: after a minute without a byte nobody sends.</summary>
    static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(60);

    /// <summary>One key over all tries: what a lost answer told of is not bought again.</summary>
    Task<T> SubmitAsync<T>(string path, Func<HttpContent?> content, JsonTypeInfo<T> type, string? idempotencyKey, CancellationToken cancellationToken)
    {
        var key = idempotencyKey ?? Guid.NewGuid().ToString("n");
        return RepeatAsync(Tries, async ct =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content() };
            request.Headers.Add("Idempotency-Key", key);
            return await SendAsync(request, type, AnswerTime, ct);
        }, cancellationToken);
    }

    async IAsyncEnumerable<T> PagesAsync<T>(string path, IEnumerable<(string Name, string Value)> filters, JsonTypeInfo<ListPage<T>> type,
        [EnumeratorCancellation] CancellationToken ct, string? after = null)
    {
        var query = string.Concat(filters.Select(f => $"&{f.Name}={Uri.EscapeDataString(f.Value)}"));
        while (true)
        {
            var cursor = after is null ? "" : $"&after={Uri.EscapeDataString(after)}";
            var page = await GetAsync($"{path}?limit={LargestPage}{query}{cursor}", type, ct);
            foreach (var item in page.Data)
                yield return item;
            if (!page.HasMore)
                yield break;
            after = page.LastId;
        }
    }

    /// <summary>Reads are repeated while Darkroom asks to wait; where it cannot be reached the caller learns so at once.</summary>
    Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) => RepeatAsync(Tries, async ct =>
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await SendAsync(request, type, AnswerTime, ct);
    }, cancellationToken, IsBusy);

    async Task<T> PostAsync<T>(string path, HttpContent? content, JsonTypeInfo<T> type, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        return await SendAsync(request, type, AnswerTime, ct);
    }

    Task<T> SendAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type, TimeSpan patience, CancellationToken cancellationToken) =>
        AnswerAsync(request, patience, async (response, ct) =>
        {
            using (response)
                return (await response.Content.ReadFromJsonAsync(type, ct))!;
        }, cancellationToken);

    async Task<Stream> OpenAsync(string path, long offset, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (offset > 0)
            request.Headers.Range = new RangeHeaderValue(offset, null);
        return await AnswerAsync(request, LongestSilence, async (response, _) =>
        {
            var stream = new ArrivingStream(await response.Content.ReadAsStreamAsync(ct), LongestSilence, clock);
            if (offset > 0 && response.StatusCode != HttpStatusCode.PartialContent)
                await SkipAsync(stream, offset, ct);
            return stream;
        }, ct);
    }

    /// <summary>One try. An answer that is late, breaks off or is not Darkroom's is an <see cref="HttpRequestException"/>, like one that never came.</summary>
    /// <param name="read">What is wanted of a success; the answer is its own to dispose unless it throws. Its token knows <paramref name="patience"/>.</param>
    async Task<T> AnswerAsync<T>(
        HttpRequestMessage request, TimeSpan patience, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken ct)
    {
        using var timer = new CancellationTokenSource(patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, ct);
        HttpResponseMessage? response = null;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (!response.IsSuccessStatusCode)
                throw await FailureAsync(response, either.Token);
            return await read(response, either.Token);
        }
        catch (Exception e)
        {
            response?.Dispose();
            if (e is OperationCanceledException && !ct.IsCancellationRequested)
                throw new HttpRequestException(HttpRequestError.Unknown, $"{request.RequestUri} did not answer in time.", e);
            if (e is IOException)
                throw new HttpRequestException(HttpRequestError.ResponseEnded, $"The answer of {request.RequestUri} broke off: {e.Message}", e);
            if (e is JsonException)
                throw new HttpRequestException(HttpRequestError.InvalidResponse, $"{request.RequestUri} did not answer as Darkroom does.", e);
            throw;
        }
    }

    /// <summary>For a server in between that knows no ranges.</summary>
    static async Task SkipAsync(Stream stream, long length, CancellationToken ct)
    {
        var buffer = new byte[64 * 1024];
        while (length > 0)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length)), ct);
            if (read == 0)
                throw new HttpIOException(HttpRequestError.ResponseEnded, "The answer is shorter than what was there before.");
            length -= read;
        }
    }

    async Task<T> RepeatAsync<T>(int tries, Func<CancellationToken, Task<T>> send, CancellationToken ct, Func<Exception, bool>? mayRepeat = null)
    {
        for (var done = 1; ; done++)
        {
            try
            {
                return await send(ct);
            }
            catch (Exception e) when (done < tries && (mayRepeat ?? MayHelp)(e))
            {
                var wait = (e as DarkroomException)?.RetryAfter ?? TimeSpan.FromSeconds(done);
                await Task.Delay(wait < LongestWait ? wait : LongestWait, clock, ct);
            }
        }
    }

    static bool MayHelp(Exception e) => e is HttpRequestException || IsBusy(e);

    static bool IsBusy(Exception e) => e is DarkroomException
    {
        Status: HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout,
    };

    static async Task<DarkroomException> FailureAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var after = response.Headers.RetryAfter?.Delta;
        try
        {
            if (response.Content.Headers.ContentType?.MediaType == "application/json"
                && await response.Content.ReadFromJsonAsync(DarkroomJson.Answers.ErrorBody, ct) is { Error: { } error })
                return new(response.StatusCode, error, after);
        }
        catch (JsonException)
        {
            // Not Darkroom's answer, but a proxy's.
        }
        var status = $"{(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd();
        return new(response.StatusCode, new ErrorDetail("server_error", null, $"{response.RequestMessage?.RequestUri} answered {status}.", null), after);
    }
}
