using Darkroom.Demo;
using Xunit;

namespace Darkroom.Tests.Demo;

public sealed class The_command_line
{
    [Theory]
    [InlineData("--jobs 0", "--jobs must be 1 to 10000")]
    [InlineData("--endpoint nowhere", "must be an http or https address")]
    [InlineData("--endpoint ftp://host", "must be an http or https address")]
    [InlineData("--nonsense", "--nonsense")]
    public void A_mistake_is_named_and_nothing_starts(string arguments, string expected)
    {
        var errors = DemoCommand.Create().Parse(arguments.Split(' ')).Errors;

        Assert.Contains(errors, error => error.Message.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_need_be_said() => Assert.Empty(DemoCommand.Create().Parse([]).Errors);
}
