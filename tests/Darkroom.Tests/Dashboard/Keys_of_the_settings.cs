using System.Net;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Dashboard;

public sealed class Keys_of_the_settings : IAsyncLifetime
{
    TestDatabase database = null!;
    SimulatorHost endpoint = null!;
    TestWorker worker = null!;
    Browser admin = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        endpoint = await SimulatorHost.StartAsync();
        worker = await TestWorker.StartAsync(database, endpoint, "Darkroom:Roles=api,dashboard");
        admin = new(worker.Address);
        using var entered = await admin.SignInAsync(TestWorker.AdminKey);
    }

    [Fact]
    public async Task A_key_works_to_the_end_of_its_last_day_in_UTC()
    {
        using var made = await CreateAsync("2099-12-31");

        Assert.Equal(HttpStatusCode.OK, made.StatusCode);
        Assert.Contains("works until <time datetime=\"2100-01-01T00:00:00Z\"", await made.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero), (await KeyAsync())!.ExpiresAt);
    }

    [Fact]
    public async Task A_key_without_a_last_day_works_for_ever()
    {
        using var made = await CreateAsync("");

        Assert.Contains("never", await made.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Null((await KeyAsync())!.ExpiresAt);
    }

    [Theory]
    [InlineData("2020-01-01")]
    [InlineData("soon")]
    [InlineData("9999-12-31")]
    public async Task A_last_day_that_is_over_or_none_makes_no_key(string day)
    {
        using var refused = await CreateAsync(day);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("last day must not be over", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Null(await KeyAsync());
    }

    async Task<HttpResponseMessage> CreateAsync(string day) => await admin.PostAsync(
        "/settings/keys", "/settings", ("name", "of the form"), ("project", await ProjectAsync()), ("scope", "read"), ("last_day", day));

    async Task<string> ProjectAsync()
    {
        await using var db = new Rows(database).CreateDbContext();
        return Worker.Api.WireId.Project.Format(await db.Projects.Select(p => p.Id).SingleAsync(Cancel));
    }

    async Task<ApiKey?> KeyAsync()
    {
        await using var db = new Rows(database).CreateDbContext();
        return await db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Name == "of the form", Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        admin.Dispose();
        await worker.DisposeAsync();
        await endpoint.DisposeAsync();
        await database.DisposeAsync();
    }
}
