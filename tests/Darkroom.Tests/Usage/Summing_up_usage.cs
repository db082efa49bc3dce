using System.Net;
using System.Text.Json;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Api;
using Darkroom.Worker.Api;
using Xunit;

namespace Darkroom.Tests.Usage;

/// <summary>Every test has a project of its own in one database.</summary>
public sealed class Summing_up_usage(ApiHost host) : IClassFixture<ApiHost>
{
    static readonly DateOnly First = new(2026, 1, 30);
    static readonly Guid Batch = new("01990000-0000-7000-8000-0000000000b1");

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_folded_and_what_is_not_count_together_once()
    {
        var (client, project) = await ProjectAsync();
        await AddAsync([Total(project, First, images: 10, cost: 1.5m)], [Delta(project, First, images: 2, cost: 0.25m), Delta(project, First.AddDays(1), images: 1, cost: 0.1m)]);

        var page = await client.GetJsonAsync("/v1/usage");

        var line = Assert.Single(page.GetProperty("data").EnumerateArray());
        Assert.Equal((13, 13, 26), (Long(line, "images"), Long(line, "attempts"), Long(line, "total_tokens")));
        Assert.Equal("""{"currency":"USD","amount":1.85,"possible":0,"wasted":0}""", line.GetProperty("cost").GetRawText());
        Assert.Equal(JsonValueKind.Null, line.GetProperty("model").ValueKind);
    }

