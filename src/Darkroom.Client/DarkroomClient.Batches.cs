using System.Net.Http.Json;

namespace Darkroom.Client;

public sealed partial class DarkroomClient
{
    /// <summary>Makes a batch of an uploaded file. Each call is one batch, however often it has to be sent.</summary>
    /// <param name="idempotencyKey">Yours, to make one batch of several calls within 24 hours; a random one if null.</param>
    public Task<Batch> CreateBatchAsync(CreateBatch batch, string? idempotencyKey = null, CancellationToken cancellationToken = default) => SubmitAsync(
        "v1/batches", () => JsonContent.Create(batch, DarkroomJson.Requests.CreateBatch), DarkroomJson.Answers.Batch, idempotencyKey, cancellationToken);

    public Task<Batch> GetBatchAsync(string id, CancellationToken cancellationToken = default) =>
        GetAsync(BatchPath(id), DarkroomJson.Answers.Batch, cancellationToken);

    /// <summary>Batches, newest first, read page by page as they are enumerated.</summary>
    public IAsyncEnumerable<Batch> ListBatchesAsync(CancellationToken cancellationToken = default) =>
        PagesAsync("v1/batches", [], DarkroomJson.Answers.ListPageBatch, cancellationToken);

    /// <summary>Calls in flight finish; no other is made.</summary>
    public Task<Batch> CancelBatchAsync(string id, CancellationToken cancellationToken = default) => ChangeBatchAsync(id, "cancel", cancellationToken);

    /// <summary>Nothing more is sent until it is resumed; calls in flight finish.</summary>
    public Task<Batch> PauseBatchAsync(string id, CancellationToken cancellationToken = default) => ChangeBatchAsync(id, "pause", cancellationToken);

    public Task<Batch> ResumeBatchAsync(string id, CancellationToken cancellationToken = default) => ChangeBatchAsync(id, "resume", cancellationToken);

    /// <summary>Makes a new batch of the lines of an ended one that did not succeed; the old one stays as it was.</summary>
    /// <param name="idempotencyKey">Yours, to make one batch of several calls within 24 hours; a random one if null.</param>
    public Task<Batch> RetryFailedAsync(string id, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        SubmitAsync($"{BatchPath(id)}/retry-failed", () => null, DarkroomJson.Answers.Batch, idempotencyKey, cancellationToken);

    /// <summary>What has become of the lines so far, in the order in which they ended. Ends where there is nothing more yet.</summary>
    /// <param name="after">The cursor of a page read before; from the beginning if null.</param>
    public IAsyncEnumerable<BatchResult> ListResultsAsync(string id, string? after = null, CancellationToken cancellationToken = default) =>
        PagesAsync($"{BatchPath(id)}/results", [], DarkroomJson.Answers.ListPageBatchResult, cancellationToken, after);

    /// <summary>One page of results, for a caller who keeps the cursor (<c>last_id</c>) between pages.</summary>
    /// <param name="after">The cursor of the page before; from the beginning if null.</param>
    /// <param name="limit">1 to 100.</param>
    public Task<ListPage<BatchResult>> ReadResultsAsync(string id, string? after, int limit = 100, CancellationToken cancellationToken = default) => GetAsync(
        $"{BatchPath(id)}/results?limit={limit}{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}",
        DarkroomJson.Answers.ListPageBatchResult, cancellationToken);

    /// <summary>Opens a ZIP of the batch's pictures, with a manifest, for reading as it arrives; dispose the stream.</summary>
    /// <param name="offset">The first byte wanted, to go on with a broken download.</param>
    public Task<Stream> OpenArchiveAsync(string id, long offset = 0, CancellationToken cancellationToken = default) =>
        OpenAsync($"{BatchPath(id)}/archive", offset, cancellationToken);

    Task<Batch> ChangeBatchAsync(string id, string verb, CancellationToken ct) =>
        PostAsync($"{BatchPath(id)}/{verb}", null, DarkroomJson.Answers.Batch, ct);

    static string BatchPath(string id) => $"v1/batches/{Uri.EscapeDataString(id)}";
}
