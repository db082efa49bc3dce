using Darkroom.Client;
using Darkroom.Worker.Access;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Api;
using Darkroom.Worker.Jobs;

namespace Darkroom.Worker.Submission;

internal static class SubmissionRoutes
{
    public static IServiceCollection AddSubmission(this IServiceCollection services) =>
        services.AddSingleton<SubmissionReader>().AddSingleton<JobIntake>();

    public static void MapSubmission(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/jobs", SubmitAsync)
        .RequireAuthorization(Scopes.Submit)
        .Describe("Jobs", "Submit a job",
            "Committed before it is answered. A null is the same as leaving the field out; unknown fields are refused by name.", 400, 409, 413, 415)
        .TakesBody<SubmitJob>("At most 512 KB of JSON.", """
            {"model":"gpt-image-1.5","prompt":"A red door in a white wall, in the rain","quality":"low","size":"1024x1536","custom_id":"door-1"}
            """)
        .TakesHeader(Idempotency.Header,
            "1 to 255 visible ASCII characters. The same key and request within 24 hours lead to the same job; another request is a 409.")
        .Produces<Job>(StatusCodes.Status202Accepted);

    static async Task<IResult> SubmitAsync(
        HttpContext http, SubmissionReader reader, JobIntake intake, JobView view, WorkSignal work, TimeProvider time, CancellationToken ct)
    {
        if (RequestBody.Refuse(http.Request) is { } unreadable)
            return unreadable;
        if (Idempotency.Read(http.Request, out var own) is { } badKey)
            return badKey;
        if (await RequestBody.ReadAsync(http.Request, ct) is not { } body)
            return RequestBody.TooLong();
        using (body)
        {
            var project = http.User.ProjectId();
            var reading = reader.Read(body.Bytes, Parameters.Job, time.GetUtcNow());
            var taken = reading.Job is { } job
                ? await intake.AcceptAsync(job, project, http.User.KeyId(), SubmissionKey.Of(http.Request, own, Idempotency.Sha256Of(job)), ct)
                // A repeat is the same submission even if its deadline has passed since.
                : reader.Read(body.Bytes, Parameters.Job, DateTimeOffset.MinValue).Job is { } late
                    ? await intake.FindAsync(project, SubmissionKey.Of(http.Request, own, Idempotency.Sha256Of(late)), ct)
                    : null;
            return taken is { } intaken ? Answer(http, intaken, view, work) : ApiError.Invalid(reading.Faults);
        }
    }

    static IResult Answer(HttpContext http, Intake intake, JobView view, WorkSignal work)
    {
        if (intake.Job is not { } row)
            return Idempotency.Reused();
        if (intake.Replayed)
            http.Response.Headers[Idempotency.ReplayedHeader] = "true";
        else
            work.Raise();
        var job = view.Of(row, http.Request);
        http.Response.Headers.Location = view.UrlOf(row, http.Request);
        return TypedResults.Json(job, DarkroomJson.Answers.Job, statusCode: StatusCodes.Status202Accepted);
    }
}
