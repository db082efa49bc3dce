using System.ComponentModel;

namespace Darkroom.ContainerTests;

/// <summary>docker-compose.yml as one project, by whichever Compose is there.</summary>
internal sealed class Compose(string project, IReadOnlyDictionary<string, string> settings)
{
    static readonly Lazy<Task<string[]>> Program = new(FindAsync);

    /// <summary>With settings that count for this call alone.</summary>
    public async Task<Command.Ended> TryAsync(IReadOnlyDictionary<string, string> more, params string[] arguments)
    {
        var (program, all) = await CallAsync(arguments);
        return await Command.TryAsync(program, all, Environment(more));
    }

    public async Task RunAsync(params string[] arguments) => await RunAsync(new Dictionary<string, string>(), arguments);

    public async Task RunAsync(IReadOnlyDictionary<string, string> more, params string[] arguments)
    {
        var (program, all) = await CallAsync(arguments);
        await Command.RunAsync(program, all, Environment(more));
    }

    async Task<(string Program, string[] Arguments)> CallAsync(string[] arguments)
    {
        var program = await Program.Value;
        return (program[0],
        [
            .. program[1..], "--project-name", project, "--project-directory", Images.Repository,
            "--env-file", Path.Combine(AppContext.BaseDirectory, "tests.env"),
            "--file", Path.Combine(Images.Repository, "docker-compose.yml"), "--file", Path.Combine(AppContext.BaseDirectory, "tests.yml"),
            .. arguments,
        ]);
    }

    Dictionary<string, string> Environment(IReadOnlyDictionary<string, string> more)
    {
        var all = new Dictionary<string, string>(settings);
        foreach (var (name, value) in more)
            all[name] = value;
        return all;
    }

    static async Task<string[]> FindAsync()
    {
        var plugin = await Command.TryAsync("docker", ["compose", "version"]);
        return plugin.ExitCode == 0 ? ["docker", "compose"] : ["docker-compose"];
    }
}
