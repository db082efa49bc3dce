using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Darkroom.CrashTests;

/// <summary>
/// Three nodes under load while one after the other is killed, frozen or stopped and their Postgres restarted, at random instants.
/// <c>DARKROOM_SOAK_MINUTES</c> says for how long, <c>DARKROOM_SOAK_SEED</c> with which dice; the table is printed.
/// </summary>
public sealed class Killed_at_random
{
    static readonly string Seed = Environment.GetEnvironmentVariable("DARKROOM_SOAK_SEED") ?? "1";

    static readonly TimeSpan Short = TimeSpan.FromSeconds(25);

    readonly Random random = new(int.Parse(Seed, CultureInfo.InvariantCulture));
    readonly Dictionary<string, int> chaos = [];
    readonly List<(string Node, DateTimeOffset At)> kills = [];
    readonly List<TimeSpan> takeovers = [];

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Under_load_no_job_is_lost_no_result_doubled_and_no_call_without_its_attempt()
    {
        var duration = double.TryParse(Environment.GetEnvironmentVariable("DARKROOM_SOAK_MINUTES"), CultureInfo.InvariantCulture, out var minutes)
            ? TimeSpan.FromMinutes(minutes) : Short;
        await using var cluster = await CrashCluster.StartWithPostgresAsync();
        (cluster.Endpoint.Options.LatencyMin, cluster.Endpoint.Options.LatencyMax) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(3));
        (cluster.Endpoint.Faults.Rate["http_500"], cluster.Endpoint.Faults.Rate["reset_mid_body"]) = (0.01, 0.01);
        await Task.WhenAll(cluster.StartWorkerAsync(), cluster.StartWorkerAsync(), cluster.StartWorkerAsync());

        using var time = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        time.CancelAfter(duration);
        var load = new Load(cluster, maxUnknownAttempts: 20);
        var loading = load.RunAsync(TimeSpan.FromMilliseconds(100), int.MaxValue, time.Token);
        await DisturbAsync(cluster, time.Token);
        await loading;
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.jobs WHERE status IN ('queued', 'running')", 0);
        await cluster.WaitForNoOpenCallsAsync();

        var report = await ReportAsync(cluster, load.Submitted, duration);
        TestContext.Current.TestOutputHelper!.WriteLine(report.ToString());
        if (duration != Short)
            Console.WriteLine(report);
        Assert.True(report is { Lost: 0, Doubled: 0, Difference: 0, Failed: 0 }, report.ToString());
        Assert.Equal(report.Submitted, await cluster.AskAsync("SELECT count(*) FROM darkroom.jobs"));
    }

    async Task DisturbAsync(CrashCluster cluster, CancellationToken until)
    {
        try
        {
            while (true)
            {
                using var pause = new PeriodicTimer(TimeSpan.FromSeconds(1 + (3 * random.NextDouble())));
                await pause.WaitForNextTickAsync(until);
                var victim = cluster.Workers[random.Next(cluster.Workers.Count)];
                var dice = random.Next(100);
                if (dice < 55)
                    await KillAsync(cluster, victim);
                else if (dice < 75)
                    await FreezeAsync(victim);
                else if (dice < 90)
                    await StopAsync(cluster, victim);
                else
                    await RestartPostgresAsync(cluster);
            }
        }
        catch (OperationCanceledException) when (until.IsCancellationRequested)
        {
        }
    }

    async Task KillAsync(CrashCluster cluster, WorkerProcess victim)
    {
        Count("kills");
        kills.Add((victim.Name, DateTimeOffset.UtcNow));
        await victim.KillAsync();
        cluster.Replace(victim);
    }

    /// <summary>For less or more than the rescue time.</summary>
    async Task FreezeAsync(WorkerProcess victim)
    {
        Count("freezes");
        await victim.FreezeAsync();
        using (var frozen = new PeriodicTimer(TimeSpan.FromSeconds(1 + (7 * random.NextDouble()))))
            await frozen.WaitForNextTickAsync(Ct);
        await victim.ThawAsync();
    }

    async Task StopAsync(CrashCluster cluster, WorkerProcess victim)
    {
        Count("stops");
        // Before it is up there is nobody to stop in order.
        await victim.WaitForReadinessAsync(ready: true, Ct);
        var admitted = await cluster.AdmittingAsync() == victim.Name;
        var stopping = victim.TerminateAsync(Ct);
        if (admitted)
            await MeasureTakeoverAsync(cluster, victim.Name);
        Assert.True(await stopping == 0, victim.Output);
        cluster.Replace(victim);
    }

    async Task MeasureTakeoverAsync(CrashCluster cluster, string stopping)
    {
        var since = Stopwatch.GetTimestamp();
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await cluster.AdmittingAsync() is not { } next || next == stopping)
            await ticks.WaitForNextTickAsync(Ct);
        takeovers.Add(Stopwatch.GetElapsedTime(since));
    }

    async Task RestartPostgresAsync(CrashCluster cluster)
    {
        Count("restarts of Postgres");
        await cluster.RestartPostgresAsync();
    }

    void Count(string what) => chaos[what] = chaos.GetValueOrDefault(what) + 1;

    async Task<SoakReport> ReportAsync(CrashCluster cluster, int submitted, TimeSpan duration)
    {
        var calls = cluster.Endpoint.Account.Calls.Select(call => call.ClientRequestId!).ToHashSet();
        var attempts = await cluster.IdsAsync("SELECT id::text FROM darkroom.attempts WHERE status <> 'undelivered'");
        var unknown = await cluster.IdsAsync("SELECT id::text FROM darkroom.attempts WHERE status = 'unknown'");
        var rescues = new List<TimeSpan>();
        foreach (var (node, at) in kills)
            rescues.AddRange(await cluster.RescuesAsync(node, at));
        return new SoakReport
        {
            Duration = duration,
            Seed = Seed,
            Chaos = chaos,
            Submitted = submitted,
            Succeeded = await cluster.AskAsync("SELECT count(*) FROM darkroom.jobs WHERE status = 'succeeded'"),
            Failed = await cluster.AskAsync("SELECT count(*) FROM darkroom.jobs WHERE status = 'failed'"),
            Held = await cluster.AskAsync("SELECT count(*) FROM darkroom.jobs WHERE status = 'held'"),
            HeldBecause = await cluster.IdsAsync("SELECT error_code || ': ' || error_message FROM darkroom.jobs WHERE status = 'held'"),
            Doubled = await cluster.AskAsync("""
                SELECT count(*) FROM darkroom.jobs AS j WHERE status = 'succeeded'
                AND ((SELECT count(*) FROM darkroom.images WHERE job_id = j.id) <> 1
                  OR (SELECT count(*) FROM darkroom.attempts WHERE job_id = j.id AND status = 'succeeded') <> 1)
                """),
            Calls = cluster.Endpoint.Account.Calls.Count,
            AttemptsOfCalls = attempts.Count(calls.Contains),
            NeverArrived = unknown.Count(id => !calls.Contains(id)),
            Rescues = rescues,
            Takeovers = takeovers,
        };
    }
}
