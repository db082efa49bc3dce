using System.Diagnostics.CodeAnalysis;
using Xunit;

namespace Darkroom.Tests.Infrastructure;

/// <summary>
/// What some tests need and not every machine has. Missing, it skips the test aloud; named in <c>DARKROOM_TESTS_REQUIRE</c> (between
/// commas), it fails it, so that a build server cannot lose tests unnoticed.
/// </summary>
internal static class Requirements
{
    public const string Docker = "docker";
    public const string Browser = "browser";
    public const string Azurite = "azurite";
    public const string Node = "node";
    public const string Prometheus = "prometheus";

    /// <summary>The right to mount a small file system, so that a disk can be filled.</summary>
    public const string Mount = "mount";

    const string Variable = "DARKROOM_TESTS_REQUIRE";

    /// <summary>Ends the running test, as skipped or failed.</summary>
    /// <param name="requirement">One of the names above.</param>
    /// <param name="why">What is missing and how to get it, in a sentence.</param>
    [DoesNotReturn]
    public static void Missing(string requirement, string why) =>
        Missing(requirement, why, Environment.GetEnvironmentVariable(Variable));

    [DoesNotReturn]
    internal static void Missing(string requirement, string why, string? required)
    {
        if ((required ?? "").Split(',', StringSplitOptions.TrimEntries).Contains(requirement, StringComparer.OrdinalIgnoreCase))
            Assert.Fail($"{Variable} names {requirement}, and it cannot be had: {why}");
        Assert.Skip($"Needs {requirement}: {why}");
    }
}
