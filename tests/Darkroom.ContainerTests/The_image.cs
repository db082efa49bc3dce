using Xunit;

namespace Darkroom.ContainerTests;

public sealed class The_image
{
    [Fact]
    public async Task Runs_as_nobody_in_particular_writes_nothing_of_its_own_and_is_heard_on_this_machine_alone()
    {
        await using var stack = await Stack.UpAsync(workers: 1);
        var ours = await stack.ContainersAsync("worker");

        Assert.Equal("1654 true", await InspectAsync("{{.Config.User}} {{.HostConfig.ReadonlyRootfs}}", ours));
        var ports = await InspectAsync("{{range .NetworkSettings.Ports}}{{range .}}{{.HostIp}} {{end}}{{end}}", await stack.ContainersAsync());
        Assert.Equal("127.0.0.1", Assert.Single(ports.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Distinct()));
    }

    [Fact]
    public async Task Without_settings_lists_what_is_missing_and_ends()
    {
        await Images.BuiltAsync();

        var ended = await Command.TryAsync("docker", ["run", "--rm", "--read-only", Images.This]);

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("ConnectionStrings:Darkroom", ended.Errors, StringComparison.Ordinal);
        Assert.Contains("Darkroom:Endpoints:0:ApiKey", ended.Errors, StringComparison.Ordinal);
    }

    /// <summary>As docs/migrations.md tells administrators.</summary>
    [Fact]
    public async Task Serves_a_database_that_administrators_made_by_its_SQL_with_a_role_that_may_change_no_table()
    {
        await using var stack = await Stack.UpAsync(workers: 1);
        var postgres = Assert.Single(await stack.ContainersAsync("postgres"));
        var sql = await Command.RunAsync("docker", ["run", "--rm", Images.This, "migrate", "--script"]);
        await PsqlAsync(postgres, "darkroom", "CREATE DATABASE theirs");
        await PsqlAsync(postgres, "theirs", sql);
        await PsqlAsync(postgres, "theirs", sql);
        await PsqlAsync(postgres, "theirs", """
            CREATE ROLE worker LOGIN PASSWORD 'theirs';
            CREATE SCHEMA hangfire AUTHORIZATION worker;
            GRANT USAGE ON SCHEMA darkroom TO worker;
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA darkroom TO worker;
            """);

        var outside = new Dictionary<string, string> { ["DARKROOM_DATABASE"] = "Host=postgres;Database=theirs;Username=worker;Password=theirs" };
        var started = await stack.Compose.TryAsync(outside, "run", "--detach", "--no-deps", "worker");

        await stack.WaitUntilHealthyAsync(Stack.Lines(started.Output)[^1]);
    }

    static async Task PsqlAsync(string postgres, string database, string sql) => await Command.RunAsync(
        "docker", ["exec", "--interactive", postgres, "psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--username", "darkroom", "--dbname", database], input: sql);

    static async Task<string> InspectAsync(string format, string[] containers) =>
        (await Command.RunAsync("docker", ["inspect", "--format", format, .. containers])).Trim();
}
