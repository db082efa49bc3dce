using System.Diagnostics;
using Darkroom.Worker.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darkroom.Tests.Storage;

public sealed class File_system_store : ImageStoreConformance
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private string? _mount;

    private string Root => Path.Combine(Folder.Path, "images");

    private string Incoming => Path.Combine(Root, ".incoming");

    private protected override IImageStore Open() => Open(Root);

    private FileSystemImageStore Open(string root) =>
        new(Options.Create(new StorageOptions { MaxConcurrentWrites = Writes, FileSystem = { Root = root } }), _clock, NullLogger<FileSystemImageStore>.Instance);

    [Fact(Timeout = Timeout)]
    public async Task Pictures_are_plain_files_named_by_their_key_and_nothing_else_remains()
    {
        var picture = Folder.Picture(1_000);

        await PutAsync(Open(), Key(3, "webp"), picture);

        Assert.Equal(picture.Bytes, await File.ReadAllBytesAsync(Path.Combine(Root, Key(3, "webp").Path), Cancellation));
        Assert.Single(Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories));
    }

    [Fact(Timeout = Timeout)]
    public async Task A_put_that_fails_between_writing_and_naming_leaves_nothing()
    {
        var store = Open();
        var picture = Folder.Picture(1_000);
        await store.ProbeAsync(Cancellation);
        var inTheWay = Path.Combine(Root, Key().Project.ToString("N"));
        await File.WriteAllTextAsync(inTheWay, "a file where a folder should be", Cancellation);

        var answer = await store.PutAsync(Key(), picture.File, picture.Properties, Cancellation);

        Assert.Equal(StoreFailureKind.Unavailable, answer.Failure?.Kind);
        Assert.Empty(Directory.EnumerateFiles(Incoming));
        File.Delete(inTheWay);
        Assert.Equal(PutOutcome.Stored, await PutAsync(store, Key(), picture));
    }

    [Fact(Timeout = Timeout)]
    public async Task What_a_dead_process_left_half_written_is_swept_after_an_hour_and_what_a_live_one_is_writing_stays()
    {
        Directory.CreateDirectory(Incoming);
        string dead = Path.Combine(Incoming, "dead"), live = Path.Combine(Incoming, "live");
        await File.WriteAllTextAsync(dead, "half", Cancellation);
        var store = Open();

        await PutAsync(store, Key(0), Folder.Picture(10));
        Assert.True(File.Exists(dead), "an hour has not passed");

        _clock.Advance(TimeSpan.FromMinutes(61));
        await File.WriteAllTextAsync(live, "half", Cancellation);
        File.SetLastWriteTimeUtc(live, _clock.GetUtcNow().UtcDateTime);
        await PutAsync(store, Key(1), Folder.Picture(10));

        Assert.False(File.Exists(dead));
        Assert.True(File.Exists(live));
        Assert.Null((await store.OpenReadAsync(Key(2), 0, null, Cancellation)).Value);
    }

    [Fact(Timeout = Timeout)]
    public async Task The_last_picture_deleted_takes_its_folders_with_it()
    {
        var store = Open();
        await PutAsync(store, Key(0), Folder.Picture(10));
        await PutAsync(store, Key(1), Folder.Picture(10));

        await store.DeleteAsync(Key(0), Cancellation);
        Assert.True(Directory.Exists(Path.Combine(Root, Key().Project.ToString("N"))));

        await Task.WhenAll(store.DeleteAsync(Key(1), Cancellation), Open().DeleteAsync(Key(1), Cancellation));
        Assert.Equal([Incoming], Directory.EnumerateFileSystemEntries(Root));
    }

    [Fact(Timeout = Timeout)]
    public async Task A_root_that_vanishes_under_a_running_process_is_a_failure_and_not_made_anew()
    {
        var store = Open();
        var picture = Folder.Picture(10);
        await PutAsync(store, Key(), picture);
        Directory.Move(Root, Root + ".unmounted");

        var put = await store.PutAsync(Key(1), picture.File, picture.Properties, Cancellation);
        var read = await store.OpenReadAsync(Key(), 0, null, Cancellation);
        var probe = await store.ProbeAsync(Cancellation);

        Assert.All([put.Failure, read.Failure, probe], failure => Assert.Equal(StoreFailureKind.Unavailable, failure?.Kind));
        Assert.False(Directory.Exists(Root));
        Directory.Move(Root + ".unmounted", Root);
        Assert.Equal(picture.Bytes, await ReadAsync(store, Key()));
        Assert.Equal(PutOutcome.Stored, await PutAsync(store, Key(1), picture));
    }

    [Fact(Timeout = Timeout)]
    public async Task A_root_that_may_not_be_written_is_denied_in_words_that_name_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs /sys, where not even root may make a folder.");
        var store = Open("/sys/darkroom");
        var picture = Folder.Picture(10);

        var put = await store.PutAsync(Key(), picture.File, picture.Properties, Cancellation);
        var read = await store.OpenReadAsync(Key(), 0, null, Cancellation);
        var deleted = await store.DeleteAsync(Key(), Cancellation);
        var probe = await store.ProbeAsync(Cancellation);

        Assert.All([put.Failure, read.Failure, deleted, probe], failure =>
        {
            Assert.Equal(StoreFailureKind.Denied, failure?.Kind);
            Assert.StartsWith("The image folder /sys/darkroom cannot be used: ", failure!.Message, StringComparison.Ordinal);
        });
    }

    [Fact(Timeout = Timeout)]
    public async Task A_full_disk_is_a_failure_that_passes_when_there_is_room_again()
    {
        await MountTinyDiskAsync();
        var store = Open();
        var filler = Path.Combine(Root, "filler");
        var picture = Folder.Picture(300_000);
        await PutAsync(store, Key(0), Folder.Picture(400_000));
        await FillAsync(filler);

        var put = await store.PutAsync(Key(1), picture.File, picture.Properties, Cancellation);
        var probe = await store.ProbeAsync(Cancellation);

        Assert.Equal(StoreFailureKind.Full, put.Failure?.Kind);
        Assert.Equal(StoreFailureKind.Full, probe?.Kind);
        Assert.True(probe!.MayPass);
        Assert.Empty(Directory.EnumerateFiles(Incoming));
        File.Delete(filler);
        Assert.Null(await store.ProbeAsync(Cancellation));
        Assert.Equal(PutOutcome.Stored, await PutAsync(store, Key(1), picture));
    }

    [Fact]
    public void Has_no_signed_links() => Assert.Null(Open().SignedUrl(Key(), TimeSpan.FromMinutes(5)));

    private async Task MountTinyDiskAsync()
    {
        Directory.CreateDirectory(Root);
        var mounted = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && await RunAsync("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", Root) == 0;
        Assert.SkipUnless(mounted, "Needs a disk small enough to fill: root on Linux, allowed to mount one.");
        _mount = Root;
    }

    private static async Task FillAsync(string file)
    {
        try
        {
            await File.WriteAllBytesAsync(file, new byte[2 << 20], Cancellation);
        }
        catch (IOException)
        {
            return;
        }

        Assert.Fail("2 MB fitted on a disk of 1 MB.");
    }

    private static async Task<int> RunAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    public override void Dispose()
    {
        if (_mount is not null)
        {
            using var umount = Process.Start("umount", ["-l", _mount]);
            umount.WaitForExit();
        }

        base.Dispose();
    }
}
