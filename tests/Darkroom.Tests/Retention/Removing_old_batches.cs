using Darkroom.Migrations.Rows;
using Darkroom.Tests.Batches;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Retention;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Retention;

public sealed class Removing_old_batches : IAsyncLifetime
{
    static readonly TimeSpan Month = TimeSpan.FromDays(30);

    TestDatabase database = null!;
    Rows rows = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        rows = new Rows(database);
        await rows.SeedAsync();
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    [Fact]
    public async Task An_ended_batch_goes_with_the_files_it_wrote_once_none_of_its_lines_is_left()
    {
        var (empty, _) = await rows.AddBatchAsync(BatchStatus.Completed, []);
        var (full, _) = await rows.AddBatchAsync(BatchStatus.Completed, [JobStatus.Succeeded]);
        var (running, _) = await rows.AddBatchAsync(BatchStatus.InProgress, []);
        await ExecuteAsync($"""
            INSERT INTO darkroom.files (id, project_id, purpose, filename, bytes, sha256, created_at)
            SELECT gen_random_uuid(), '{rows.Project}', 'batch_output', name, 1, '', now() FROM unnest(ARRAY['output', 'error', 'other']) AS name;
            UPDATE darkroom.batches SET completed_at = now(), output_file_id = (SELECT id FROM darkroom.files WHERE filename = 'output'),
                error_file_id = (SELECT id FROM darkroom.files WHERE filename = 'error') WHERE id = '{empty.Id}';
            UPDATE darkroom.batches SET completed_at = now() WHERE id = '{full.Id}'
            """);
        var batches = new EndedBatches(rows, Options.Create(new RetentionOptions { Batches = Month }));
        await batches.RemoveAsync(Ct);
        await using var db = rows.CreateDbContext();
        Assert.Equal(3, await db.Batches.CountAsync(Ct));

        await database.ShiftClockAsync(Month + TimeSpan.FromHours(1));
        await new EndedBatches(rows, Options.Create(new RetentionOptions())).RemoveAsync(Ct);
        Assert.Equal(3, await db.Batches.CountAsync(Ct));
        await batches.RemoveAsync(Ct);

        Assert.Equal(new[] { full.Id, running.Id }.Order(), (await db.Batches.Select(b => b.Id).ToListAsync(Ct)).Order());
        Assert.Equal(["error", "output"], await db.Files.Where(f => f.ExpiresAt != null).OrderBy(f => f.Filename).Select(f => f.Filename).ToListAsync(Ct));
    }

    [Theory]
    [InlineData(BatchStatus.InProgress, 0)]
    [InlineData(BatchStatus.Finalizing, 0)]
    [InlineData(BatchStatus.Completed, 1)]
    public async Task Lines_stay_until_their_batch_has_ended_however_old(string status, int old)
    {
        await rows.AddBatchAsync(status, [JobStatus.Succeeded]);
        await database.ShiftClockAsync(Month + TimeSpan.FromHours(1));
        await using var db = rows.CreateDbContext();
        Assert.Equal(old, (await new FinishedJobs().NextAsync(db, Month, 10, Ct)).Count);
    }

    async Task ExecuteAsync(string sql)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }
}
