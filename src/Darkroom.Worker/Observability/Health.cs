using Darkroom.Worker.Database;
using Darkroom.Worker.Execution;
using Npgsql;

namespace Darkroom.Worker.Observability;

/// <summary>Live: the process answers. Ready: the database does too, and a worker node takes work; if not, why not.</summary>
internal static class Health
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", () => TypedResults.Json(new HealthAnswer("live", [])))
            .AllowAnonymous().WithTags("Health").WithSummary("Whether the process runs");
        routes.MapGet("/health/ready", ReadyAsync)
            .AllowAnonymous().WithTags("Health").WithSummary("Whether it can take and run jobs; 503 with the reasons if not");
    }

    static async Task<IResult> ReadyAsync(NpgsqlDataSource postgres, NodeCondition condition, CancellationToken ct)
    {
        var reasons = new List<string>();
        if (condition.Reason is { } objection)
            reasons.Add(objection);
        if (await DatabaseObjectionAsync(postgres, ct) is { } outage)
            reasons.Add(outage);
        return reasons.Count == 0
            ? TypedResults.Json(new HealthAnswer("ready", reasons))
            : TypedResults.Json(new HealthAnswer("not_ready", reasons), statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    static async Task<string?> DatabaseObjectionAsync(NpgsqlDataSource postgres, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            await using var ask = postgres.CreateCommand("SELECT 1 FROM darkroom.leases LIMIT 1");
            await ask.ExecuteScalarAsync(patience.Token);
            return null;
        }
        catch (Exception e) when (DatabaseOutage.Explains(e) || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return "the database cannot be reached";
        }
    }

    sealed record HealthAnswer(string Status, IReadOnlyList<string> Reasons);
}
