using System.Security.Cryptography;
using System.Text;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Tests.Storage;
using Darkroom.Worker.Files;
using Darkroom.Worker.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darkroom.Tests.Files;

/// <summary>Writing a file, step by step, with processes that die in between.</summary>
public sealed class Keeping_a_file : IAsyncLifetime
{
    readonly TestFolder folder = new();
    readonly FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow());
    readonly Guid id = Guid.CreateVersion7();
    TestDatabase database = null!;
    Rows rows = null!;
    FileSystemImageStore store = null!;
    StoredFiles files = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    string Drafts => Path.Combine(folder.Path, "drafts");

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        rows = new Rows(database);
        await rows.SeedAsync();
        store = StoreAt(Path.Combine(folder.Path, "store"));
        files = FilesIn(store);
    }

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task A_file_is_there_with_its_bytes_and_the_draft_is_gone()
    {
        var kept = (await KeepAsync("one\ntwo\n", expiresAfter: TimeSpan.FromHours(2))).Value;

        var row = Assert.Single(await AllAsync());
        Assert.Equal((id, rows.Project, FilePurpose.BatchOutput, "output.jsonl", 8), (row.Id, row.ProjectId, row.Purpose, row.Filename, row.Bytes));
        Assert.Equal((kept.CreatedAt, TimeSpan.FromHours(2)), (row.CreatedAt, row.ExpiresAt - row.CreatedAt));
        Assert.Equal("one\ntwo\n", await ReadAsync(row));
        Assert.Empty(Directory.EnumerateFiles(Drafts));
    }

    [Fact]
    public async Task The_first_whole_file_of_an_id_stays_whatever_is_written_later()
    {
        await KeepAsync("first");

        var again = (await KeepAsync("second, longer")).Value;

        Assert.Equal(5, again.Bytes);
        Assert.Equal("first", await ReadAsync(Assert.Single(await AllAsync())));
    }

    [Theory]
    [InlineData("the same")]
    [InlineData("other bytes")]
    public async Task What_a_process_left_that_died_before_its_file_was_whole_is_not_seen_and_is_written_again(string again)
    {
        await DieAfterPutAsync("the same");
        var left = Assert.Single(await AllAsync());
        await using (var db = rows.CreateDbContext())
            Assert.Empty(await db.Files.Seen().ToListAsync(Cancel));

        var kept = (await KeepAsync(again)).Value;

        Assert.Equal(again, await ReadAsync(kept));
        Assert.Equal(kept.Id, Assert.Single(await AllAsync()).Id);
        Assert.Equal(again == "the same", await ReadAsync(left) is not null);
    }

    [Fact]
    public async Task What_such_a_process_left_goes_after_a_day()
    {
        await DieAfterPutAsync("lost");
        var left = Assert.Single(await AllAsync());
        await files.RemoveExpiredAsync(Cancel);
        Assert.Equal("lost", await ReadAsync(left));
        await database.ShiftClockAsync(TimeSpan.FromDays(1));

        await files.RemoveExpiredAsync(Cancel);

        Assert.Empty(await AllAsync());
        Assert.Null(await ReadAsync(left));
    }

    [Fact]
    public async Task Two_that_write_the_same_file_at_once_leave_one_whole_file()
    {
        for (var round = 0; round < 10; round++)
        {
            var file = Guid.CreateVersion7();
            var kept = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => KeepUntilKeptAsync($"writer {i % 2} of round {round}", file)));

            await using var db = rows.CreateDbContext();
            var row = await db.Files.SingleAsync(f => f.Id == file, Cancel);
            Assert.All(kept, k => Assert.Equal(row.Sha256, k.Sha256));
            Assert.Equal(row.Sha256, SHA256.HashData(Encoding.UTF8.GetBytes((await ReadAsync(row))!)));
        }
    }

    [Fact]
    public async Task A_store_that_refuses_is_said_and_nothing_is_seen()
    {
        var file = folder.Picture(1).File;
        var broken = FilesIn(StoreAt(file));

        await using var draft = broken.Draft(rows.Project, id);
        await draft.WriteAsync("x"u8.ToArray(), Cancel);
        var kept = await broken.KeepAsync(draft, FilePurpose.Batch, "x", null, Cancel);

        Assert.Equal(StoreFailureKind.Unavailable, kept.Failure?.Kind);
        await using var db = rows.CreateDbContext();
        Assert.Empty(await db.Files.Seen().ToListAsync(Cancel));
    }

    [Fact]
    public async Task Drafts_of_killed_processes_go_when_they_are_a_day_old()
    {
        Directory.CreateDirectory(Drafts);
        string old = Path.Combine(Drafts, "old"), young = Path.Combine(Drafts, "young");
        await File.WriteAllTextAsync(old, "x", Cancel);
        await File.WriteAllTextAsync(young, "x", Cancel);
        File.SetLastWriteTimeUtc(old, clock.GetUtcNow().UtcDateTime - TimeSpan.FromHours(25));
        File.SetLastWriteTimeUtc(young, clock.GetUtcNow().UtcDateTime - TimeSpan.FromHours(23));

        await using var draft = files.Draft(rows.Project, id);

        Assert.Equal(new[] { young, draft.FilePath }.Order(), Directory.EnumerateFiles(Drafts).Order());
    }

    async Task<StoreResult<StoredFile>> KeepAsync(string content, TimeSpan? expiresAfter = null, Guid? file = null)
    {
        await using var draft = files.Draft(rows.Project, file ?? id);
        await draft.WriteAsync(Encoding.UTF8.GetBytes(content), Cancel);
        return await files.KeepAsync(draft, FilePurpose.BatchOutput, "output.jsonl", expiresAfter, Cancel);
    }

    /// <summary>As every caller does: what may pass is tried again, such as bytes that the winner has just removed under the loser's hands.</summary>
    async Task<StoredFile> KeepUntilKeptAsync(string content, Guid file)
    {
        while (true)
        {
            var kept = await KeepAsync(content, file: file);
            if (kept.Failure is not { MayPass: true })
                return kept.Value;
        }
    }

    /// <summary>The row is announced and the bytes are stored; then the database is gone for this process.</summary>
    async Task DieAfterPutAsync(string content)
    {
        await KeepAsync(content);
        await using var db = rows.CreateDbContext();
        await db.Database.ExecuteSqlAsync($"UPDATE darkroom.files SET purpose = 'incoming', expires_at = darkroom.now() + interval '1 day'", Cancel);
    }

    async Task<List<StoredFile>> AllAsync()
    {
        await using var db = rows.CreateDbContext();
        return await db.Files.AsNoTracking().ToListAsync(Cancel);
    }

    async Task<string?> ReadAsync(StoredFile row)
    {
        var opened = await store.OpenReadAsync(new FileKey(row.ProjectId, row.Id, row.Sha256), 0, null, Cancel);
        if (opened.Value is null)
            return null;
        await using var stored = opened.Value;
        using var reader = new StreamReader(stored.Body);
        return await reader.ReadToEndAsync(Cancel);
    }

    FileSystemImageStore StoreAt(string root) =>
        new(Options.Create(new StorageOptions { FileSystem = { Root = root } }), clock, NullLogger<FileSystemImageStore>.Instance);

    StoredFiles FilesIn(FileSystemImageStore store) => new(
        rows, store,
        new DraftFolder(Options.Create(new FilesOptions { DraftPath = Drafts }), new HostingEnvironment { ContentRootPath = folder.Path, ContentRootFileProvider = new NullFileProvider() }, clock, NullLogger<DraftFolder>.Instance),
        NullLogger<StoredFiles>.Instance);
}
