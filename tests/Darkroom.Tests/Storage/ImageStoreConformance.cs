using Darkroom.Worker.Storage;
using Xunit;

namespace Darkroom.Tests.Storage;

/// <summary>What every back end promises. A new one passes it by a subclass that says how to make a store.</summary>
public abstract partial class ImageStoreConformance : IDisposable
{
    private protected const int Timeout = 30_000;
    private protected const int Writes = 4;

    private readonly Guid _project = Guid.CreateVersion7();
    private readonly Guid _job = Guid.CreateVersion7();
    private readonly Guid _attempt = Guid.CreateVersion7();

    private protected TestFolder Folder { get; } = new();

    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>
    /// A store on the test's own ground, which is empty at first and the same for each store the test opens, with
    /// <see cref="Writes"/> puts at once.
    /// </summary>
    private protected abstract IImageStore Open();

    private protected ImageKey Key(int index = 0, string extension = "png") => new(_project, _job, _attempt, index, extension);

    [Theory(Timeout = Timeout)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(81_920)]
    [InlineData(1_000_003)]
    [InlineData(5 << 20)]
    public async Task A_picture_reads_back_byte_for_byte_also_from_a_store_opened_later(int length)
    {
        var picture = Folder.Picture(length);

        Assert.Equal(PutOutcome.Stored, await PutAsync(Open(), Key(), picture));

        Assert.Equal(picture.Bytes, await ReadAsync(Open(), Key()));
        Assert.True(File.Exists(picture.File), "the file stays the caller's");
    }

    [Fact(Timeout = Timeout)]
    public async Task A_file_of_lines_is_kept_as_a_picture_is()
    {
        var store = Open();
        var (file, other) = (Folder.Picture("{}\n{}\n"u8.ToArray()), Folder.Picture(500_000));
        var id = Guid.CreateVersion7();
        FileKey key = new(_project, id, file.Properties.Sha256), rewritten = new(_project, id, other.Properties.Sha256);

        Assert.Equal(PutOutcome.Stored, await PutAsync(store, key, file));
        Assert.Equal(PutOutcome.AlreadyStored, await PutAsync(store, key, file));
        Assert.Equal(PutOutcome.Stored, await PutAsync(store, rewritten, other));

        Assert.Equal(file.Bytes, await ReadAsync(Open(), key));
        Assert.Null(await store.DeleteAsync(key, Cancellation));
        Assert.Null((await store.OpenReadAsync(key, 0, null, Cancellation)).Value);
        Assert.Equal(other.Bytes, await ReadAsync(store, rewritten));
    }

    [Fact(Timeout = Timeout)]
    public async Task The_same_picture_again_is_already_stored()
    {
        var picture = Folder.Picture(50_000);
        await PutAsync(Open(), Key(), picture);

        Assert.Equal(PutOutcome.AlreadyStored, await PutAsync(Open(), Key(), picture));
        Assert.Equal(picture.Bytes, await ReadAsync(Open(), Key()));
    }

    [Theory(Timeout = Timeout)]
    [InlineData(40_000)]
    [InlineData(40_001)]
    public async Task Other_content_under_a_taken_key_is_a_conflict_and_the_first_stays(int length)
    {
        var store = Open();
        var first = Folder.Picture(40_000);
        var other = Folder.Picture(length);
        await PutAsync(store, Key(), first);

        var answer = await store.PutAsync(Key(), other.File, other.Properties, Cancellation);

        Assert.Equal(StoreFailureKind.Conflict, answer.Failure?.Kind);
        Assert.False(answer.Failure!.MayPass);
        Assert.Equal(first.Bytes, await ReadAsync(store, Key()));
    }

    [Theory(Timeout = Timeout)]
    [InlineData(0, 10, 10)]
    [InlineData(0, null, 100_000)]
    [InlineData(0, 100_000, 100_000)]
    [InlineData(50_000, 20_000, 20_000)]
    [InlineData(99_999, 1, 1)]
    [InlineData(99_990, 50, 10)]
    [InlineData(99_990, null, 10)]
    [InlineData(0, 0, 0)]
    [InlineData(100_000, 10, 0)]
    [InlineData(100_001, null, 0)]
    public async Task A_range_is_read_with_the_total_length(int offset, int? length, int expected)
    {
        var store = Open();
        var picture = Folder.Picture(100_000);
        await PutAsync(store, Key(), picture);

        await using var opened = (await store.OpenReadAsync(Key(), offset, length, Cancellation)).Value;

        Assert.Equal(100_000, opened!.TotalLength);
        Assert.Equal(picture.Bytes[Math.Min(offset, 100_000)..][..expected], await BytesAsync(opened));
    }

