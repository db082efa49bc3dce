using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Webhooks;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Webhooks;

/// <summary>One project's dead URL says nothing of another's, nor of another receiver behind the same host.</summary>
public sealed class Who_is_paced_together : IAsyncLifetime
{
    TestDatabase database = null!;
    Rows rows = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        rows = new Rows(database);
        await rows.SeedAsync();
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    [Fact]
    public async Task A_registered_receiver_by_itself_whatever_its_host()
    {
        var (first, second) = (await RegisterAsync("https://hooks.example/a"), await RegisterAsync("https://hooks.example/b"));
        var raised = await RaiseAsync(rows.Project, url: null);

        Assert.Equal([.. new[] { $"{first}", $"{second}" }.Order()], raised.Order());
    }

    [Fact]
    public async Task Own_URLs_of_one_project_at_one_origin_and_those_of_another_project_apart()
    {
        var other = Guid.CreateVersion7();
        await using (var db = rows.CreateDbContext())
        {
            db.Projects.Add(new Project { Id = other, Name = "other", CreatedAt = DateTimeOffset.UnixEpoch });
            await db.SaveChangesAsync(Ct);
        }

        Assert.Equal([$"{rows.Project} https://hooks.example:8443"], await RaiseAsync(rows.Project, "https://Hooks.example:8443/a?b=c"));
        Assert.Equal([$"{rows.Project} https://hooks.example:8443"], await RaiseAsync(rows.Project, "HTTPS://hooks.example:8443#d"));
        Assert.Equal([$"{other} https://hooks.example:8443"], await RaiseAsync(other, "https://hooks.example:8443/a"));
    }

    [Fact]
    public async Task No_URL_however_it_is_spelt_can_undo_the_transition_that_tells_it()
    {
        // More than an entry of the index holds, and no compression helps.
        var random = new Random(1);
        var far = string.Concat(Enumerable.Range(0, 2000).Select(_ => (char)random.Next(0x4e00, 0x9000)));

        foreach (var url in new[] { @"https://hooks.example\" + far, far, "" })
            Assert.StartsWith($"{rows.Project} ", Assert.Single(await RaiseAsync(rows.Project, url)), StringComparison.Ordinal);
    }

    async Task<Guid> RegisterAsync(string url)
    {
        await using var db = rows.CreateDbContext();
        var receiver = new WebhookEndpoint { Id = Guid.CreateVersion7(), ProjectId = rows.Project, Url = url, Events = WebhookEvents.All, Secret = [1] };
        db.WebhookEndpoints.Add(receiver);
        await db.SaveChangesAsync(Ct);
        return receiver.Id;
    }

    async Task<List<string>> RaiseAsync(Guid project, string? url)
    {
        var job = rows.NewJob(project, status: JobStatus.Canceled);
        await rows.AddAsync(job);
        await using var db = rows.CreateDbContext();
        await db.Database.ExecuteSqlAsync($"UPDATE darkroom.jobs SET webhook_url = {url} WHERE id = {job.Id}", Ct);
        await WebhookEvents.RaiseAsync(db, [job.Id], Ct);
        return await db.WebhookDeliveries.Where(d => d.JobId == job.Id).Select(d => d.Receiver).ToListAsync(Ct);
    }
}
