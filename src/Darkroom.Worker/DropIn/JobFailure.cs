using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;
using Darkroom.Worker.Endpoint;

namespace Darkroom.Worker.DropIn;

/// <summary>
/// What a caller is told of a job without a result; the table is in <c>docs/dropin.md</c>. Whatever is said here is final: nothing is bought by
/// asking again, so that no status is among them that a client takes for passing, save one the endpoint itself gave.
/// </summary>
internal static class JobFailure
{
    public const int FailedDependency = StatusCodes.Status424FailedDependency;

    const string Dependency = "dependency_error";

    /// <param name="job">Failed, cancelled or held.</param>
    public static ApiError Of(Job job, string id) => job switch
    {
        { Status: JobStatus.Canceled } => Error("job_canceled", $"Job {id} was cancelled."),
        { Status: JobStatus.Held } => Error(
            "job_held", $"Job {id} is held for a person to decide, because it may have been billed already. {job.ErrorMessage}"),
        _ => RefusalOf(job) ?? Error(job.ErrorCode ?? "job_failed", job.ErrorMessage ?? $"Job {id} failed."),
    };

    /// <summary>The endpoint's own answer, where that is what ended the job; null otherwise.</summary>
    public static ApiError? RefusalOf(Job job) =>
        job is { Status: JobStatus.Failed, ErrorStage: "status", ErrorHttpStatus: >= 400 and < 500 and var status }
            ? new(
                status,
                job.ErrorCode == "moderation_blocked" ? "image_generation_user_error" : "invalid_request_error",
                job.ErrorCode,
                CallFailure.Quoted(job.ErrorMessage ?? ""))
            : null;

    public static ApiError EndpointPaused(string id, string? reason) => Error(
        "endpoint_paused",
        $"The endpoint is paused: {reason} Job {id} is kept and runs when it is resumed; GET /v1/jobs/{id} shows it, POST /v1/jobs/{id}/cancel gives it up.");

    public static ApiError TimeIsUp(string id) => Error(
        "still_running",
        $"Job {id} is not done yet and goes on. GET /v1/jobs/{id} shows it; the same call with its Idempotency-Key waits for it again.");

    public static ApiError StoreAway(string id) => Error(
        "store_unavailable", $"Job {id} has succeeded, but its pictures' store does not answer now. GET /v1/jobs/{id} links to them.");

    public static ApiError PicturesGone(string id) => new(
        StatusCodes.Status410Gone, "not_found_error", "gone", $"The pictures of job {id} are no longer kept.");

    /// <summary>Another node, or this one when it is back, answers the same call: official clients repeat it by themselves.</summary>
    public static ApiError NodeStopping(string id) => new(
        StatusCodes.Status503ServiceUnavailable, "server_error", "node_stopping",
        $"This node is stopping; job {id} goes on. Ask again: nothing is bought twice.")
    {
        RetryAfter = TimeSpan.FromSeconds(1),
    };

    static ApiError Error(string code, string message) => new(FailedDependency, Dependency, code, message);
}
