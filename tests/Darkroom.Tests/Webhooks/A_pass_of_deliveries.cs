using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Execution;
using Darkroom.Worker.Webhooks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Webhooks;

/// <summary>Which deliveries are sent now.</summary>
public sealed class A_pass_of_deliveries : IAsyncLifetime
{
    static readonly WebhookOptions Settings = new() { Senders = 20, MaxInFlightPerReceiver = 6, MaxPerSecondPerReceiver = 8 };

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

    DeliveryPass Pass() => new(rows, new NodeIdentity(), Options.Create(Settings));

    [Fact]
    public async Task Twenty_dead_receivers_leave_half_of_the_senders_to_the_others()
    {
        for (var dead = 0; dead < 20; dead++)
            await AddAsync($"https://dead{dead}.example", 50, working: false);
        await AddAsync("https://healthy.example", 50, working: true);

        var tickets = await Pass().RunAsync(TimeSpan.FromSeconds(1), Ct);

        var receivers = await ReceiversAsync(tickets!);
        Assert.Equal(6, receivers["https://healthy.example"]);
        Assert.Equal(10, receivers.Where(r => r.Key.StartsWith("https://dead", StringComparison.Ordinal)).Sum(r => r.Value));
        Assert.All(receivers.Where(r => r.Key.StartsWith("https://dead", StringComparison.Ordinal)), r => Assert.Equal(1, r.Value));
    }

    [Fact]
    public async Task Receivers_that_answer_late_leave_half_of_the_senders_to_the_others_and_room_for_new_ones()
    {
        for (var slow = 0; slow < 4; slow++)
            await AddAsync($"https://slow{slow}.example", 50, working: true, slow: true);
        var pass = Pass();
        Assert.Equal(5, (await pass.RunAsync(TimeSpan.FromSeconds(1), Ct))!.Count);
        await AddAsync("https://healthy.example", 50, working: true, from: Young);
        for (var fresh = 0; fresh < 5; fresh++)
            await AddAsync($"https://new{fresh}.example", 50, working: false, from: Young);

        var tickets = await pass.RunAsync(TimeSpan.FromSeconds(1), Ct);

        var receivers = await ReceiversAsync(tickets!);
        Assert.Equal(6, receivers["https://healthy.example"]);
        Assert.Equal([.. Enumerable.Range(0, 5).Select(n => $"https://new{n}.example")], receivers.Keys.Where(r => r.StartsWith("https://new", StringComparison.Ordinal)).Order());
        Assert.DoesNotContain(receivers.Keys, r => r.StartsWith("https://slow", StringComparison.Ordinal));
        Assert.Equal(6, tickets!.Count(t => t.Working));
    }

    [Fact]
    public async Task Free_senders_go_first_to_whom_least_is_under_way()
    {
        for (var busy = 0; busy < 4; busy++)
            await AddAsync($"https://busy{busy}.example", 50, working: true);
        var pass = Pass();
        Assert.Equal(8, (await pass.RunAsync(TimeSpan.FromSeconds(0.25), Ct))!.Count);
        await AddAsync("https://young.example", 50, working: true, from: Young);

        var receivers = await ReceiversAsync((await pass.RunAsync(TimeSpan.FromSeconds(1), Ct))!);

        Assert.Equal(12, receivers.Values.Sum());
        Assert.Equal(4, receivers["https://young.example"]);
    }

    [Fact]
    public async Task A_receiver_that_asked_to_wait_gets_nothing_until_then_whichever_delivery_is_due()
    {
        await AddAsync("https://busy.example", 50, working: true, notBefore: DateTimeOffset.UtcNow.AddMinutes(10));
        await AddAsync("https://other.example", 1, working: true);
        var pass = Pass();

        Assert.Equal(["https://other.example"], (await ReceiversAsync((await pass.RunAsync(TimeSpan.FromSeconds(1), Ct))!)).Keys);
        await database.ShiftClockAsync(TimeSpan.FromMinutes(11));
        Assert.Equal(6, (await pass.RunAsync(TimeSpan.FromSeconds(1), Ct))!.Count);
    }

