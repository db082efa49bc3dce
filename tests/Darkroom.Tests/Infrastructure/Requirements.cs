using System.Diagnostics.CodeAnalysis;
using Xunit;

namespace Darkroom.Tests.Infrastructure;

/// <summary>
/// What some tests need and a machine may lack. Its tests are skipped aloud, or fail where the environment variable
/// <c>DARKROOM_TESTS_REQUIRE</c> (names between commas) says that the machine must have it.
/// </summary>
internal static class Requirements
{
    public const string Docker = "docker";
    public const string Browser = "browser";
    public const string Azurite = "azurite";
    public const string Node = "node";

    /// <summary>Ends the running test, as skipped or failed.</summary>
    /// <param name="requirement">One of the names above.</param>
    /// <param name="why">What is missing and how to get it, in a sentence.</param>
    [DoesNotReturn]
    public static void Missing(string requirement, string why)
    {
        if (IsRequired(requirement, Environment.GetEnvironmentVariable("DARKROOM_TESTS_REQUIRE")))
        {
            Assert.Fail($"DARKROOM_TESTS_REQUIRE names {requirement}, but: {why}");
        }

        Assert.Skip($"Needs {requirement}: {why}");
    }

    public static bool IsRequired(string requirement, string? required) =>
        (required ?? "").Split(',', StringSplitOptions.TrimEntries).Contains(requirement, StringComparer.OrdinalIgnoreCase);
}
