using System.Security.Cryptography;
using System.Text.Json;
using Darkroom.Cli.Downloading;
using Darkroom.Client;
using Xunit;

namespace Darkroom.Tests.Cli;

public sealed class Downloading_pictures
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pictures_come_whole_and_checked_with_a_table_of_them_and_come_once()
    {
        await using var server = await CliServer.StartAsync();
        var one = await server.Darkroom.SubmitAsync(new() { Model = "gpt-image-1.5", Prompt = "a \"red\" door,\ntwo lines", N = 2, CustomId = "door" }, cancellationToken: Cancel);
        var two = await server.Darkroom.SubmitAsync(new() { Model = "gpt-image-1.5", Prompt = "a cat" }, cancellationToken: Cancel);

        var watched = await server.RunAsync(Cancel, "watch", one.Id, two.Id);
        var first = await server.RunAsync(Cancel, "download", one.Id, two.Id, "--output", server.Output);
        var second = await server.RunAsync(Cancel, "download", one.Id, two.Id, "--output", server.Output, "--json");

        Assert.True(watched.ExitCode == 0 && watched.Out.Contains($"{one.Id} succeeded: 2 pictures, $", StringComparison.Ordinal), watched.All);
        Assert.True(first.ExitCode == 0 && first.Out.StartsWith("3 pictures fetched into ", StringComparison.Ordinal), first.All);
        Assert.Equal((0, 3), Fetched(second));
        one = await server.Darkroom.GetJobAsync(one.Id, Cancel);
        Assert.Equal(
            ["door-0.png", "door-1.png", $"{two.Id}-0.png", "manifest.csv"],
            Directory.GetFiles(server.Output).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(one.Images[1].Sha256, await Sha256Async(Path.Combine(server.Output, "door-1.png")));
        var manifest = await File.ReadAllTextAsync(Path.Combine(server.Output, "manifest.csv"), Cancel);
        Assert.Contains($"door,{one.Id},succeeded,0,door-0.png,image/png,{one.Images[0].Bytes},", manifest, StringComparison.Ordinal);
        Assert.Contains("\"a \"\"red\"\" door,\ntwo lines\"", manifest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_download_goes_on_and_what_is_wrong_is_fetched_anew()
    {
        await using var server = await CliServer.StartAsync();
        var job = await server.Darkroom.SubmitAsync(new() { Model = "gpt-image-1.5", Prompt = "a red door", N = 4, CustomId = "x" }, cancellationToken: Cancel);
        await server.RunAsync(Cancel, "watch", job.Id);
        await server.RunAsync(Cancel, "download", job.Id, "-o", server.Output);
        string[] files = [.. Enumerable.Range(0, 4).Select(i => Path.Combine(server.Output, $"x-{i}.png"))];
        var right = await Task.WhenAll(files.Select(Sha256Async));
        // Broken off; broken off with other bytes; changed afterwards.
        File.Move(files[0], files[0] + ".partial");
        Change(files[0] + ".partial", file => file.SetLength(file.Length / 2));
        File.Move(files[1], files[1] + ".partial");
        Change(files[1] + ".partial", file => { file.SetLength(file.Length / 2); file.WriteByte(0); });
        Change(files[2], file => file.WriteByte(0));

        var run = await server.RunAsync(Cancel, "download", job.Id, "-o", server.Output, "--json");

        Assert.Equal((3, 1), Fetched(run));
        Assert.Equal(right, await Task.WhenAll(files.Select(Sha256Async)));
        Assert.Equal(5, Directory.GetFiles(server.Output).Length);
    }

    [Fact]
    public async Task A_picture_that_is_gone_is_told_and_the_others_come()
    {
        await using var server = await CliServer.StartAsync();
        var job = await server.Darkroom.SubmitAsync(new() { Model = "gpt-image-1.5", Prompt = "a red door", N = 2, CustomId = "x" }, cancellationToken: Cancel);
        await server.RunAsync(Cancel, "watch", job.Id);
        File.Delete(Directory.GetFiles(server.Images, "0.png", SearchOption.AllDirectories).Single());

        var run = await server.RunAsync(Cancel, "download", job.Id, "-o", server.Output);

        Assert.Equal(6, run.ExitCode);
        Assert.Contains($"{job.Id}, picture 0: ", run.Error, StringComparison.Ordinal);
        Assert.Equal(["manifest.csv", "x-1.png"], Directory.GetFiles(server.Output).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task What_is_not_there_is_refused_and_leaves_nothing()
    {
        await using var server = await CliServer.StartAsync();

        var run = await server.RunAsync(Cancel, "download", "job_x", "-o", server.Output);

        Assert.Equal((1, "There is no job 'job_x' in this project.\n"), (run.ExitCode, run.Error));
        Assert.Empty(Directory.GetFileSystemEntries(server.Output));
    }

    [Theory]
    [InlineData("sku-12", "sku-12-0.png")]
    [InlineData("../../etc/passwd", "_.._etc_passwd-0.png")]
    [InlineData("..", "_-0.png")]
    [InlineData("C:\\x\u0007", "C__x_-0.png")]
    [InlineData("aux.txt", "_aux.txt-0.png")]
    [InlineData("größe 1", "größe_1-0.png")]
    public void A_name_stays_in_its_folder_on_every_system(string customId, string expected) =>
        Assert.Equal([expected], new FileNames().Of(Named(customId, "job_1")));

    [Fact]
    public void No_two_jobs_share_a_name()
    {
        var names = new FileNames();

        string[] all = [.. names.Of(Named("A b", "job_1")), .. names.Of(Named("a_B", "job_2")), .. names.Of(Named("a_B", "job_3"))];

        Assert.Equal(["A_b-0.png", "a_B-job_2-0.png", "a_B-job_3-0.png"], all);
    }

    static Job Named(string customId, string id) => SampleJob.With(new JobImage(0, "", "image/png", 1, "", 1, 1), id) with { CustomId = customId };

    static (int Fetched, int AlreadyHere) Fetched(CommandRun run)
    {
        var report = JsonDocument.Parse(run.Out).RootElement;
        return (report.GetProperty("fetched").GetInt32(), report.GetProperty("already_here").GetInt32());
    }

    static void Change(string path, Action<FileStream> change)
    {
        using var file = File.Open(path, FileMode.Open);
        change(file);
    }

    static async Task<string> Sha256Async(string path)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, Cancel));
    }
}
