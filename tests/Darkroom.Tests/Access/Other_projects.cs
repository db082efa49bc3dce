using System.Net;
using Darkroom.Client;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Darkroom.Tests.Webhooks;
using Darkroom.Worker.Access;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Access;

/// <summary>Every route of the running worker, asked by one project for what another has. A route that is added is asked too.</summary>
public sealed class Other_projects : IAsyncLifetime
{
    TestDatabase database = null!;
    SimulatorHost endpoint = null!;
    TestReceiver receiver = null!, eavesdropper = null!;
    TestWorker worker = null!;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        endpoint = await SimulatorHost.StartAsync(o => (o.LatencyScale, o.MinPictureBytes, o.MaxPictureBytes) = (0, 0, 0));
        (receiver, eavesdropper) = (await TestReceiver.StartAsync(), await TestReceiver.StartAsync());
        worker = await TestWorker.StartAsync(database, endpoint, "Darkroom:Webhooks:AllowHttp=true", "Darkroom:Webhooks:AllowedNetworks:0=127.0.0.0/8");
        using var others = new DarkroomClient(worker.Address, TestWorker.AdminKey);
        await others.RegisterWebhookAsync(new() { Url = eavesdropper.Url }, Cancel);
    }

    [Theory(Timeout = 180_000)]
    [InlineData(Scopes.Submit, Scopes.Read)]
    [InlineData(Scopes.Admin)]
    public async Task See_and_change_nothing_by_any_route(params string[] scopes)
    {
        var owner = await ProjectWithWork.MakeAsync(worker, database, receiver.Url, Cancel);
        var before = await owner.RowsAsync(database, Cancel);
        using var admin = new DarkroomClient(worker.Address, TestWorker.AdminKey);
        var intruder = (await admin.CreateApiKeyAsync(new() { Name = "intruder", Scopes = scopes }, Cancel)).Key!;
        // What concerns all projects is an administrator's business, and nobody else's.
        var visits = RouteWalk.Of(worker, owner).Where(v => !v.IsAdministrators || !scopes.Contains(Scopes.Admin)).ToList();

        await RouteWalk.MakeAsync(worker, intruder, visits, async (visit, answer) =>
        {
            var text = await answer.Content.ReadAsStringAsync(Cancel);
            var seen = $"{visit}: {(int)answer.StatusCode} {text}";
            Assert.False(text.Contains(ProjectWithWork.Word, StringComparison.Ordinal), seen);
            if (visit.IsAdministrators)
                Assert.True(answer.StatusCode == HttpStatusCode.Forbidden || answer.Headers.Location?.AbsolutePath == Sessions.SignInPath, seen);
            else if (visit.NamesIds)
                // A form may lead back to its page whatever it found; that it changed nothing is seen below.
                Assert.True(answer.StatusCode == HttpStatusCode.NotFound || (visit.IsPage && visit.Method == "POST" && answer.StatusCode == HttpStatusCode.Found), seen);
            else
                Assert.All(owner.Ids.Values, id => Assert.False(text.Contains(id, StringComparison.Ordinal), seen));
        });

        Assert.Equal(before, await owner.RowsAsync(database, Cancel));
        // The owner's same calls find what they name: the ids are good, and it was for the project's sake that others found nothing.
        // Only the API deletes here: nothing can be deleted twice.
        var own = visits.Where(v => v.NamesIds && !v.IsAdministrators && !(v.Deletes && v.IsPage)).ToList();
        Assert.True(own.Count >= 20, $"only {own.Count} calls name an id");
        await RouteWalk.MakeAsync(worker, owner.Key, own, (visit, answer) =>
        {
            Assert.True(answer.StatusCode < HttpStatusCode.InternalServerError, $"{visit}: {(int)answer.StatusCode}");
            Assert.True(answer.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized), $"{visit}: {(int)answer.StatusCode}");
            return Task.CompletedTask;
        });
    }

    /// <summary>Whatever they have registered.</summary>
    [Fact(Timeout = 180_000)]
    public async Task Are_told_nothing_by_webhook()
    {
        var owner = await ProjectWithWork.MakeAsync(worker, database, receiver.Url, Cancel);

        Assert.NotEmpty(receiver.All);
        Assert.Empty(eavesdropper.All);
        await using var db = new Rows(database).CreateDbContext();
        Assert.Equal([owner.Id], await db.WebhookDeliveries.Select(d => d.ProjectId).Distinct().ToListAsync(Cancel));
    }

    public async ValueTask DisposeAsync()
    {
        await worker.DisposeAsync();
        await eavesdropper.DisposeAsync();
        await receiver.DisposeAsync();
        await endpoint.DisposeAsync();
        await database.DisposeAsync();
    }
}
