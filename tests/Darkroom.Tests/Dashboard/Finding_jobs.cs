using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Dashboard.Jobs;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace Darkroom.Tests.Dashboard;

public sealed class Finding_jobs : IAsyncLifetime
{
    static readonly JobsQuery All = JobsQuery.Parse("");

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    TestDatabase database = null!;
    Rows rows = null!;
    SearchIndex search = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        rows = new Rows(database);
        await rows.SeedAsync();
        search = new SearchIndex(rows, TimeProvider.System, NullLogger<SearchIndex>.Instance);
    }

    [Theory]
    [InlineData("copper", true)]
    [InlineData("COPP kett", true)]
    [InlineData("kettle steam", false)]
    [InlineData("order-17", true)]
    [InlineData("order-18", false)]
    [InlineData("' | kettle", true)]
    [InlineData("kettle:* & !copper", true)]
    [InlineData("!!!", false)]
    public async Task Words_are_found_by_their_beginnings_in_prompt_and_custom_id(string words, bool found)
    {
        var job = await AddAsync("a copper kettle on a stove", "order-17");
        await AddAsync("a glass of milk", null);
        await search.FillAsync(Cancel);

        var page = await ReadAsync(All with { Words = words });

        Assert.Equal(found ? [job] : [], page.Rows.Select(j => j.Id));
    }

    [Fact]
    public async Task A_job_whose_transaction_committed_late_is_not_passed_over()
    {
        await using var late = await database.DataSource.OpenConnectionAsync(Cancel);
        await using var transaction = await late.BeginTransactionAsync(Cancel);
        await InsertAsync(late, Guid.CreateVersion7(), "the hidden heron", age: TimeSpan.Zero);
        await using (var other = await database.DataSource.OpenConnectionAsync(Cancel))
            await InsertAsync(other, Guid.CreateVersion7(), "the seen heron", age: TimeSpan.Zero);

        await using var isOld = database.DataSource.CreateCommand("SELECT max(created_at) < darkroom.now() - interval '1.5 seconds' FROM darkroom.jobs");
        do
            await search.FillAsync(Cancel);
        while (await isOld.ExecuteScalarAsync(Cancel) is false);
        Assert.Empty((await ReadAsync(All with { Words = "heron" })).Rows);
        await transaction.CommitAsync(Cancel);
        await search.FillAsync(Cancel);

        Assert.Equal(2, (await ReadAsync(All with { Words = "heron" })).Rows.Count);
    }

    [Fact]
    public async Task Pages_follow_each_other_without_gap_or_repetition_under_any_filter()
    {
        var all = new List<Guid>();
        for (var i = 0; i < 23; i++)
            all.Add(await AddAsync($"prompt {i}", null, i % 2 == 0 ? JobStatus.Failed : JobStatus.Held));
        await search.FillAsync(Cancel);

        foreach (var query in new[] { All, All with { Statuses = [JobStatus.Failed, JobStatus.Held] }, All with { Words = "prompt" }, All with { Model = "gpt-image-1.5" } })
        {
            var seen = new List<Guid>();
            for (var next = query; ;)
            {
                var page = await JobPages.ReadAsync(rows.CreateDbContext(), rows.Project, next, 5, Cancel);
                seen.AddRange(page.Rows.Select(j => j.Id));
                if (page.More is null)
                    break;
                next = next with { After = page.More.Id };
            }
            Assert.Equal(all.AsEnumerable().Reverse(), seen);
        }
    }

    [Fact]
    public async Task Model_error_status_and_time_filter_and_other_projects_stay_unseen()
    {
        await AddAsync("mine", null);

        Assert.Empty((await ReadAsync(All with { Model = "another" })).Rows);
        Assert.Empty((await ReadAsync(All with { ErrorCode = "server_error" })).Rows);
        Assert.Empty((await ReadAsync(All with { Statuses = [JobStatus.Held] })).Rows);
        Assert.Empty((await ReadAsync(All with { From = DateTimeOffset.UtcNow.AddHours(1) })).Rows);
        Assert.Single((await ReadAsync(All with { To = DateTimeOffset.UtcNow.AddHours(1) })).Rows);
        await using var db = rows.CreateDbContext();
        Assert.Empty((await JobPages.ReadAsync(db, Guid.CreateVersion7(), All, 5, Cancel)).Rows);
    }

    [Theory]
    [InlineData("?status=held,failed&q=red%20door&model=m")]
    [InlineData("?error=server_error&after=job_01990000000070008000000000000001")]
    [InlineData("")]
    public void A_filter_has_one_spelling(string query) => Assert.Equal(query, JobsQuery.Parse(query).ToString());

    [Fact]
    public void What_means_nothing_is_named_and_filters_nothing()
    {
        var query = JobsQuery.Parse("?status=lost&batch=1&from=yesterday&q=");

        Assert.Equal(3, query.Objections.Count);
        Assert.True(query.IsEmpty);
    }

    async Task<JobPage> ReadAsync(JobsQuery query)
    {
        await using var db = rows.CreateDbContext();
        return await JobPages.ReadAsync(db, rows.Project, query, 50, Cancel);
    }

    async Task<Guid> AddAsync(string prompt, string? customId, string status = JobStatus.Queued)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(Cancel);
        var id = Guid.CreateVersion7();
        await InsertAsync(connection, id, prompt, customId, status, TimeSpan.FromSeconds(2));
        return id;
    }

    /// <param name="age">Search leaves the youngest second alone.</param>
    async Task InsertAsync(
        NpgsqlConnection connection, Guid id, string prompt, string? customId = null, string status = JobStatus.Queued, TimeSpan age = default)
    {
        await using var insert = new NpgsqlCommand("""
            INSERT INTO darkroom.jobs (id, project_id, lane, endpoint, custom_id, model, prompt, quality, n, size, metadata, priority, max_attempts,
                max_unknown_attempts, on_unknown, status, due_at, ticket, tokens_taken, attempts, counted_attempts, unknown_attempts, created_at)
            VALUES (@id, @project, @project, 'default', @custom_id, 'gpt-image-1.5', @prompt, 'low', 1, 'auto', '{}', 5, 5, 2, 'retry', @status,
                now(), 0, 0, 0, 0, 0, darkroom.now() - @age)
            """, connection);
        insert.Parameters.AddWithValue("id", id);
        insert.Parameters.AddWithValue("project", rows.Project);
        insert.Parameters.Add(new("custom_id", NpgsqlTypes.NpgsqlDbType.Text) { Value = (object?)customId ?? DBNull.Value });
        insert.Parameters.AddWithValue("prompt", prompt);
        insert.Parameters.AddWithValue("status", status);
        insert.Parameters.AddWithValue("age", age);
        await insert.ExecuteNonQueryAsync(Cancel);
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();
}
