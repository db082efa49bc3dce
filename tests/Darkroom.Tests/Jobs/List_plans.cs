using System.Data.Common;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Jobs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;
using Xunit;

namespace Darkroom.Tests.Jobs;

/// <summary>What Postgres does for the list calls, asked with their own statements on a large table.</summary>
public sealed class List_plans(LargeTable table) : IClassFixture<LargeTable>
{
    static readonly JobFilter Everything = new(null, null, null, null, null, null, 20);

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task The_newest_come_from_the_projects_index() => ReadsOnlyAsync(Everything, "ix_jobs_project");

    [Fact]
    public async Task A_later_page_begins_in_the_middle_of_the_index()
    {
        await using var db = new Rows(table.Database).CreateDbContext();
        var middle = await db.Jobs.Where(j => j.CustomId == "line 75000").Select(j => j.Id).SingleAsync(Cancel);

        await ReadsOnlyAsync(Everything with { After = middle }, "ix_jobs_project");
    }

    [Fact]
    public Task A_rare_status_is_not_searched_for_among_all_jobs() => ReadsOnlyAsync(Everything with { Statuses = [JobStatus.Held] }, "ix_jobs_status");

    [Fact]
    public async Task Several_statuses_are_ranges_of_one_index_each_read_no_further_than_a_page()
    {
        var plan = await ReadsOnlyAsync(Everything with { Statuses = [JobStatus.Held, JobStatus.Failed, JobStatus.Queued] }, "ix_jobs_status");

        Assert.Equal(3, plan.Split(" ix_jobs_status ").Length - 1);
        Assert.DoesNotContain("rows=150 ", plan, StringComparison.Ordinal);
    }

    [Fact]
    public Task A_batch_has_its_index() => ReadsOnlyAsync(Everything with { BatchId = LargeTable.Batch }, "ix_jobs_batch");

    [Fact]
    public Task A_custom_id_has_its_index() => ReadsOnlyAsync(Everything with { CustomId = "line 77" }, "ix_jobs_custom_id");

    [Fact]
    public Task A_span_of_time_is_a_range_of_the_projects_index() => ReadsOnlyAsync(
        Everything with { CreatedAfter = DateTimeOffset.Parse("2026-01-01T10:00:00Z", null), CreatedBefore = DateTimeOffset.Parse("2026-01-01T10:10:00Z", null) },
        "ix_jobs_project");

    async Task<string> ReadsOnlyAsync(JobFilter filter, string index)
    {
        var plans = new Plans(table.Database);
        var options = new DbContextOptionsBuilder<DarkroomDb>().AddInterceptors(plans);
        options.UseDarkroom(table.Database.DataSource);
        await using var db = new DarkroomDb((DbContextOptions<DarkroomDb>)options.Options);

        var rows = await JobList.ReadAsync(db, LargeTable.Project, filter, Cancel);

        Assert.NotEmpty(rows!);
        var plan = Assert.Single(plans.Seen, p => p.Contains("created_at DESC", StringComparison.Ordinal) || p.Contains(index, StringComparison.Ordinal));
        Assert.Contains($" {index} ", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Seq Scan on jobs", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Rows Removed by Filter", plan, StringComparison.Ordinal);
        return plan;
    }

    /// <summary>Has each statement explained as it runs, with the values it runs with.</summary>
    sealed class Plans(TestDatabase database) : DbCommandInterceptor
    {
        public List<string> Seen { get; } = [];

        public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            await using var explain = database.DataSource.CreateCommand("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + command.CommandText);
            foreach (NpgsqlParameter parameter in command.Parameters)
                explain.Parameters.Add(parameter.Clone());
            await using var reader = await explain.ExecuteReaderAsync(cancellationToken);
            var lines = new List<string>();
            while (await reader.ReadAsync(cancellationToken))
                lines.Add(reader.GetString(0));
            Seen.Add(string.Join('\n', lines));
            return result;
        }
    }
}

/// <summary>150,000 jobs of one project, nearly all succeeded; three are held, long ago.</summary>
public sealed class LargeTable(TestPostgres postgres) : IAsyncLifetime
{
    public static readonly Guid Project = new("01990000-0000-7000-8000-000000000001");
    public static readonly Guid Batch = new("01990000-0000-7000-8000-0000000000b1");

    public TestDatabase Database { get; } = new(postgres);

    public async ValueTask InitializeAsync()
    {
        await Database.InitializeAsync();
        await using var fill = Database.DataSource.CreateCommand($"""
            INSERT INTO darkroom.jobs (
                id, project_id, lane, batch_id, custom_id, endpoint, model, prompt, quality, n, size, metadata, priority, max_attempts,
                max_unknown_attempts, on_unknown, status, due_at, ticket, tokens_taken, attempts, counted_attempts, unknown_attempts, created_at)
            SELECT gen_random_uuid(), '{Project}', '{Project}', CASE WHEN i % 3 = 0 THEN '{Batch}'::uuid END, 'line ' || i, 'default', 'm', 'a cat',
                'low', 1, 'auto', json_build_object(), 5, 5, 2, 'retry', CASE WHEN i IN (5, 6, 7) THEN 'held' WHEN i % 1000 = 0 THEN 'failed' ELSE 'succeeded' END,
                now(), 0, 0, 0, 0, 0, timestamptz '2026-01-01' + i * interval '1 second'
            FROM generate_series(1, 150000) AS i;
            ANALYZE darkroom.jobs;
            """);
        fill.CommandTimeout = 300;
        await fill.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => Database.DisposeAsync();
}
