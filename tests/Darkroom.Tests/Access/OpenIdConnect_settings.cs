using Darkroom.Worker;
using Darkroom.Worker.Database;
using Xunit;

namespace Darkroom.Tests.Access;

public sealed class OpenIdConnect_settings
{
    const string Section = "Darkroom:Dashboard:OpenIdConnect";

    static readonly string[] Good = [$"--{Section}:Authority=https://sso.example.com/realms/studio", $"--{Section}:ClientId=darkroom", $"--{Section}:Grants:0:Role=*", $"--{Section}:Grants:0:May=read"];

    [Fact]
    public async Task Every_mistake_is_named_at_the_start()
    {
        var refusal = await Assert.ThrowsAsync<StartException>(() => WorkerApp.StartAsync(
        [
            $"--{Section}:Authority=http://sso.example.com", $"--{Section}:Name=", $"--{Section}:Scopes:0=two words", $"--{Section}:RoleClaim=", $"--{Section}:NameClaim= ",
            $"--{Section}:Grants:0:May=everything", $"--{Section}:Grants:0:Project=", $"--{Section}:SessionLifetime=00:01:00", $"--{Section}:RecheckAfter=00:00:01",
        ]));

        foreach (var words in new[]
        {
            $"{Section}:Authority must be an https URL (http only on this machine) without user, query or fragment, not 'http://sso.example.com'.",
            $"{Section}:ClientId must be the client id registered at the provider.", $"{Section}:Name must be 1 to 50 characters on one line.",
            $"{Section}:Scopes must be scopes without spaces, not 'two words'.", $"{Section}:RoleClaim must be the name of a claim.", $"{Section}:NameClaim must be the name of a claim.",
            $"{Section}:Grants:0:Role must be a role at the provider, or * for everyone.", $"{Section}:Grants:0:Project must be the name of a project.",
            $"{Section}:Grants:0:May must be read, submit or admin, not 'everything'.", $"{Section}:SessionLifetime must be 5 minutes to 7 days, not 00:01:00.",
            $"{Section}:RecheckAfter must be 1 minute to SessionLifetime, not 00:00:01.",
        })
            Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Grants:0:Role=leads", "Authority must be the provider's URL where ClientId or Grants are given.")]
    [InlineData("ClientId=darkroom", "Authority must be the provider's URL where ClientId or Grants are given.")]
    [InlineData("Authority=https://sso.example.com", "Grants must be at least one role and what it may: without one nobody could sign in.")]
    public async Task A_part_that_is_missing_is_named(string setting, string words)
    {
        var refusal = await Assert.ThrowsAsync<StartException>(() => WorkerApp.StartAsync([$"--{Section}:{setting}"]));

        Assert.Contains($"{Section}:{words}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Good_ones_are_not_mentioned()
    {
        var refusal = await Assert.ThrowsAsync<StartException>(() => WorkerApp.StartAsync(Good));

        Assert.DoesNotContain("OpenIdConnect", refusal.Message, StringComparison.Ordinal);
    }
}
