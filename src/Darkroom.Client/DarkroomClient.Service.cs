using System.Net.Http.Json;

namespace Darkroom.Client;

/// <summary>What is not about one piece of work: usage, models, endpoints, receivers of webhooks.</summary>
public sealed partial class DarkroomClient
{
    /// <summary>Pictures, tokens and money, a line for each group.</summary>
    /// <param name="groupBy">Of <c>day</c>, <c>project</c>, <c>batch</c>, <c>endpoint</c>, <c>model</c>, <c>quality</c>, <c>size</c>; one line if empty.</param>
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

    /// <summary>The configured models.</summary>
    public async Task<IReadOnlyList<Model>> ListModelsAsync(CancellationToken cancellationToken = default) =>
        (await GetAsync("v1/models", DarkroomJson.Answers.ListPageModel, cancellationToken)).Data;

    public async Task<IReadOnlyList<EndpointStatus>> ListEndpointsAsync(CancellationToken cancellationToken = default) =>
        (await GetAsync("v1/endpoints", DarkroomJson.Answers.ListPageEndpointStatus, cancellationToken)).Data;

    /// <summary>Stops sending jobs to an endpoint until it is resumed; calls in flight finish. Takes an admin key.</summary>
    public Task<EndpointStatus> PauseEndpointAsync(string name, string? reason = null, CancellationToken cancellationToken = default) => PostAsync(
        $"{EndpointPath(name)}/pause", JsonContent.Create(new PauseEndpoint { Reason = reason }, DarkroomJson.Requests.PauseEndpoint),
        DarkroomJson.Answers.EndpointStatus, cancellationToken);

    /// <summary>Sends jobs to an endpoint again at once, whatever stopped it. Takes an admin key.</summary>
    public Task<EndpointStatus> ResumeEndpointAsync(string name, CancellationToken cancellationToken = default) =>
        PostAsync($"{EndpointPath(name)}/resume", null, DarkroomJson.Answers.EndpointStatus, cancellationToken);

    /// <summary>Registers a receiver of webhooks; the answer alone shows its secret.</summary>
    public Task<WebhookEndpoint> RegisterWebhookAsync(RegisterWebhook receiver, CancellationToken cancellationToken = default) => PostAsync(
        "v1/webhook_endpoints", JsonContent.Create(receiver, DarkroomJson.Requests.RegisterWebhook), DarkroomJson.Answers.WebhookEndpoint, cancellationToken);

    static string EndpointPath(string name) => $"v1/endpoints/{Uri.EscapeDataString(name)}";
}
