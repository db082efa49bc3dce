using System.Net.Http.Json;

namespace Darkroom.Client;

public sealed partial class DarkroomClient
{
    /// <summary>Submits a job. Each call is one submission, however often it has to be sent.</summary>
    /// <param name="idempotencyKey">Yours, to make one submission of several calls within 24 hours; a random one if null.</param>
    public Task<Job> SubmitAsync(SubmitJob job, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        SubmitAsync("v1/jobs", () => JsonContent.Create(job, DarkroomJson.Requests.SubmitJob), DarkroomJson.Answers.Job, idempotencyKey, cancellationToken);

    public Task<Job> GetJobAsync(string id, CancellationToken cancellationToken = default) =>
        GetAsync(JobPath(id), DarkroomJson.Answers.Job, cancellationToken);

    /// <summary>Jobs, newest first, read page by page as they are enumerated.</summary>
    /// <param name="filters">As the API's query has them, for example <c>("status", "failed,held")</c>.</param>
    public IAsyncEnumerable<Job> ListJobsAsync(IEnumerable<(string Name, string Value)>? filters = null, CancellationToken cancellationToken = default) =>
        PagesAsync("v1/jobs", filters ?? [], DarkroomJson.Answers.ListPageJob, cancellationToken);

    /// <summary>The ledger of one job, first attempt first.</summary>
    public IAsyncEnumerable<Attempt> ListAttemptsAsync(string jobId, CancellationToken cancellationToken = default) =>
        PagesAsync($"{JobPath(jobId)}/attempts", [], DarkroomJson.Answers.ListPageAttempt, cancellationToken);

    /// <summary>Opens a picture for reading as it arrives; dispose the stream.</summary>
    /// <param name="index">From 0.</param>
    /// <param name="offset">The first byte wanted, to go on with a broken download; below the picture's length.</param>
    public Task<Stream> OpenImageAsync(string jobId, int index, long offset, CancellationToken cancellationToken = default) =>
        OpenAsync($"{JobPath(jobId)}/images/{index}", offset, cancellationToken);

    /// <inheritdoc cref="OpenImageAsync(string, int, long, CancellationToken)"/>
    public Task<Stream> OpenImageAsync(string jobId, int index, CancellationToken cancellationToken = default) =>
        OpenImageAsync(jobId, index, 0, cancellationToken);

    public Task<Job> CancelJobAsync(string id, CancellationToken cancellationToken = default) =>
        PostAsync($"{JobPath(id)}/cancel", null, DarkroomJson.Answers.Job, cancellationToken);

    /// <summary>Puts a failed or held job back in the queue with its counters at zero.</summary>
    public Task<Job> RetryJobAsync(string id, CancellationToken cancellationToken = default) =>
        PostAsync($"{JobPath(id)}/retry", null, DarkroomJson.Answers.Job, cancellationToken);

    static string JobPath(string id) => $"v1/jobs/{Uri.EscapeDataString(id)}";
}
