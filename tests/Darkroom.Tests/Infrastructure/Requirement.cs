using Xunit;

namespace Darkroom.Tests.Infrastructure;

/// <summary>
/// What some tests need and not every machine has. Missing, it skips the test aloud; named in <c>DARKROOM_TESTS_REQUIRE</c>
/// (comma-separated: docker, browser, azurite, node), it fails it, so that a build server cannot lose tests unnoticed.
/// </summary>
internal static class Requirement
{
    const string Variable = "DARKROOM_TESTS_REQUIRE";

    public static void Missing(string what, string why) =>
        Missing(what, why, Environment.GetEnvironmentVariable(Variable));

    internal static void Missing(string what, string why, string? required)
    {
        var names = (required ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.Contains(what, StringComparer.OrdinalIgnoreCase))
        {
            Assert.Fail($"{Variable} names {what}, and it cannot be had: {why}");
        }

        Assert.Skip($"Needs {what}: {why}");
    }
}
