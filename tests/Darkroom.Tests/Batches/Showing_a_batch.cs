using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Batches;
using Darkroom.Worker.Jobs;
using Microsoft.EntityFrameworkCore;
using Xunit;
using Wire = Darkroom.Client;

namespace Darkroom.Tests.Batches;

public sealed class Showing_a_batch : IAsyncLifetime
{
    TestDatabase database = null!;
    Rows rows = null!;
    BatchView view = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        rows = new Rows(database);
        await rows.SeedAsync();
        view = new BatchView(new BatchFigures(rows));
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    [Fact]
    public async Task Counters_are_exact_at_every_moment_folded_or_not()
    {
        var (batch, lines) = await rows.AddBatchAsync(BatchStatus.InProgress, [.. Enumerable.Repeat(JobStatus.Queued, 5), JobStatus.Succeeded, JobStatus.Held]);
        var jobs = rows.Transitions;
        Assert.Equal(new Wire.BatchCounts(5, 0, 1, 0, 1, 0), (await ShownAsync(batch.Id)).Counts);

        var running = (await rows.ClaimAsync(lines[0]))!;
        Assert.Equal(new Wire.BatchCounts(4, 1, 1, 0, 1, 0), (await ShownAsync(batch.Id)).Counts);
        await jobs.CancelAsync(batch.ProjectId, lines[1].Id, Cancel);
        await jobs.CancelAsync(batch.ProjectId, lines[6].Id, Cancel);
        var unfolded = await ShownAsync(batch.Id);
        await new BatchTransitions(rows).FoldAsync(100, Cancel);
        var folded = await ShownAsync(batch.Id);

        Assert.Equal(new Wire.BatchCounts(3, 1, 1, 0, 0, 2), unfolded.Counts);
        Assert.Equal(unfolded.Counts, folded.Counts);
        Assert.Equal(new Wire.BatchRequestCounts(7, 1, 2), folded.RequestCounts);
        Assert.Equal(lines[0].Id, running.JobId);
    }

    [Fact]
    public async Task Usage_and_cost_are_those_of_its_lines_alone()
    {
        var (batch, _) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Queued]);
        var (other, _) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Queued]);
        await using (var db = rows.CreateDbContext())
        {
            db.UsageTotals.Add(Total(batch));
            db.UsageTotals.Add(Total(other));
            db.UsageDeltas.Add(Delta(batch));
            await db.SaveChangesAsync(Cancel);
        }

        var shown = await ShownAsync(batch.Id);

        Assert.Equal((3, 0.3m, 0.1m), (shown.Images, shown.Cost.Amount, shown.Cost.Possible));
        Assert.Equal((30, 300, 330), (shown.Usage!.InputTokens, shown.Usage.OutputTokens, shown.Usage.TotalTokens));
    }

    [Fact]
    public async Task Its_end_is_estimated_while_it_goes_on_and_not_while_it_is_paused()
    {
        var (batch, _) = await rows.AddBatchAsync(BatchStatus.InProgress, [JobStatus.Succeeded, JobStatus.Succeeded, JobStatus.Queued, JobStatus.Queued]);
        await using var db = rows.CreateDbContext();
        await db.Batches.ExecuteUpdateAsync(set => set.SetProperty(b => b.InProgressAt, b => Migrations.DarkroomDb.Now() - TimeSpan.FromMinutes(10)), Cancel);
        var now = DateTimeOffset.UtcNow;

        var going = await ShownAsync(batch.Id);
        await new BatchTransitions(rows).PauseAsync(batch.ProjectId, batch.Id, Cancel);
        var paused = await ShownAsync(batch.Id);
        await db.Batches.ExecuteUpdateAsync(set => set.SetProperty(b => b.PausedAt, (DateTimeOffset?)null).SetProperty(b => b.ExpiresAt, b => Migrations.DarkroomDb.Now()), Cancel);
        var late = await ShownAsync(batch.Id);

        Assert.InRange(going.EstimatedEndAt!.Value, now.AddMinutes(5).ToUnixTimeSeconds(), now.AddMinutes(15).ToUnixTimeSeconds());
        Assert.Null(paused.EstimatedEndAt);
        Assert.Equal(late.ExpiresAt, late.EstimatedEndAt);
    }

    async Task<Wire.Batch> ShownAsync(Guid id) => await view.OfAsync(await rows.BatchAsync(id), Cancel);

    static UsageTotal Total(Batch batch) => new()
    {
        Day = new DateOnly(2026, 1, 1),
        ProjectId = batch.ProjectId,
        BatchId = batch.Id,
        Endpoint = "default",
        Model = "m",
        Quality = "low",
        Size = "auto",
        Attempts = 2,
        Images = 2,
        InputTokens = 20,
        OutputTokens = 200,
        TotalTokens = 220,
        Cost = 0.2m,
    };

    static UsageDelta Delta(Batch batch) => new()
    {
        Day = new DateOnly(2026, 1, 2),
        ProjectId = batch.ProjectId,
        BatchId = batch.Id,
        Endpoint = "default",
        Model = "m",
        Quality = "low",
        Size = "auto",
        Attempts = 1,
        Images = 1,
        InputTokens = 10,
        OutputTokens = 100,
        TotalTokens = 110,
        Cost = 0.1m,
        PossibleCost = 0.1m,
    };
}
