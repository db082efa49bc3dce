using Xunit;
using Xunit.Sdk;

namespace Darkroom.Tests.Infrastructure;

public sealed class RequirementsTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("browser, azurite")]
    [InlineData("docker-2")]
    public void What_is_missing_and_not_required_skips_the_test(string? required) =>
        Assert.Equal("$XunitDynamicSkip$Needs docker: no engine answers.", OutcomeOf(required).Message);

    [Theory]
    [InlineData("docker")]
    [InlineData("browser, Docker")]
    public void What_is_missing_and_required_fails_the_test(string required) => Assert.IsType<FailException>(OutcomeOf(required));

    /// <summary>Not by <c>Record.Exception</c>, which lets a skip through.</summary>
    static Exception OutcomeOf(string? required)
    {
        try
        {
            Requirements.Missing(Requirements.Docker, "no engine answers.", required);
        }
        catch (Exception e)
        {
            return e;
        }
        throw new InvalidOperationException("It neither skipped nor failed.");
    }
}
