using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Access;
using Darkroom.Worker.Execution;
using Darkroom.Worker.Observability;
using Darkroom.Worker.Webhooks;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Webhooks;

/// <summary>What is written of a delivery, and of its receiver for the next.</summary>
public sealed class What_a_delivery_leaves : IAsyncLifetime
{
    static readonly WebhookOptions Settings = new() { Schedule = [TimeSpan.Zero, TimeSpan.Zero] };

    TestDatabase database = null!;
    Rows rows = null!;
    DeliveryLog log = null!;
    ReceiverRegistry registry = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        rows = new Rows(database);
        await rows.SeedAsync();
        log = new DeliveryLog(rows, Options.Create(Settings));
        registry = new ReceiverRegistry(rows, new WebhookSecrets(rows, new EphemeralDataProtectionProvider()), Options.Create(Settings), TimeProvider.System);
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    [Fact]
    public async Task A_late_yes_makes_a_receiver_slow_and_a_soon_one_ends_that()
    {
        var receiver = await RegisterAsync();
        await AttemptAsync(await AddAsync(receiver), new(200, null, null, null), took: 14_000);
        Assert.Equal((true, true), await KnownAsync(receiver));
        await AttemptAsync(await AddAsync(receiver), new(200, null, null, null));
        Assert.Equal((true, false), await KnownAsync(receiver));
        await AttemptAsync(await AddAsync(receiver), DeliveryOutcome.Failed("No answer within 15 s."), took: 15_000);
        Assert.Equal((false, false), await KnownAsync(receiver));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Retry_After_holds_all_that_waits_for_the_receiver_a_resend_too_until_its_time(int status)
    {
        var receiver = await RegisterAsync();
        var (asked, other) = (await AddAsync(receiver), await AddAsync(receiver));
        await AttemptAsync(asked, new(status, "Not now.", null, TimeSpan.FromMinutes(10)));
        await log.ResendAsync(rows.Project, other, Ct);
        var pass = new DeliveryPass(rows, new NodeIdentity(), Options.Create(Settings));

        Assert.Empty((await pass.RunAsync(TimeSpan.FromSeconds(1), Ct))!);
        await database.ShiftClockAsync(TimeSpan.FromMinutes(9));
        Assert.Empty((await pass.RunAsync(TimeSpan.FromSeconds(1), Ct))!);
        await database.ShiftClockAsync(TimeSpan.FromMinutes(11));
        Assert.Equal(other, Assert.Single((await pass.RunAsync(TimeSpan.FromSeconds(1), Ct))!).Id);
    }

    [Fact]
    public async Task What_a_receiver_asked_to_wait_for_is_not_late()
    {
        var receiver = await RegisterAsync();
        var (asked, _) = (await AddAsync(receiver), await AddAsync(receiver));
        await database.ShiftClockAsync(TimeSpan.FromMinutes(5));
        Assert.InRange(await LatestAsync(), 290, 400);
        await AttemptAsync(asked, new(503, "Not now.", null, TimeSpan.FromMinutes(10)));
        Assert.Equal(0, await LatestAsync());

        async Task<double> LatestAsync()
        {
            await using var db = rows.CreateDbContext();
            var figures = await db.Database.SqlQuery<Figure>(ClusterFigures.Query(TimeSpan.FromSeconds(15))).ToListAsync(Ct);
            return figures.Single(f => f.What == "deliveries_oldest_due").Value;
        }
    }

    [Fact]
    public async Task A_shorter_wait_asked_for_by_another_answer_does_not_end_a_longer_one()
    {
        var receiver = await RegisterAsync();
        foreach (var seconds in new[] { 600, 1_000_000, 1 })
            await AttemptAsync(await AddAsync(receiver), new(429, "Not now.", null, TimeSpan.FromSeconds(seconds)));
        await using var db = rows.CreateDbContext();
        var until = (await db.WebhookReceivers.SingleAsync(r => r.Receiver == receiver.ToString(), Ct)).NotBefore!.Value - DateTimeOffset.UtcNow;

        Assert.InRange(until, TimeSpan.FromHours(23.9), TimeSpan.FromHours(24.1));
    }

    [Fact]
    public async Task Another_round_has_all_the_attempts_of_the_first_and_goes_on_counting()
    {
        var delivery = await AddAsync(await RegisterAsync());
        for (var attempt = 0; attempt < 3; attempt++)
            await AttemptAsync(delivery, DeliveryOutcome.Failed("reset"));
        Assert.Equal(WebhookStatus.Failed, (await FindAsync(delivery)).Status);

        await log.RecoverAsync(rows.Project, endpoint: null, DateTimeOffset.UnixEpoch, Ct);
        foreach (var status in new[] { WebhookStatus.Pending, WebhookStatus.Pending, WebhookStatus.Failed })
        {
            await AttemptAsync(delivery, DeliveryOutcome.Failed("reset"));
            Assert.Equal(status, (await FindAsync(delivery)).Status);
        }
        await using var db = rows.CreateDbContext();
        Assert.Equal([1, 2, 3, 4, 5, 6], await db.WebhookAttempts.Where(a => a.DeliveryId == delivery).OrderBy(a => a.Number).Select(a => a.Number).ToListAsync(Ct));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_waits_for_a_receiver_that_is_ended_is_given_up_at_once_without_an_answer_it_never_gave(bool delete)
    {
        var (ended, other) = (await RegisterAsync(), await RegisterAsync());
        await AttemptAsync(await AddAsync(ended), new(200, null, null, null));
        var waiting = new[] { await AddAsync(ended), await AddAsync(ended) };
        var untouched = await AddAsync(other);
        if (delete)
            Assert.True(await registry.DeleteAsync(rows.Project, ended, Actor.Configuration, Ct));
        else
            await registry.DisableAsync(rows.Project, ended, Actor.Configuration, Ct);

        foreach (var id in waiting)
        {
            var delivery = await FindAsync(id);
            Assert.Equal((WebhookStatus.Failed, null, 0), (delivery.Status, delivery.LastHttpStatus, delivery.Attempts));
            Assert.Equal(delete ? DeliveryLog.Deleted : DeliveryLog.Disabled, delivery.LastError);
            Assert.NotNull(delivery.FinishedAt);
        }
        Assert.Equal(WebhookStatus.Pending, (await FindAsync(untouched)).Status);
        Assert.Equal((true, false), await KnownAsync(ended));
    }

    [Fact]
    public async Task A_receiver_that_wants_nothing_more_takes_with_it_what_waits_for_it()
    {
        var receiver = await RegisterAsync();
        var (told, waits) = (await AddAsync(receiver), await AddAsync(receiver));
        await AttemptAsync(told, new(410, "The receiver answered 410.", null, null));

        Assert.Equal((410, "The receiver answered 410."), ((await FindAsync(told)).LastHttpStatus, (await FindAsync(told)).LastError));
        Assert.Equal((null, DeliveryLog.Disabled), ((await FindAsync(waits)).LastHttpStatus, (await FindAsync(waits)).LastError));
    }

    async Task<Guid> RegisterAsync() => (await registry.RegisterAsync(rows.Project, "https://hooks.example/a", WebhookEvents.All, Actor.Configuration, Ct)).Receiver.Id;

    async Task<Guid> AddAsync(Guid receiver) => (await registry.TestAsync(rows.Project, receiver, Ct))!.Id;

    /// <summary>As the runner does it.</summary>
    async Task AttemptAsync(Guid id, DeliveryOutcome outcome, int took = 100)
    {
        var due = await FindAsync(id);
        await using (var db = rows.CreateDbContext())
            await db.WebhookDeliveries.Where(d => d.Id == id).ExecuteUpdateAsync(set => set.SetProperty(d => d.IssuedAt, DateTimeOffset.UtcNow), Ct);
        var (delivery, _) = (await log.ClaimAsync(id, due.Ticket, Ct))!.Value;
        var attempt = new WebhookAttempt
        {
            Id = Guid.CreateVersion7(),
            DeliveryId = id,
            Number = delivery.Attempts + 1,
            DurationMs = took,
            HttpStatus = outcome.HttpStatus,
            Error = outcome.Error,
        };
        var next = DeliveryPolicy.Decide(outcome, attempt.Number - delivery.RoundFrom, Settings.Waits, random: 0);
        await log.RecordAsync(delivery, "{}", attempt, outcome, next, Ct);
    }

    async Task<WebhookDelivery> FindAsync(Guid id)
    {
        await using var db = rows.CreateDbContext();
        return await db.WebhookDeliveries.AsNoTracking().SingleAsync(d => d.Id == id, Ct);
    }

    async Task<(bool Working, bool Slow)> KnownAsync(Guid receiver)
    {
        await using var db = rows.CreateDbContext();
        var known = await db.WebhookReceivers.AsNoTracking().SingleAsync(r => r.Receiver == receiver.ToString(), Ct);
        return (known.Working, known.Slow);
    }
}
