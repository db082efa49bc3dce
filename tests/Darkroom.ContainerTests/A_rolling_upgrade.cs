using Xunit;

namespace Darkroom.ContainerTests;

public sealed class A_rolling_upgrade
{
    const int Jobs = 300;

    static readonly Dictionary<string, string> NextVersion = new() { ["DARKROOM_IMAGE"] = Images.Next };

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_a_new_migration_under_load_breaks_off_no_call()
    {
        await using var stack = await Stack.UpAsync(workers: 2);
        var old = await stack.ContainersAsync("worker");
        var loading = Load.TrickleAsync(stack, Jobs, TimeSpan.FromMilliseconds(100), Ct);
        await stack.WaitUntilSucceededAsync(10);

        await stack.Compose.RunAsync(NextVersion, "run", "--rm", "--no-deps", "migrate");
        Assert.Equal(1, await stack.AskAsync("SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('darkroom.ix_jobs_note') AND indisvalid"));
        // A node of this version goes on, and may even start anew.
        await StopAsync(old[0]);
        await Command.RunAsync("docker", ["start", old[0]]);
        await stack.WaitUntilHealthyAsync(old);
        Assert.Contains("newer than this version", await Command.RunAsync("docker", ["logs", old[0]]), StringComparison.Ordinal);

        await stack.Compose.RunAsync(NextVersion, "up", "--detach", "--no-build", "--no-deps", "--no-recreate", "--scale", "worker=4", "worker");
        var successors = (await stack.ContainersAsync("worker")).Except(old).ToArray();
        await stack.WaitUntilHealthyAsync(successors);
        await Task.WhenAll(old.Select(StopAsync));
        await stack.Compose.RunAsync(NextVersion, "up", "--detach", "--no-build", "--no-deps", "api");
        await loading;
        await stack.WaitUntilSucceededAsync(Jobs);

        Assert.Equal(0, await stack.AskAsync("SELECT count(*) FROM darkroom.attempts WHERE status = 'unknown'"));
        await stack.AssertLedgerAsync(Jobs);

        await stack.ExecuteAsync("CREATE FUNCTION darkroom.serves_since() RETURNS text LANGUAGE sql AS $$ SELECT '99990101000000_Expand' $$");
        var refused = await stack.Compose.TryAsync(new Dictionary<string, string>(), "run", "--rm", "--no-deps", "worker");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("too new for this version", refused.Output + refused.Errors, StringComparison.Ordinal);
    }

    /// <summary>As an operator does, with the time that docker-compose.yml gives.</summary>
    static async Task StopAsync(string container)
    {
        await Command.RunAsync("docker", ["stop", "--time", "420", container]);
        Assert.Equal("0", (await Command.RunAsync("docker", ["inspect", "--format", "{{.State.ExitCode}}", container])).Trim());
    }
}
