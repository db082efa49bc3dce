using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Batches;
using Darkroom.Worker.Jobs;
using Microsoft.EntityFrameworkCore;
using Xunit;
using static Darkroom.Tests.Batches.BatchRows;

namespace Darkroom.Tests.Batches;

/// <summary>Random changes of random lines by many at once, while the sweep folds, cancels, expires and ends: the counters say what the rows say.</summary>
public sealed class Counters_under_load : IAsyncLifetime
{
    const int Workers = 8, Steps = 60, Lines = 40;

    TestDatabase database = null!;
    Rows rows = null!;

    JobTransitions Jobs => rows.Transitions;

    BatchTransitions Batches => new(rows);

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        rows = new Rows(database);
        await rows.SeedAsync();
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task They_are_exact_and_nothing_deadlocks(int seed)
    {
        var made = new List<(Batch Batch, List<Job> Lines)>();
        for (var i = 0; i < 4; i++)
            made.Add(await rows.AddBatchAsync(BatchStatus.InProgress, [.. Enumerable.Repeat(JobStatus.Queued, Lines)]));
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var sweeps = Enumerable.Range(0, 2).Select(_ => SweepUntilAsync(done.Token)).ToArray();

        await Task.WhenAll(Enumerable.Range(0, Workers).Select(w => ChangeAsync(new Random((seed * 100) + w), made)));
        // Half of them by a bulk cancel, half by the end of their time, with calls still in flight.
        await Task.WhenAll(made.Take(2).Select(m => Batches.CancelAsync(rows.Project, m.Batch.Id, Ct)));
        await ExecuteAsync($"UPDATE darkroom.batches SET expires_at = now() - interval '1 second' WHERE id IN ('{made[2].Batch.Id}', '{made[3].Batch.Id}')");
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(w => ChangeAsync(new Random((seed * 1000) + w), made)));
        foreach (var line in made.SelectMany(m => m.Lines))
            await FinishAsync(line.Id);
        await done.CancelAsync();
        await Task.WhenAll(sweeps);
        await SweepAsync();

        await using var db = rows.CreateDbContext();
        Assert.Equal(0, await db.BatchDeltas.CountAsync(Ct));
        foreach (var (batch, _) in made)
        {
            var states = (await rows.LinesAsync(batch.Id)).GroupBy(s => s).ToDictionary(g => g.Key, g => g.Count());
            var row = await rows.BatchAsync(batch.Id);
            Assert.Equal(BatchStatus.Finalizing, row.Status);
            Assert.Equal(
                (states.GetValueOrDefault(JobStatus.Succeeded), states.GetValueOrDefault(JobStatus.Failed), states.GetValueOrDefault(JobStatus.Held), states.GetValueOrDefault(JobStatus.Canceled)),
                (row.Succeeded, row.Failed, row.Held, row.Canceled));
        }
    }

    async Task ChangeAsync(Random random, List<(Batch Batch, List<Job> Lines)> made)
    {
        for (var step = 0; step < Steps; step++)
        {
            var line = made[random.Next(made.Count)].Lines[random.Next(Lines)].Id;
            var job = await rows.JobAsync(line);
            var attempt = job.AttemptId ?? Guid.Empty;
            Task change = random.Next(9) switch
            {
                0 or 1 or 2 => rows.ClaimAsync(job),
                3 => Jobs.SucceedAsync(attempt, Result(line, attempt), Ct),
                4 => Jobs.FailAsync(attempt, Ending(AttemptStatus.Unknown), Ct),
                5 => Jobs.HoldAsync(attempt, Ending(AttemptStatus.Unknown), Ct),
                6 => Jobs.RetryLaterAsync(attempt, Ending(), TimeSpan.Zero, Ct),
                7 => Jobs.RetryAsync(rows.Project, line, Ct),
                _ => random.Next(10) == 0 ? Jobs.CancelAsync(rows.Project, line, Ct) : Jobs.ReturnAsync(line, job.Ticket, Ct),
            };
            await change;
        }
    }

    /// <summary>The calls in flight come to their ends.</summary>
    async Task FinishAsync(Guid line)
    {
        var job = await rows.JobAsync(line);
        if (job.Status == JobStatus.Running)
            await Jobs.SucceedAsync(job.AttemptId!.Value, Result(line, job.AttemptId.Value), Ct);
    }

    static JobResult Result(Guid line, Guid attempt) => BatchRows.Result(new ClaimedJob(
        line, Guid.Empty, attempt, 1, default, default, TraceParent: null, "", "", "", "", 1, "", 0, 0, 0, 0, "")) with
    { Images = [] };

    async Task SweepUntilAsync(CancellationToken done)
    {
        while (!done.IsCancellationRequested)
            await SweepAsync();
    }

    /// <summary>As <see cref="BatchSweep"/> does it.</summary>
    async Task SweepAsync()
    {
        await Batches.FoldAsync(10, Ct);
        await Batches.ExpireAsync(Ct);
        while (await Jobs.ExpireLinesAsync(7, Ct) + await Jobs.CancelLinesAsync(7, Ct) > 0)
        {
        }
        while (await Batches.FoldAsync(100, Ct) > 0)
        {
        }
        await Batches.EndAsync(Ct);
    }

    async Task ExecuteAsync(string sql)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }
}