    [Fact(Timeout = Timeout)]
    public async Task A_range_of_an_empty_object_is_empty()
    {
        var store = Open();
        await PutAsync(store, Key(), Folder.Picture(0));

        await using var opened = (await store.OpenReadAsync(Key(), 0, 10, Cancellation)).Value;

        Assert.Equal(0, opened!.TotalLength);
        Assert.Empty(await BytesAsync(opened));
    }

    [Theory(Timeout = Timeout)]
    [InlineData(0, null)]
    [InlineData(10, 10)]
    [InlineData(0, 0)]
    public async Task What_is_not_there_is_null(int offset, int? length)
    {
        var store = Open();
        Assert.Null((await store.OpenReadAsync(Key(1), offset, length, Cancellation)).Value);

        await PutAsync(store, Key(), Folder.Picture(10));
        Assert.Null((await store.OpenReadAsync(Key(1), offset, length, Cancellation)).Value);
    }

    [Fact(Timeout = Timeout)]
    public async Task A_deleted_picture_is_gone_and_its_neighbour_stays()
    {
        var store = Open();
        var neighbour = Folder.Picture(20);
        await PutAsync(store, Key(0), Folder.Picture(10));
        await PutAsync(store, Key(1), neighbour);

        Assert.Null(await store.DeleteAsync(Key(0), Cancellation));

        Assert.Null((await store.OpenReadAsync(Key(0), 0, null, Cancellation)).Value);
        Assert.Equal(neighbour.Bytes, await ReadAsync(store, Key(1)));
    }

    [Fact(Timeout = Timeout)]
    public async Task Deleting_is_the_same_twice_and_where_nothing_was_and_the_key_can_be_used_again()
    {
        var store = Open();
        var picture = Folder.Picture(10);
        Assert.Null(await store.DeleteAsync(Key(), Cancellation));
        await PutAsync(store, Key(), Folder.Picture(20));

        Assert.Null(await store.DeleteAsync(Key(), Cancellation));
        Assert.Null(await store.DeleteAsync(Key(), Cancellation));

        Assert.Equal(PutOutcome.Stored, await PutAsync(store, Key(), picture));
        Assert.Equal(picture.Bytes, await ReadAsync(store, Key()));
    }

    [Fact(Timeout = Timeout)]
    public async Task A_file_that_is_missing_or_of_another_length_is_not_stored()
    {
        var store = Open();
        var picture = Folder.Picture(1_000);
        var longer = picture.Properties with { Length = 1_001 };

        var cut = await store.PutAsync(Key(), picture.File, longer, Cancellation);
        var missing = await store.PutAsync(Key(), picture.File + ".gone", picture.Properties, Cancellation);

        Assert.Equal(StoreFailureKind.SourceLost, cut.Failure?.Kind);
        Assert.Equal(StoreFailureKind.SourceLost, missing.Failure?.Kind);
        Assert.Contains("1000 bytes instead of 1001", cut.Failure!.Message, StringComparison.Ordinal);
        Assert.Null((await store.OpenReadAsync(Key(), 0, null, Cancellation)).Value);
    }

    [Fact(Timeout = Timeout)]
    public async Task A_store_never_used_before_is_healthy()
    {
        Assert.Null(await Open().ProbeAsync(Cancellation));
    }

    private protected static async Task<PutOutcome> PutAsync(IImageStore store, StoreKey key, TestPicture picture) =>
        (await store.PutAsync(key, picture.File, picture.Properties, Cancellation)).Value;

    private protected static async Task<byte[]> ReadAsync(IImageStore store, StoreKey key)
    {
        var answer = await store.OpenReadAsync(key, 0, null, Cancellation);
        Assert.NotNull(answer.Value);
        await using var opened = answer.Value;
        var bytes = await BytesAsync(opened);
        Assert.Equal(opened.TotalLength, bytes.Length);
        return bytes;
    }

    private static async Task<byte[]> BytesAsync(StoredImage opened)
    {
        await using var image = opened;
        using var bytes = new MemoryStream();
        await image.Body.CopyToAsync(bytes, Cancellation);
        return bytes.ToArray();
    }

    public virtual void Dispose() => Folder.Dispose();
}
