using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Access;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Api;
using Darkroom.Worker.Batches;
using Darkroom.Worker.Database;
using Darkroom.Worker.DropIn;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Events;
using Darkroom.Worker.Files;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Observability;
using Darkroom.Worker.Storage;
using Darkroom.Worker.Submission;
using Darkroom.Worker.Usage;
using Darkroom.Worker.Webhooks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darkroom.Tests.Api;

/// <summary>The API alone, on a real Kestrel and a database of its own: nothing takes the jobs that tests submit.</summary>
public sealed class ApiHost : IAsyncLifetime
{
    public const string AdminKey = "dk_bootstrap-of-a-test-0123456789";
    public const string EndpointKey = "sk-endpoint-secret-of-a-test";

    readonly DirectoryInfo store = Directory.CreateTempSubdirectory("darkroom-api-");
    TestDatabase? database;
    WebApplication? app;

    /// <summary>Settings beside those every test has; set before the host starts.</summary>
    public Dictionary<string, string?> Settings { get; } = [];

    public FakeTimeProvider Clock { get; } = new(TimeProvider.System.GetUtcNow());

    public TestDatabase Database => database!;

    public string DraftPath => Path.Combine(store.FullName, ".drafts");

    public IServiceProvider Services => app!.Services;

    public Uri Address => new(app!.Urls.Single());

    /// <summary>Everything logged so far, at every level, exceptions included.</summary>
    public LogLines Log { get; } = new();

    /// <summary>With the bootstrap key, in the project <c>default</c>.</summary>
    public HttpClient Admin { get; private set; } = new();

    public static async Task<ApiHost> StartAsync(params (string Key, string? Value)[] settings)
    {
        var host = new ApiHost();
        foreach (var (key, value) in settings)
            host.Settings[key] = value;
        await host.InitializeAsync();
        return host;
    }

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:Darkroom"] = database.ConnectionString,
            ["Darkroom:Endpoints:0:ApiKey"] = EndpointKey,
            ["Darkroom:Auth:BootstrapKey"] = AdminKey,
            ["Darkroom:Storage:FileSystem:Root"] = store.FullName,
            ["Darkroom:Files:DraftPath"] = DraftPath,
            ["Logging:LogLevel:Default"] = "Debug",
            ["Logging:LogLevel:Microsoft.AspNetCore"] = "Debug",
            ["Logging:LogLevel:Microsoft.EntityFrameworkCore"] = "Debug",
        });
        builder.Configuration.AddInMemoryCollection(Settings);
        builder.Logging.ClearProviders().AddProvider(Log).SetMinimumLevel(LogLevel.Debug);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(Clock);
        builder.Services.AddSingleton<DarkroomMetrics>();
        builder.Services.AddDatabase(builder.Configuration);
        builder.Services.AddEndpoints(builder.Configuration);
        builder.Services.AddImageStore(builder.Configuration);
        builder.Services.AddWorkSignal();
        builder.Services.AddSingleton<JobTransitions>();
        builder.Services.AddApi().AddAccess().AddSubmission().AddJobRoutes().AddFiles().AddBatches().AddWebhooks().AddEvents().AddDropIn();
        app = builder.Build();
        app.UseErrorBoundary();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseKeyLimits();
        app.MapSubmission();
        app.MapDropIn();
        app.MapModels();
        app.MapJobs();
        app.MapEvents();
        app.MapFiles();
        app.MapBatches();
        app.MapBatchActions();
        app.MapEndpointRoutes();
        app.MapUsage();
        app.MapWebhooks();
        app.MapAccess();
        app.MapApiReference();
        await Services.GetRequiredService<BootstrapKey>().EnsureAsync(CancellationToken.None);
        await Services.GetRequiredService<EndpointStates>().EnsureRowsAsync(CancellationToken.None);
        await app.StartAsync();
        Admin = ClientWith(AdminKey);
    }

    /// <summary>As a process ends: requests under way come to their end first.</summary>
    public Task StopAsync() => app!.StopAsync();

    public HttpClient ClientWith(string? key)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            BaseAddress = Address,
            Timeout = TimeSpan.FromSeconds(30),
        };
        if (key is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>A new key of a project, of a new one if none is named.</summary>
    public async Task<(string Key, Guid KeyId, Guid Project)> AddKeyAsync(Guid? project = null, params string[] scopes)
    {
        var key = ApiKeyText.Create();
        await using var db = await DbAsync();
        var id = project ?? Guid.CreateVersion7();
        if (project is null)
            db.Projects.Add(new Project { Id = id, Name = id.ToString(), CreatedAt = DateTimeOffset.UnixEpoch });
        var row = new ApiKey
        {
            Id = Guid.CreateVersion7(),
            ProjectId = id,
            Name = "test",
            Sha256 = ApiKeyText.Sha256(key),
            Hint = ApiKeyText.Hint(key),
            Scopes = scopes is [] ? ["submit", "read"] : scopes,
            CreatedAt = DateTimeOffset.UnixEpoch,
        };
        db.ApiKeys.Add(row);
        await db.SaveChangesAsync();
        return (key, row.Id, id);
    }

    public Task<DarkroomDb> DbAsync() => Services.GetRequiredService<IDbContextFactory<DarkroomDb>>().CreateDbContextAsync();

    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        if (app is not null)
            await app.DisposeAsync();
        if (database is not null)
            await database.DisposeAsync();
        store.Delete(recursive: true);
    }
}

/// <summary>What an answer says, as a test asks for it.</summary>
internal static class Answers
{
    public static Task<HttpResponseMessage> PostJsonAsync(this HttpClient client, string path, string json, string? idempotencyKey = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        if (idempotencyKey is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        return client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response) =>
        await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);

    public static async Task<JsonElement> GetJsonAsync(this HttpClient client, string path)
    {
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        return await response.JsonAsync();
    }
}
