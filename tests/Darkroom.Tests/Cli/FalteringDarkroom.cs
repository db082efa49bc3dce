using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Darkroom.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Darkroom.Tests.Cli;

/// <summary>As much of Darkroom's API as a submission needs. It takes everything, and is away when a test says so.</summary>
internal sealed class FalteringDarkroom : IAsyncDisposable
{
    public const string Model = "gpt-image-1.5";

    static readonly StoredFile File = new() { Id = "file-1", Bytes = 1, CreatedAt = 0, Filename = "lines.jsonl", Purpose = "batch" };

    static readonly Batch Validating = new()
    {
        Id = "batch_1",
        Endpoint = "/v1/images/generations",
        InputFileId = File.Id,
        CompletionWindow = "24h",
        Status = "validating",
        CreatedAt = 0,
        RequestCounts = new(1, 0, 0),
        Counts = new(1, 0, 0, 0, 0, 0),
        SkippedLines = 0,
        Priority = 7,
        OnUnknown = "retry",
        MaxAttempts = 5,
        MaxUnknownAttempts = 2,
        Cost = new("USD", 0, 0),
        Images = 0,
    };

    readonly WebApplication app;

    FalteringDarkroom(WebApplication app) => this.app = app;

    public Uri Address => new(app.Urls.Single());

    /// <summary>Whether jobs and batches are answered with 503, taken or not.</summary>
    public bool TakesWithoutSayingSo { get; set; }

    /// <summary>Asked before a batch is shown: whether Darkroom is away.</summary>
    public Func<bool> IsAwayAtALook { get; set; } = () => false;

    /// <summary>What a batch has become at a look.</summary>
    public string Status { get; set; } = "in_progress";

    /// <summary>Of every try of a submission.</summary>
    public ConcurrentQueue<string> Keys { get; } = [];

    public static async Task<FalteringDarkroom> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var darkroom = new FalteringDarkroom(builder.Build());
        darkroom.app.Run(darkroom.AnswerAsync);
        await darkroom.app.StartAsync();
        return darkroom;
    }

    async Task AnswerAsync(HttpContext http)
    {
        await http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted);
        if (http.Request.Headers["Idempotency-Key"] is [{ } key])
            Keys.Enqueue(key);
        await (http.Request.Path.Value switch
        {
            "/v1/models" => SayAsync(http, new([new(Model, 0, "openai")], null, null, false), DarkroomJson.Answers.ListPageModel),
            "/v1/files" => SayAsync(http, File, DarkroomJson.Answers.StoredFile),
            "/v1/batches" or "/v1/jobs" when TakesWithoutSayingSo => BeAwayAsync(http),
            "/v1/batches" => SayAsync(http, Validating, DarkroomJson.Answers.Batch),
            _ when IsAwayAtALook() => BeAwayAsync(http),
            _ => SayAsync(http, Validating with { Status = Status }, DarkroomJson.Answers.Batch),
        });
    }

    static Task SayAsync<T>(HttpContext http, T answer, JsonTypeInfo<T> type)
    {
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(JsonSerializer.Serialize(answer, type));
    }

    static Task BeAwayAsync(HttpContext http)
    {
        (http.Response.StatusCode, http.Response.Headers.RetryAfter) = (StatusCodes.Status503ServiceUnavailable, "0");
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
