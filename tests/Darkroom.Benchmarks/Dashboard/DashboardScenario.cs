using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Darkroom.Benchmarks.Capacity;

namespace Darkroom.Benchmarks.Dashboard;

/// <summary>A million jobs in the table: how long the server takes for each page of the dashboard and for each list call, and what viewers cost.</summary>
internal static partial class DashboardScenario
{
    private const string Key = "dk_capacity-scenario-0123456789abcdef";
    private const int Repetitions = 20, Viewers = 50;

    private static readonly (string What, string Path)[] Pages =
    [
        ("overview", "/"), ("jobs, newest", "/jobs"), ("jobs, held (rare)", "/jobs?status=held"), ("jobs, failed or held", "/jobs?status=failed,held"),
        ("search, a rare word", "/jobs?q=needle"), ("search, a word of 5,000 jobs", "/jobs?q=lantern"), ("search, a word of every job", "/jobs?q=harbour"),
        ("search, no such word", "/jobs?q=absent"), ("search, a common word among the rare status", "/jobs?q=harbour&status=held"),
        ("a model of one job in a hundred", "/jobs?model=gpt-image-1"), ("a model of no job", "/jobs?model=none"),
        ("usage", "/usage"), ("batches", "/batches"), ("webhooks", "/webhooks"), ("webhook deliveries", "/webhooks/deliveries"),
        ("webhook deliveries, failed", "/webhooks/deliveries?status=failed"), ("settings", "/settings"), ("API: /v1/jobs", "/v1/jobs?limit=100"), ("API: /v1/jobs?status=held", "/v1/jobs?status=held"),
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        int jobs = args is ["--jobs", var given] ? int.Parse(given, CultureInfo.InvariantCulture) : 1_000_000;
        await using MeasuredCluster cluster = await MeasuredCluster.StartAsync(_ => { });
        NodeProcess node = await cluster.StartNodeAsync("Darkroom:Roles=api,dashboard", "Logging:LogLevel:Default=Warning");
        long started = Stopwatch.GetTimestamp();
        await cluster.AddOldJobsAsync(jobs);
        Console.WriteLine($"{jobs:N0} jobs inserted in {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s.");
        started = Stopwatch.GetTimestamp();
        while (await cluster.AskAsync<long>("SELECT count(*) FROM darkroom.job_search") < jobs)
            await Task.Delay(1000);
        Console.WriteLine($"All of them searchable {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s later.\n");
        await cluster.VacuumAsync();

        using HttpClient person = await SignInAsync(node.Address);
        Console.WriteLine("| page | median, ms | slowest of 20, ms | kB |\n|---|---|---|---|");
        foreach ((string what, string path) in Pages)
            await MeasureAsync(person, node.Address, what, path);
        await MeasureViewersAsync(cluster, person, node.Address);
        return 0;
    }

    private static async Task MeasureAsync(HttpClient person, Uri address, string what, string path)
    {
        List<double> milliseconds = [];
        long bytes = 0;
        for (int i = 0; i < Repetitions + 2; i++)
        {
            long began = Stopwatch.GetTimestamp();
            byte[] page = await person.GetByteArrayAsync(new Uri(address, path));
            // The first two find the code and the table's pages cold.
            if (i >= 2) milliseconds.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            bytes = page.Length;
        }

        milliseconds.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {milliseconds[Repetitions / 2]:F0} | {milliseconds[^1]:F0} | {bytes / 1000} |"));
    }

    private static async Task MeasureViewersAsync(MeasuredCluster cluster, HttpClient person, Uri address)
    {
        TimeSpan over = TimeSpan.FromSeconds(10);
        foreach (int viewers in new[] { 0, 1, Viewers })
        {
            using CancellationTokenSource end = new(over + TimeSpan.FromSeconds(1));
            // As open pages do: each asks anew every two seconds.
            Task[] watching = [.. Enumerable.Range(0, viewers).Select(async _ =>
            {
                try
                {
                    while (true)
                    {
                        await person.GetByteArrayAsync(new Uri(address, "/"), end.Token);
                        await Task.Delay(TimeSpan.FromSeconds(2), end.Token);
                    }
                }
                catch (OperationCanceledException)
                {
                }
            })];
            double statements = await cluster.StatementsPerSecondAsync(over);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{viewers} viewers of the overview: {statements:F1} statements a second."));
            await end.CancelAsync();
            await Task.WhenAll(watching);
        }
    }

    private static async Task<HttpClient> SignInAsync(Uri address)
    {
        HttpClient person = new(new SocketsHttpHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = true });
        person.DefaultRequestHeaders.Authorization = new("Bearer", Key);
        string form = await person.GetStringAsync(new Uri(address, "/sign-in"));
        IEnumerable<KeyValuePair<string, string>> fields = HiddenField().Matches(form)
            .Select(m => KeyValuePair.Create(m.Groups[1].Value, WebUtility.HtmlDecode(m.Groups[2].Value)));
        using FormUrlEncodedContent content = new([.. fields, KeyValuePair.Create("key", Key)]);
        using HttpResponseMessage entered = await person.PostAsync(new Uri(address, "/sign-in"), content);
        entered.EnsureSuccessStatusCode();
        return person;
    }

    [GeneratedRegex("""<input type="hidden" name="([^"]+)" value="([^"]*)" ?/?>""")]
    private static partial Regex HiddenField();
}
