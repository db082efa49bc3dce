using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Tests.Storage;
using Darkroom.Worker.Batches;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Files;
using Darkroom.Worker.Observability;
using Darkroom.Worker.Storage;
using Darkroom.Worker.Submission;
using Darkroom.Worker.Usage;
using Darkroom.Worker.Webhooks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Batches;

public sealed class From_a_file_to_jobs : IAsyncLifetime
{
    static readonly IOptions<EndpointSettings> Settings = Options.Create(new EndpointSettings
    {
        Endpoints = [new() { Name = "default" }],
        Models =
        [
            new() { Name = "gpt-image-1", Sizes = ["auto"], Qualities = ["auto"], MaxPromptChars = 100, MaxN = 10, Prices = new() { ImageOutput = 1 } },
            new() { Name = "free", Sizes = ["auto"], Qualities = ["auto"], MaxPromptChars = 100, MaxN = 10 },
        ],
    });

    readonly TestFolder folder = new();
    readonly BatchOptions options = new();
    readonly ServiceProvider meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
    TestDatabase database = null!;
    Rows rows = null!;
    FileSystemImageStore store = null!;
    BatchTransitions batches = null!;
    BatchReader reader = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        rows = new Rows(database);
        await rows.SeedAsync();
        store = new(
            Options.Create(new StorageOptions { FileSystem = { Root = Path.Combine(folder.Path, "store") } }), TimeProvider.System, NullLogger<FileSystemImageStore>.Instance);
        batches = new(rows);
        var file = new BatchFile(new SubmissionReader(Settings, new Receivers(Options.Create(new WebhookOptions()))), TimeProvider.System);
        var metrics = new DarkroomMetrics(meters.GetRequiredService<IMeterFactory>(), Settings);
        reader = new(rows, store, file, new LineCopy(new Pricing(Settings)), batches, Options.Create(options), metrics, NullLogger<BatchReader>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        store.Dispose();
        await meters.DisposeAsync();
        await database.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Every_line_is_a_job_of_the_batch_in_the_order_of_the_file()
    {
        var batch = await NewAsync(Enumerable.Range(0, 5000).Select(i => Line($"line {i}", i % 2 == 0 ? "gpt-image-1" : "free", n: i % 10 + 1)));

        Assert.Null(await reader.ReadAsync(batch, Cancel));

        var after = await rows.BatchAsync(batch.Id);
        Assert.Equal((BatchStatus.InProgress, 5000, 0, null, null), (after.Status, after.Total, after.SkippedLines, after.Model, after.Errors));
        Assert.NotNull(after.InProgressAt);
        Assert.Null(after.ClaimedUntil);
        await using var db = rows.CreateDbContext();
        var jobs = await db.Jobs.Where(j => j.BatchId == batch.Id).OrderBy(j => j.Id).ToListAsync(Cancel);
        Assert.Equal(Enumerable.Range(0, 5000).Select(i => $"line {i}"), jobs.Select(j => j.CustomId));
        Assert.All(jobs, j => Assert.Equal((batch.Id, batch.ProjectId, batch.KeyId, JobStatus.Queued), (j.Lane, j.ProjectId, j.KeyId, j.Status)));
        Assert.All(jobs, j => Assert.Equal(
            (3, 4, 1, "hold", "default"), ((int)j.Priority, (int)j.MaxAttempts, (int)j.MaxUnknownAttempts, j.OnUnknown, j.Endpoint)));
        Assert.Equal((10, "a prompt"), (jobs[9].N, jobs[9].Prompt));
        Assert.Equal(((decimal?)0, (decimal?)null), (jobs[8].CostAmount, jobs[9].CostAmount));
        Assert.Single(jobs.Select(j => (j.CreatedAt, j.DueAt)).Distinct());
        Assert.Equal(10, (await Worker.Admission.DueJobs.PickAsync(db, "default", 10, null, Cancel)).Count);
    }

    [Fact]
    public async Task One_bad_line_fails_the_batch_and_nothing_is_queued()
    {
        var batch = await NewAsync([Line("a"), "not JSON", Line("a"), Line("b", "gpt-9")], webhookUrl: "https://example.com/hook");

        await reader.ReadAsync(batch, Cancel);

        var after = await rows.BatchAsync(batch.Id);
        Assert.Equal((BatchStatus.Failed, 0), (after.Status, after.Total));
        Assert.NotNull(after.FailedAt);
        Assert.Equal(["2::invalid_json", "3:custom_id:duplicate_custom_id", "4:body.model:model_not_found"], Errors(after));
        Assert.Empty(await rows.LinesAsync(batch.Id));
        await using var db = rows.CreateDbContext();
        var told = await db.WebhookDeliveries.SingleAsync(Cancel);
        Assert.Equal(("batch.failed", batch.Id), (told.Type, told.BatchId));
    }

    [Fact]
    public async Task Bad_lines_are_left_out_where_that_was_asked_for_and_still_named()
    {
        var batch = await NewAsync([Line("a"), "{}", Line("b"), "{}"], skipInvalid: true);

        await reader.ReadAsync(batch, Cancel);

        var after = await rows.BatchAsync(batch.Id);
        Assert.Equal((BatchStatus.InProgress, 2, 2, "gpt-image-1"), (after.Status, after.Total, after.SkippedLines, after.Model));
        Assert.Equal(8, Errors(after).Count);
        Assert.Equal(2, (await rows.LinesAsync(batch.Id)).Count);
    }

    [Theory]
    [InlineData("", false, "empty_file")]
    [InlineData("\n\n", true, "empty_file")]
    [InlineData("x\n", true, "invalid_json")]
    public async Task A_file_without_a_good_line_fails(string content, bool skipInvalid, string code)
    {
        var batch = await NewAsync([content], skipInvalid);

        await reader.ReadAsync(batch, Cancel);

        var after = await rows.BatchAsync(batch.Id);
        Assert.Equal(BatchStatus.Failed, after.Status);
        Assert.EndsWith(code, Assert.Single(Errors(after)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_with_too_many_lines_fails_whatever_they_are(bool skipInvalid)
    {
        options.MaxLines = 3;
        var (fits, not) = (await NewAsync([Line("a"), Line("b"), "", Line("c"), ""]), await NewAsync([Line("a"), Line("b"), Line("c"), Line("d")], skipInvalid));

        await reader.ReadAsync(fits, Cancel);
        await reader.ReadAsync(not, Cancel);

        Assert.Equal((BatchStatus.InProgress, 3), ((await rows.BatchAsync(fits.Id)).Status, (await rows.BatchAsync(fits.Id)).Total));
        var after = await rows.BatchAsync(not.Id);
        Assert.Equal((BatchStatus.Failed, "::too_many_lines"), (after.Status, Assert.Single(Errors(after))));
    }

    [Fact]
    public async Task Of_many_errors_the_first_thousand_are_kept()
    {
        var batch = await NewAsync(Enumerable.Repeat("x", 1500));

        await reader.ReadAsync(batch, Cancel);

        Assert.Equal("1000::invalid_json", Errors(await rows.BatchAsync(batch.Id))[^1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_is_gone_fails_the_batch(bool withItsRow)
    {
        var batch = await NewAsync([Line("a")]);
        await using (var db = rows.CreateDbContext())
        {
            var file = await db.Files.SingleAsync(f => f.Id == batch.InputFileId, Cancel);
            Assert.Null(await store.DeleteAsync(new FileKey(file.ProjectId, file.Id, file.Sha256), Cancel));
            if (withItsRow)
                await db.Files.ExecuteDeleteAsync(Cancel);
        }

        await reader.ReadAsync(batch, Cancel);

        Assert.Equal("::input_file_missing", Assert.Single(Errors(await rows.BatchAsync(batch.Id))));
    }

    [Fact]
    public async Task Of_two_nodes_at_one_batch_one_makes_the_jobs()
    {
        var batch = await NewAsync(Enumerable.Range(0, 2000).Select(i => Line($"{i}")));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => reader.ReadAsync(batch, Cancel)));

        Assert.Equal((BatchStatus.InProgress, 2000), ((await rows.BatchAsync(batch.Id)).Status, (await rows.LinesAsync(batch.Id)).Count));
    }

    [Fact]
    public async Task A_batch_that_was_cancelled_while_its_lines_were_read_gets_no_jobs()
    {
        var batch = await NewAsync([Line("a")]);
        await batches.CancelAsync(batch.ProjectId, batch.Id, Cancel);

        await reader.ReadAsync(batch, Cancel);

        Assert.Equal(BatchStatus.Cancelling, (await rows.BatchAsync(batch.Id)).Status);
        Assert.Empty(await rows.LinesAsync(batch.Id));
    }

    [Fact]
    public async Task A_claim_is_ones_own_until_it_runs_out_and_is_taken_over_then()
    {
        var (first, second) = (await NewAsync([Line("a")]), await NewAsync([Line("a")]));

        var mine = (await batches.ClaimUnreadAsync(Cancel))!;
        Assert.Equal((first.Id, second.Id), (mine.Id, (await batches.ClaimUnreadAsync(Cancel))!.Id));
        Assert.Null(await batches.ClaimUnreadAsync(Cancel));
        var renewed = await batches.RenewReadingAsync(mine.Id, mine.ClaimedUntil!.Value, Cancel);
        Assert.NotNull(renewed);
        await database.ShiftClockAsync(BatchTransitions.ClaimTime + TimeSpan.FromMinutes(1));
        var theirs = (await batches.ClaimUnreadAsync(Cancel))!;

        Assert.Equal(mine.Id, theirs.Id);
        Assert.Null(await batches.RenewReadingAsync(mine.Id, renewed!.Value, Cancel));
        Assert.NotNull(await batches.RenewReadingAsync(mine.Id, theirs.ClaimedUntil!.Value, Cancel));
    }

    [Fact]
    public async Task A_store_that_is_away_leaves_the_batch_as_it_was()
    {
        var batch = await NewAsync([Line("a")]);
        Directory.Move(Path.Combine(folder.Path, "store"), Path.Combine(folder.Path, "away"));

        Assert.Equal(StoreFailureKind.Unavailable, (await reader.ReadAsync(batch, Cancel))?.Kind);

        Assert.Equal(BatchStatus.Validating, (await rows.BatchAsync(batch.Id)).Status);
    }

    static string Line(string customId, string model = "gpt-image-1", int n = 1) =>
        $$$"""{"custom_id":"{{{customId}}}","method":"POST","url":"/v1/images/generations","body":{"model":"{{{model}}}","prompt":"a prompt","n":{{{n}}}}}""";

    static List<string> Errors(Batch batch) => [.. JsonElement.Parse(batch.Errors!).EnumerateArray()
        .Select(e => $"{e.GetProperty("line")}:{e.GetProperty("param")}:{e.GetProperty("code")}")];

    async Task<Batch> NewAsync(IEnumerable<string> lines, bool skipInvalid = false, string? webhookUrl = null)
    {
        var file = folder.Picture(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        var id = Guid.CreateVersion7();
        Assert.Null((await store.PutAsync(new FileKey(rows.Project, id, file.Properties.Sha256), file.File, file.Properties, Cancel)).Failure);
        await using var db = rows.CreateDbContext();
        db.Files.Add(new StoredFile
        {
            Id = id,
            ProjectId = rows.Project,
            Purpose = FilePurpose.Batch,
            Filename = "lines.jsonl",
            Bytes = file.Bytes.Length,
            Sha256 = file.Properties.Sha256,
            CreatedAt = DateTimeOffset.UnixEpoch,
        });
        var batch = new Batch
        {
            Id = Guid.CreateVersion7(),
            ProjectId = rows.Project,
            KeyId = Guid.CreateVersion7(),
            Status = BatchStatus.Validating,
            InputFileId = id,
            CompletionWindow = "24h",
            Priority = 3,
            MaxAttempts = 4,
            MaxUnknownAttempts = 1,
            OnUnknown = "hold",
            SkipInvalid = skipInvalid,
            WebhookUrl = webhookUrl,
            CreatedAt = DateTimeOffset.UtcNow,
            ExpiresAt = DateTimeOffset.UtcNow.AddDays(1),
        };
        db.Batches.Add(batch);
        await db.SaveChangesAsync(Cancel);
        return batch;
    }
}