    [Fact]
    public async Task A_project_without_usage_has_one_line_of_nothing_and_no_line_in_any_group()
    {
        var (client, _) = await ProjectAsync();

        var all = await client.GetJsonAsync("/v1/usage");
        var days = await client.GetJsonAsync("/v1/usage?group_by=day");

        Assert.Equal("""{"currency":"USD","amount":0,"possible":0,"wasted":0}""", all.GetProperty("data")[0].GetProperty("cost").GetRawText());
        Assert.Equal(0, days.GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task It_groups_by_anything_it_knows_in_the_order_asked_for()
    {
        var (client, project) = await ProjectAsync();
        await AddAsync(
            [Total(project, First, "a", 1), Total(project, First, "b", 2), Total(project, First.AddDays(1), "a", 4, batch: Batch)],
            [Delta(project, First.AddDays(1), "a", 8)]);

        Assert.Equal(["a 13", "b 2"], await LinesAsync(client, "group_by=model", l => $"{Text(l, "model")} {Long(l, "images")}"));
        Assert.Equal(
            ["2026-01-30 a 1", "2026-01-30 b 2", "2026-01-31 a 12"],
            await LinesAsync(client, "group_by=day,model", l => $"{Text(l, "day")} {Text(l, "model")} {Long(l, "images")}"));
        Assert.Equal(
            ["a 2026-01-30", "a 2026-01-31", "b 2026-01-30"],
            await LinesAsync(client, "group_by=model&group_by=day", l => $"{Text(l, "model")} {Text(l, "day")}"));
        Assert.Equal([" 11", $"{WireId.Batch.Format(Batch)} 4"], await LinesAsync(client, "group_by=batch", l => $"{Text(l, "batch")} {Long(l, "images")}"));
        Assert.Equal(
            [$"{WireId.Project.Format(project)} default low 1024x1024"],
            await LinesAsync(client, "group_by=project,endpoint,quality,size", l => $"{Text(l, "project")} {Text(l, "endpoint")} {Text(l, "quality")} {Text(l, "size")}"));
    }

    [Fact]
    public async Task Pages_hold_every_line_once()
    {
        var (client, project) = await ProjectAsync();
        await AddAsync(
            [.. Enumerable.Range(0, 15).Select(i => Total(project, First.AddDays(i / 3), $"model-{i % 3}", 1))],
            [.. Enumerable.Range(0, 15).Select(i => Delta(project, First.AddDays(i / 3), $"model-{i % 3}", 1))]);
        var seen = new List<string>();
        var query = "/v1/usage?group_by=day,model&limit=4";
        for (var page = await client.GetJsonAsync(query); ; page = await client.GetJsonAsync($"{query}&after={page.GetProperty("last_id").GetString()}"))
        {
            seen.AddRange(page.GetProperty("data").EnumerateArray().Select(l => $"{Text(l, "day")} {Text(l, "model")} {Long(l, "images")}"));
            if (!page.GetProperty("has_more").GetBoolean())
                break;
        }

        Assert.Equal(15, seen.Distinct().Count());
        Assert.Equal(seen.Order(), seen);
        Assert.All(seen, line => Assert.EndsWith(" 2", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("start=2026-01-31", 6)]
    [InlineData("start=2026-01-31&end=2026-02-01", 2)]
    [InlineData("end=2026-01-31", 1)]
    [InlineData("start=2026-01-31T00:00:00Z&end=2026-02-01T01:00:00+01:00", 2)]
    [InlineData("start=1769817600", 6)]
    public async Task Start_is_the_first_day_and_end_the_first_that_is_not_counted(string span, int images)
    {
        var (client, project) = await ProjectAsync();
        await AddAsync([Total(project, First, images: 1), Total(project, First.AddDays(1), images: 2), Total(project, First.AddDays(2), images: 4)], []);

        Assert.Equal([images.ToString()], await LinesAsync(client, span, l => Long(l, "images").ToString()));
    }

    [Fact]
    public async Task A_price_that_is_not_known_is_null_and_never_0()
    {
        var (client, project) = await ProjectAsync();
        await AddAsync(
            [
                Total(project, First, "priced", 1, cost: 0.5m, wasted: 0.2m, possible: 0.1m, unknown: 1), Total(project, First, "unpriced", 1, unpriced: 1, unknown: 1),
                Total(project, First, "free of charge", 1),
            ],
            []);

        var costs = await LinesAsync(client, "group_by=model", l => $"{Text(l, "model")} {l.GetProperty("cost").GetRawText()} {Long(l, "unpriced")}");
        var sum = await LinesAsync(client, "", l => $"{l.GetProperty("cost").GetRawText()} {Long(l, "unpriced")}");

        Assert.Equal(
            [
                """free of charge {"currency":"USD","amount":0,"possible":0,"wasted":0} 0""",
                """priced {"currency":"USD","amount":0.5,"possible":0.1,"wasted":0.2} 0""",
                """unpriced {"currency":"USD","amount":null,"possible":null,"wasted":null} 1""",
            ],
            costs);
        Assert.Equal(["""{"currency":"USD","amount":0.5,"possible":0.1,"wasted":0.2} 1"""], sum);
    }

    [Fact]
    public async Task Other_projects_are_not_counted()
    {
        var (_, theirs) = await ProjectAsync();
        await AddAsync([Total(theirs, First, images: 1)], [Delta(theirs, First, images: 1)]);
        var (client, _) = await ProjectAsync();

        Assert.Equal(["0"], await LinesAsync(client, "", l => Long(l, "images").ToString()));
    }

    [Theory]
    [InlineData("group_by=colour", "group_by")]
    [InlineData("group_by=", "group_by")]
    [InlineData("group_by=day,colour", "group_by")]
    [InlineData("group_by=day%3BDROP", "group_by")]
    [InlineData("start=2026-02-30", "start")]
    [InlineData("start=2026-01-31T12:00:00Z", "start")]
    [InlineData("end=soon", "end")]
    [InlineData("start=2026-01-31&end=2026-01-31", "end")]
    [InlineData("after=x", "after")]
    [InlineData("group_by=day&after=usage_eA", "after")]
    [InlineData("group_by=day&after=usage_!", "after")]
    [InlineData("group_by=day&after=usage_", "after")]
    [InlineData("limit=0", "limit")]
    [InlineData("group=day", "group")]
    public async Task A_wrong_parameter_is_named(string query, string param)
    {
        using var answer = await host.Admin.GetAsync(new Uri($"/v1/usage?{query}", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(param, (await answer.JsonAsync()).GetProperty("error").GetProperty("param").GetString());
    }

    async Task<(HttpClient Client, Guid Project)> ProjectAsync()
    {
        var (key, _, project) = await host.AddKeyAsync();
        return (host.ClientWith(key), project);
    }

    async Task AddAsync(UsageTotal[] totals, UsageDelta[] deltas)
    {
        await using var db = await host.DbAsync();
        db.UsageTotals.AddRange(totals);
        db.UsageDeltas.AddRange(deltas);
        await db.SaveChangesAsync(Cancel);
    }

    static UsageTotal Total(
        Guid project, DateOnly day, string model = "m", long images = 0, decimal cost = 0, decimal wasted = 0, decimal possible = 0, long unknown = 0,
        long unpriced = 0, Guid batch = default) => new()
        {
            Day = day,
            ProjectId = project,
            BatchId = batch,
            Endpoint = "default",
            Model = model,
            Quality = "low",
            Size = "1024x1024",
            Attempts = images,
            Images = images,
            InputTokens = images,
            OutputTokens = images,
            TotalTokens = 2 * images,
            Cost = cost,
            WastedCost = wasted,
            PossibleCost = possible,
            UnknownAttempts = unknown,
            Unpriced = unpriced,
        };

    static UsageDelta Delta(Guid project, DateOnly day, string model = "m", long images = 0, decimal cost = 0) => new()
    {
        Day = day,
        ProjectId = project,
        Endpoint = "default",
        Model = model,
        Quality = "low",
        Size = "1024x1024",
        Attempts = images,
        Images = images,
        InputTokens = images,
        OutputTokens = images,
        TotalTokens = 2 * images,
        Cost = cost,
    };

    static async Task<List<string>> LinesAsync(HttpClient client, string query, Func<JsonElement, string> show) =>
        [.. (await client.GetJsonAsync($"/v1/usage?{query}")).GetProperty("data").EnumerateArray().Select(show)];

    static long Long(JsonElement line, string name) => line.GetProperty(name).GetInt64();

    static string? Text(JsonElement line, string name) => line.GetProperty(name).GetString();
}
