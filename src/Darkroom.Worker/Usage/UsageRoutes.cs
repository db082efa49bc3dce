using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Usage;

internal static class UsageRoutes
{
    public static void MapUsage(this IEndpointRouteBuilder routes) => routes.MapGet("/v1/usage", GetAsync).RequireAuthorization(Scopes.Read)
        .Describe("Usage", "Sum up usage", "Pictures, tokens and money by UTC day, of this project. Without group_by, one line sums it all.")
        .TakesPage()
        .TakesQuery("group_by", "One or more of day, project, batch, endpoint, model, quality and size, separated by commas.")
        .TakesQuery("start", "First day, such as 2026-01-31; the first ever if not given.")
        .TakesQuery("end", "The day after the last; none if not given.")
        .Produces<ListPage<UsageLine>>();

    static async Task<IResult> GetAsync(HttpContext http, IDbContextFactory<DarkroomDb> databases, CancellationToken ct)
    {
        var reader = new QueryReader(http.Request.Query);
        var query = UsageQuery.From(reader);
        if (reader.Refusal() is { } refusal)
            return refusal;
        await using var db = await databases.CreateDbContextAsync(ct);
        var lines = await UsageReport.ReadAsync(db, http.User.ProjectId(), query, ct);
        return TypedResults.Json(Page.Of(lines, query.Limit, line => line, line => line.Id), DarkroomJson.Answers.ListPageUsageLine);
    }
}
