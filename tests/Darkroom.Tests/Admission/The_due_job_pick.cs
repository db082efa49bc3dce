using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Admission;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit;

namespace Darkroom.Tests.Admission;

public sealed class The_due_job_pick
{
    static readonly DateTimeOffset Past = DateTimeOffset.UnixEpoch;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Priority_comes_first_then_projects_take_turns_then_the_older_job()
    {
        await using var database = await TestDatabase.CreateAsync();
        var rows = new Rows(database);
        await rows.SeedAsync();
        var other = Guid.CreateVersion7();
        var mine = new List<Job>();
        for (var i = 0; i < 3; i++)
            mine.Add(await rows.AddAsync(rows.NewJob(due: Past.AddSeconds(i))));
        var theirs = await rows.AddAsync(rows.NewJob(project: other, due: Past.AddSeconds(50)));
        var urgent = await rows.AddAsync(rows.NewJob(project: other, priority: 2, due: Past.AddSeconds(99)));
        await rows.AddAsync(rows.NewJob(due: DateTimeOffset.UtcNow.AddDays(1)));

        var picked = await PickAsync(rows, 10);

        Assert.Equal([urgent.Id, mine[0].Id, theirs.Id, mine[1].Id, mine[2].Id], picked.Select(p => p.Id));
    }

    [Fact]
    public async Task The_excluded_job_is_passed_over()
    {
        await using var database = await TestDatabase.CreateAsync();
        var rows = new Rows(database);
        await rows.SeedAsync();
        var first = await rows.AddAsync(rows.NewJob(due: Past));
        var second = await rows.AddAsync(rows.NewJob(due: Past.AddSeconds(1)));

        Assert.Equal([second.Id], (await PickAsync(rows, 1, first.Id)).Select(p => p.Id));
    }

    [Fact]
    public async Task A_hundred_thousand_later_jobs_in_front_cost_nothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        var rows = new Rows(database);
        await rows.SeedAsync();
        await FillAsync(database, rows.Project, 100_000);

        var plan = await ExplainAsync(database, DueJobs.Query(Rows.Endpoint, 50, Guid.Empty));

        Assert.DoesNotContain("Seq Scan on jobs", plan, StringComparison.Ordinal);
        Assert.Contains("ix_jobs_due", plan, StringComparison.Ordinal);
        Assert.InRange(RowsRead(plan), 50, 500);
    }

    static async Task<List<DueJob>> PickAsync(Rows rows, int atMost, Guid? excluded = null)
    {
        await using var db = rows.CreateDbContext();
        return await DueJobs.PickAsync(db, Rows.Endpoint, atMost, excluded, Ct);
    }

    /// <summary>One job in a thousand is due; the others are due tomorrow or of a state that is never picked.</summary>
    static async Task FillAsync(TestDatabase database, Guid project, int count)
    {
        await using var fill = database.DataSource.CreateCommand("""
            INSERT INTO darkroom.jobs (id, project_id, lane, endpoint, model, prompt, quality, n, size, metadata, priority, max_attempts,
                max_unknown_attempts, on_unknown, status, due_at, ticket, tokens_taken, attempts, counted_attempts, unknown_attempts, created_at)
            SELECT gen_random_uuid(), $1, $1, 'default', 'gpt-image-1', 'a prompt', 'low', 1, 'auto', '{}', 5, 5, 2, 'retry',
                CASE WHEN i % 3 = 0 THEN 'succeeded' ELSE 'queued' END,
                darkroom.now() + CASE WHEN i % 1000 = 1 THEN interval '-1 hour' ELSE interval '1 day' END, 0, 0, 0, 0, 0, darkroom.now()
            FROM generate_series(1, $2) AS i;
            """);
        fill.Parameters.AddWithValue(project);
        fill.Parameters.AddWithValue(count);
        await fill.ExecuteNonQueryAsync(Ct);
        await using var analyze = database.DataSource.CreateCommand("ANALYZE darkroom.jobs");
        await analyze.ExecuteNonQueryAsync(Ct);
    }

    static async Task<string> ExplainAsync(TestDatabase database, FormattableString query)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        var names = Enumerable.Range(0, query.ArgumentCount).Select(i => (object)$"@p{i}").ToArray();
        await using var explain = new NpgsqlCommand(
            "EXPLAIN (ANALYZE, TIMING OFF) " + string.Format(System.Globalization.CultureInfo.InvariantCulture, query.Format, names), connection);
        for (var i = 0; i < query.ArgumentCount; i++)
            explain.Parameters.AddWithValue($"p{i}", query.GetArgument(i)!);
        var lines = new List<string>();
        await using var reader = await explain.ExecuteReaderAsync(Ct);
        while (await reader.ReadAsync(Ct))
            lines.Add(reader.GetString(0));
        return string.Join('\n', lines);
    }

    /// <summary>Rows that index scans on jobs really touched, over all their loops.</summary>
    static int RowsRead(string plan) => System.Text.RegularExpressions.Regex
        .Matches(plan, @"Scan using ix_jobs_due.*?actual rows=(\d+) loops=(\d+)")
        .Sum(m => int.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)
            * int.Parse(m.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture));
}
