using System.Text;
using System.Text.Json;
using Darkroom.Simulator;
using Darkroom.Tests.Dashboard;
using Darkroom.Tests.Infrastructure;
using Darkroom.Tests.Webhooks;
using Microsoft.Playwright;
using Xunit;

namespace Darkroom.BrowserTests;

/// <summary>A worker with its simulated endpoint and a real Chromium, installed by the system's packages; nothing is downloaded.</summary>
public sealed class Site : IAsyncLifetime
{
    const string Chromium = "/usr/bin/chromium";

    TestDatabase? database;
    TestWorker? worker;
    IPlaywright? playwright;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public SimulatorHost Endpoint { get; private set; } = null!;

    /// <summary>A receiver of webhooks on this machine, which the worker may tell; it has one more try for each delivery, at once.</summary>
    internal TestReceiver Receiver { get; private set; } = null!;

    /// <summary>An OpenID Connect provider, whose <c>viewers</c> may read.</summary>
    internal TestProvider Provider { get; private set; } = null!;

    public IBrowser Browser { get; private set; } = null!;

    public Uri Address => worker!.Address;

    public static string AdminKey => TestWorker.AdminKey;

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Chromium))
            Requirements.Missing(Requirements.Browser, $"{Chromium} is not there; on Debian: apt-get install chromium fonts-dejavu-core");
        database = await TestDatabase.CreateAsync();
        Endpoint = await SimulatorHost.StartAsync(o =>
        {
            o.LatencyScale = 0;
            (o.MinPictureBytes, o.MaxPictureBytes, o.DistinctPictures) = (200_000, 400_000, 0);
        });
        Receiver = await TestReceiver.StartAsync();
        Provider = await TestProvider.StartAsync();
        worker = await TestWorker.StartAsync(
            database, Endpoint, [.. Provider.Settings(("viewers", "default", "read")), "Darkroom:Webhooks:AllowHttp=true", "Darkroom:Webhooks:AllowedNetworks:0=127.0.0.0/8", "Darkroom:Webhooks:Schedule:0=00:00:00"]);
        playwright = await Playwright.CreateAsync();
        Browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Chromium,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        });
    }

    /// <summary>A person of their own, signed in, whose browser's complaints end the test.</summary>
    public async Task<Person> EnterAsync(string key = TestWorker.AdminKey, ColorScheme scheme = ColorScheme.Light, int width = 1280)
    {
        var person = await Person.ComeAsync(this, scheme, width);
        await person.SignInAsync(key);
        return person;
    }

    /// <returns>The job's id.</returns>
    public Task<string> SubmitAsync(object job) => MakeAsync("/v1/jobs", job);

    /// <summary>By the API.</summary>
    /// <returns>The id of what was made.</returns>
    public async Task<string> MakeAsync(string path, object what)
    {
        using var api = worker!.Client();
        using var body = new StringContent(JsonSerializer.Serialize(what), Encoding.UTF8, "application/json");
        using var sent = await api.PostAsync(new Uri(path, UriKind.Relative), body, Cancel);
        sent.EnsureSuccessStatusCode();
        return JsonElement.Parse(await sent.Content.ReadAsStringAsync(Cancel)).GetProperty("id").GetString()!;
    }

    /// <returns>The id of a batch of these lines, made by the API.</returns>
    public async Task<string> SubmitBatchAsync(string name, IEnumerable<string> prompts, string onUnknown = "retry")
    {
        var lines = string.Join('\n', prompts.Select((prompt, i) => JsonSerializer.Serialize(new
        {
            custom_id = $"{name.ToLowerInvariant().Replace(' ', '-')}-{i + 1:000}",
            method = "POST",
            url = "/v1/images/generations",
            body = new { model = "gpt-image-1.5", prompt, quality = "low" },
        })));
        using var api = worker!.Client();
        using var form = new MultipartFormDataContent { { new StringContent("batch"), "purpose" }, { new ByteArrayContent(Encoding.UTF8.GetBytes(lines)), "file", "lines.jsonl" } };
        using var uploaded = await api.PostAsync(new Uri("/v1/files", UriKind.Relative), form, Cancel);
        uploaded.EnsureSuccessStatusCode();
        var file = JsonElement.Parse(await uploaded.Content.ReadAsStringAsync(Cancel)).GetProperty("id").GetString();
        return await MakeAsync("/v1/batches", new { input_file_id = file, endpoint = "/v1/images/generations", completion_window = "24h", on_unknown = onUnknown, metadata = new { name } });
    }

    public static object Waiting(string prompt, string? customId = null) =>
        new { model = "gpt-image-1.5", prompt, quality = "low", custom_id = customId, not_before = "2099-01-01T00:00:00Z" };

    public static object Now(string prompt, string? customId = null) => new { model = "gpt-image-1.5", prompt, quality = "low", custom_id = customId };

    public async ValueTask DisposeAsync()
    {
        if (Browser is not null)
            await Browser.DisposeAsync();
        playwright?.Dispose();
        if (worker is not null)
            await worker.DisposeAsync();
        if (Provider is not null)
            await Provider.DisposeAsync();
        if (Receiver is not null)
            await Receiver.DisposeAsync();
        if (Endpoint is not null)
            await Endpoint.DisposeAsync();
        if (database is not null)
            await database.DisposeAsync();
    }
}
