using Xunit;
using Xunit.Sdk;

namespace Darkroom.Tests.Infrastructure;

public sealed class RequirementTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("browser, azurite")]
    public void What_is_missing_and_not_required_skips_the_test(string? required)
    {
        var outcome = OutcomeOf(required);

        Assert.Equal("$XunitDynamicSkip$Needs docker: no engine answers.", outcome.Message);
    }

    [Theory]
    [InlineData("docker")]
    [InlineData("browser, Docker")]
    public void What_is_missing_and_required_fails_the_test(string required)
    {
        Assert.IsType<FailException>(OutcomeOf(required));
    }

    /// <summary>Not by <c>Record.Exception</c>, which lets a skip through.</summary>
    static Exception OutcomeOf(string? required)
    {
        try
        {
            Requirement.Missing("docker", "no engine answers.", required);
        }
        catch (Exception e)
        {
            return e;
        }

        throw new InvalidOperationException("It neither skipped nor failed.");
    }
}