    [Fact]
    public async Task A_receiver_gets_so_many_a_second_and_so_many_at_once()
    {
        await AddAsync("https://one.example", 50, working: true);
        var pass = Pass();

        Assert.Equal(2, (await pass.RunAsync(TimeSpan.FromSeconds(0.25), Ct))!.Count);
        Assert.Equal(4, (await pass.RunAsync(TimeSpan.FromSeconds(10), Ct))!.Count);
        Assert.Empty((await pass.RunAsync(TimeSpan.FromSeconds(10), Ct))!);
    }

    [Fact]
    public void Deliveries_to_receivers_that_work_share_a_ticket_and_those_to_others_have_one_each()
    {
        DeliveryTicket[] tickets = [.. Enumerable.Range(0, 30).Select(n => new DeliveryTicket(Guid.NewGuid(), n, Working: n >= 4))];

        var together = DeliveryTicket.Together(tickets).ToList();

        Assert.Equal(tickets.ToHashSet(), together.SelectMany(t => t).ToHashSet());
        Assert.Equal([10, 10, 6, 1, 1, 1, 1], together.Select(t => t.Length));
        Assert.All(together, t => Assert.Single(t.Select(one => one.Working).Distinct()));
    }

    [Fact]
    public async Task A_ticket_that_was_lost_is_issued_again_and_the_old_one_does_nothing()
    {
        await AddAsync("https://one.example", 1, working: true);
        var pass = Pass();
        var lost = Assert.Single((await pass.RunAsync(TimeSpan.FromSeconds(1), Ct))!);
        await database.ShiftClockAsync(TimeSpan.FromMinutes(1));
        await pass.RunAsync(TimeSpan.FromSeconds(1), Ct);
        var again = Assert.Single((await pass.RunAsync(TimeSpan.FromSeconds(1), Ct))!);

        Assert.Equal((lost.Id, lost.Number + 1), (again.Id, again.Number));
        var log = new DeliveryLog(rows, Options.Create(Settings));
        Assert.Null(await log.ClaimAsync(lost.Id, lost.Number, Ct));
        Assert.NotNull(await log.ClaimAsync(again.Id, again.Number, Ct));
        Assert.Null(await log.ClaimAsync(again.Id, again.Number, Ct));
    }

    [Fact]
    public async Task One_node_at_a_time_sees_to_it()
    {
        await AddAsync("https://one.example", 1, working: true);
        Assert.NotNull(await Pass().RunAsync(TimeSpan.FromSeconds(1), Ct));
        Assert.Null(await Pass().RunAsync(TimeSpan.FromSeconds(1), Ct));
    }

    static readonly DateTimeOffset Young = DateTimeOffset.UnixEpoch.AddYears(1);

    async Task AddAsync(
        string receiver, int count, bool working, bool slow = false, DateTimeOffset? notBefore = null, DateTimeOffset? from = null)
    {
        await using var db = rows.CreateDbContext();
        db.WebhookReceivers.Add(new WebhookReceiver { Receiver = receiver, Working = working, Slow = slow, NotBefore = notBefore });
        for (var i = 0; i < count; i++)
        {
            db.WebhookDeliveries.Add(new WebhookDelivery
            {
                Id = Guid.CreateVersion7(),
                ProjectId = rows.Project,
                Url = receiver + "/hook",
                Receiver = receiver,
                Type = "job.succeeded",
                Status = WebhookStatus.Pending,
                DueAt = (from ?? DateTimeOffset.UnixEpoch).AddSeconds(i),
                CreatedAt = DateTimeOffset.UnixEpoch,
            });
        }
        await db.SaveChangesAsync(Ct);
    }

    async Task<Dictionary<string, int>> ReceiversAsync(List<DeliveryTicket> tickets)
    {
        var ids = tickets.Select(t => t.Id).ToArray();
        await using var db = rows.CreateDbContext();
        return await db.WebhookDeliveries.Where(d => ids.Contains(d.Id)).GroupBy(d => d.Receiver).ToDictionaryAsync(g => g.Key, g => g.Count(), Ct);
    }
}
