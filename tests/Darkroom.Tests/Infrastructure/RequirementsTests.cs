using Xunit;

namespace Darkroom.Tests.Infrastructure;

public sealed class RequirementsTests
{
    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("docker,browser", false)]
    [InlineData("azurite-2", false)]
    [InlineData("azurite", true)]
    [InlineData("docker, Azurite ,browser", true)]
    public void What_is_named_between_commas_is_required(string? required, bool expected) =>
        Assert.Equal(expected, Requirements.IsRequired(Requirements.Azurite, required));
}
