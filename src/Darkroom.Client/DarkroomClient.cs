using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Darkroom.Client;

/// <summary>
/// Darkroom's API, typed. Every method throws <see cref="DarkroomException"/> for a refusal and <see cref="HttpRequestException"/> where
/// Darkroom cannot be reached. Safe for concurrent use.
/// </summary>
public sealed class DarkroomClient : IDisposable
{
    readonly HttpClient http;

    /// <param name="address">Where Darkroom is, for example <c>https://darkroom.example.com</c>.</param>
    /// <param name="apiKey">Sent as <c>Authorization: Bearer</c>.</param>
    public DarkroomClient(Uri address, string apiKey) : this(new HttpClient { BaseAddress = address }) =>
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);

    /// <param name="http">With base address and authorization; disposed with this client.</param>
    public DarkroomClient(HttpClient http) => this.http = http;

    /// <summary>
    /// Submits a job. Each call is one submission: it carries an idempotency key, so that it may be sent again after a lost answer or a 503
    /// without a second job, and this method does so, up to four times in all.
    /// </summary>
    /// <param name="idempotencyKey">Yours, to make one submission of several calls within 24 hours; a random one if null.</param>
    public async Task<Job> SubmitAsync(SubmitJob job, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        const int Tries = 4;
        var key = idempotencyKey ?? Guid.NewGuid().ToString("n");
        for (var left = Tries - 1; ; left--)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "v1/jobs") { Content = JsonContent.Create(job, DarkroomJson.Requests.SubmitJob) };
            request.Headers.Add("Idempotency-Key", key);
            try
            {
                return await SendAsync(request, DarkroomJson.Answers.Job, cancellationToken);
            }
            catch (Exception e) when (left > 0 && e is HttpRequestException or DarkroomException { Status: System.Net.HttpStatusCode.ServiceUnavailable })
            {
                await Task.Delay(TimeSpan.FromSeconds(Tries - left), cancellationToken);
            }
        }
    }

    public Task<Job> GetJobAsync(string id, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Get, JobPath(id), DarkroomJson.Answers.Job, cancellationToken);

    /// <summary>Jobs, newest first, read page by page as they are enumerated.</summary>
    /// <param name="filters">As the API's query has them, for example <c>("status", "failed,held")</c>.</param>
    public IAsyncEnumerable<Job> ListJobsAsync(IEnumerable<(string Name, string Value)>? filters = null, CancellationToken cancellationToken = default) =>
        PagesAsync("v1/jobs", filters ?? [], DarkroomJson.Answers.ListPageJob, cancellationToken);

    /// <summary>The ledger of one job, first attempt first.</summary>
    public IAsyncEnumerable<Attempt> ListAttemptsAsync(string jobId, CancellationToken cancellationToken = default) =>
        PagesAsync($"{JobPath(jobId)}/attempts", [], DarkroomJson.Answers.ListPageAttempt, cancellationToken);

    /// <summary>Opens a picture for reading as it arrives; dispose the stream.</summary>
    /// <param name="index">From 0.</param>
    public async Task<Stream> OpenImageAsync(string jobId, int index, CancellationToken cancellationToken = default)
    {
        var response = await http.GetAsync(
            new Uri($"{JobPath(jobId)}/images/{index}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode)
            return await response.Content.ReadAsStreamAsync(cancellationToken);
        using (response)
            throw await FailureAsync(response, cancellationToken);
    }

    public Task<Job> CancelJobAsync(string id, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, $"{JobPath(id)}/cancel", DarkroomJson.Answers.Job, cancellationToken);

    /// <summary>Puts a failed or held job back in the queue with its counters at zero.</summary>
    public Task<Job> RetryJobAsync(string id, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, $"{JobPath(id)}/retry", DarkroomJson.Answers.Job, cancellationToken);

    /// <param name="groupBy">Of <c>day</c>, <c>project</c>, <c>batch</c>, <c>endpoint</c>, <c>model</c>, <c>quality</c> and <c>size</c>; one line in all if empty.</param>
    /// <param name="start">First day, UTC.</param>
    /// <param name="end">The day after the last, UTC.</param>
    public IAsyncEnumerable<UsageLine> UsageAsync(
        IReadOnlyCollection<string> groupBy, DateOnly? start, DateOnly? end, CancellationToken cancellationToken = default)
    {
        List<(string, string)> filters = groupBy.Count > 0 ? [("group_by", string.Join(',', groupBy))] : [];
        if (start is { } first)
            filters.Add(("start", first.ToString("O")));
        if (end is { } afterLast)
            filters.Add(("end", afterLast.ToString("O")));
        return PagesAsync("v1/usage", filters, DarkroomJson.Answers.ListPageUsageLine, cancellationToken);
    }

    /// <inheritdoc cref="UsageAsync(IReadOnlyCollection{string}, DateOnly?, DateOnly?, CancellationToken)"/>
    public IAsyncEnumerable<UsageLine> UsageAsync(IReadOnlyCollection<string> groupBy, CancellationToken cancellationToken = default) =>
        UsageAsync(groupBy, null, null, cancellationToken);

    public async Task<IReadOnlyList<EndpointStatus>> ListEndpointsAsync(CancellationToken cancellationToken = default) =>
        (await SendAsync(HttpMethod.Get, "v1/endpoints", DarkroomJson.Answers.ListPageEndpointStatus, cancellationToken)).Data;

    /// <summary>Stops sending jobs to an endpoint until it is resumed; calls in flight finish. Takes an admin key.</summary>
    public async Task<EndpointStatus> PauseEndpointAsync(string name, string? reason = null, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"v1/endpoints/{Uri.EscapeDataString(name)}/pause")
        {
            Content = JsonContent.Create(new PauseEndpoint { Reason = reason }, DarkroomJson.Requests.PauseEndpoint),
        };
        return await SendAsync(request, DarkroomJson.Answers.EndpointStatus, cancellationToken);
    }

    /// <summary>Sends jobs to an endpoint again at once, whatever stopped it. Takes an admin key.</summary>
    public Task<EndpointStatus> ResumeEndpointAsync(string name, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Post, $"v1/endpoints/{Uri.EscapeDataString(name)}/resume", DarkroomJson.Answers.EndpointStatus, cancellationToken);

    /// <summary>Registers a receiver of webhooks; the answer alone shows its secret.</summary>
    public async Task<WebhookEndpoint> RegisterWebhookAsync(RegisterWebhook receiver, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/webhook_endpoints")
        {
            Content = JsonContent.Create(receiver, DarkroomJson.Requests.RegisterWebhook),
        };
        return await SendAsync(request, DarkroomJson.Answers.WebhookEndpoint, cancellationToken);
    }

    public void Dispose() => http.Dispose();

    static string JobPath(string id) => $"v1/jobs/{Uri.EscapeDataString(id)}";

    async IAsyncEnumerable<T> PagesAsync<T>(
        string path, IEnumerable<(string Name, string Value)> filters, JsonTypeInfo<ListPage<T>> type, [EnumeratorCancellation] CancellationToken ct)
    {
        const int LargestPage = 100;
        var query = string.Concat(filters.Select(f => $"&{f.Name}={Uri.EscapeDataString(f.Value)}"));
        for (string? after = null; ;)
        {
            var cursor = after is null ? "" : $"&after={Uri.EscapeDataString(after)}";
            var page = await SendAsync(HttpMethod.Get, $"{path}?limit={LargestPage}{query}{cursor}", type, ct);
            foreach (var item in page.Data)
                yield return item;
            if (!page.HasMore)
                yield break;
            after = page.LastId;
        }
    }

    async Task<T> SendAsync<T>(HttpMethod method, string path, JsonTypeInfo<T> type, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, path);
        return await SendAsync(request, type, ct);
    }

    async Task<T> SendAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type, CancellationToken ct)
    {
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (!response.IsSuccessStatusCode)
            throw await FailureAsync(response, ct);
        return (await response.Content.ReadFromJsonAsync(type, ct))!;
    }

    static async Task<DarkroomException> FailureAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var status = $"{(int)response.StatusCode} {response.ReasonPhrase}";
        try
        {
            if (response.Content.Headers.ContentType?.MediaType == "application/json"
                && await response.Content.ReadFromJsonAsync(DarkroomJson.Answers.ErrorBody, ct) is { Error: { } error })
                return new(response.StatusCode, error);
        }
        catch (JsonException)
        {
            // Not Darkroom's answer, but a proxy's.
        }
        return new(response.StatusCode, new ErrorDetail("server_error", null, $"{response.RequestMessage?.RequestUri} answered {status}.", null));
    }
}
