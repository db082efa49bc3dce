using System.ComponentModel;
using Darkroom.ContainerTests;
using Darkroom.Tests.Infrastructure;
using Xunit;

[assembly: AssemblyFixture(typeof(Images))]

namespace Darkroom.ContainerTests;

/// <summary>This version's images and the next one's, built when the first test asks for them. Without an engine, tests are skipped.</summary>
public sealed class Images
{
    /// <summary>As tests.env has it.</summary>
    public const string This = "darkroom:tests";

    /// <summary>The version after it.</summary>
    public const string Next = "darkroom:tests-next";

    readonly Lazy<Task> built = new(BuildAsync);

    /// <summary>Where docker-compose.yml is.</summary>
    public static string Repository { get; } = FindRepository();

    public static async Task BuiltAsync()
    {
        if (await WhyNotAsync() is { } reason)
            Requirements.Missing(Requirements.Docker, reason);
        await (await TestContext.Current.GetFixture<Images>())!.built.Value;
    }

    static async Task<string?> WhyNotAsync()
    {
        try
        {
            var info = await Command.TryAsync("docker", ["info"]);
            return info.ExitCode == 0 ? null : $"no engine answers: {info.Errors.Trim().Split('\n')[^1]}";
        }
        catch (Win32Exception)
        {
            return "the command docker is not there.";
        }
    }

    static async Task BuildAsync()
    {
        await new Compose("darkroom-build", new Dictionary<string, string>()).RunAsync("build");
        await Command.RunAsync("docker", ["build", "--tag", Next, Path.Combine(AppContext.BaseDirectory, "NextVersion")]);
    }

    static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Worker.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run within the repository, whose docker-compose.yml they try.");
        return folder.FullName;
    }
}
