using Darkroom.Worker;
using Darkroom.Worker.Database;
using Xunit;

namespace Darkroom.Tests.Hosting;

public sealed class Starting_with_mistakes
{
    [Fact]
    public async Task Every_mistake_is_listed_by_its_full_name()
    {
        var refusal = await Assert.ThrowsAsync<StartException>(() => WorkerApp.StartAsync(
            ["--Darkroom:Worker:Slots=0", "--Darkroom:Auth:BootstrapKey=short", "--Darkroom:Storage:Provider=S3", "--Darkroom:Endpoints:0:BaseUrl=nowhere",
                "--Darkroom:Auth:RequestsPerMinute=0", "--Darkroom:Http:TrustedProxies:0=proxy", "--Kestrel:Certificates:Default:Path=nowhere.pem",
                "--Darkroom:Models:0:MaxN=11"]));

        foreach (var name in new[]
        {
            "ConnectionStrings:Darkroom", "Darkroom:Endpoints:0:ApiKey", "Darkroom:Endpoints:0:BaseUrl", "Darkroom:Auth:BootstrapKey",
            "Darkroom:Storage:Provider", "Darkroom:Worker:Slots", "Darkroom:Auth:RequestsPerMinute", "Darkroom:Http:TrustedProxies",
            "Kestrel:Certificates:Default", "Darkroom:Decoding:MaxPictures",
        })
            Assert.Contains(name, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_that_cannot_be_read_is_named()
    {
        var refusal = await Assert.ThrowsAsync<StartException>(() => WorkerApp.StartAsync(["--Darkroom:Worker:Slots=many"]));

        Assert.Contains("Darkroom:Worker:Slots", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cook")]
    [InlineData("migrate,api")]
    public async Task A_role_that_does_not_exist_or_does_not_go_with_others_is_refused(string roles)
    {
        var refusal = await Assert.ThrowsAsync<StartException>(() => WorkerApp.StartAsync([$"--Darkroom:Roles={roles}"]));

        Assert.Contains(roles, refusal.Message, StringComparison.Ordinal);
    }
}
