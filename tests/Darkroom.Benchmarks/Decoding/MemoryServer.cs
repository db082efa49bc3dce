using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Darkroom.Benchmarks.Decoding;

/// <summary>
/// An endpoint whose calls are truly in flight together: at <c>/{calls}/{ms}/v1/images/generations</c> it answers when that many
/// calls have come, and then spreads each answer over that many milliseconds. Ends with its input; prints its address.
/// </summary>
internal static class MemoryServer
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    public static async Task<int> RunAsync(string[] args)
    {
        byte[] body = SampleResponse.MakeBody();
        Gate gate = new();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using WebApplication app = builder.Build();
        app.MapPost("/{calls:int}/{ms:int}/v1/images/generations", async (int calls, int ms, HttpContext context) =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = body.Length;
            await gate.PassAsync(calls);
            await SendAsync(context.Response, body, TimeSpan.FromMilliseconds(ms));
        });
        await app.StartAsync();
        Console.WriteLine(app.Urls.Single());
        await Console.In.ReadToEndAsync();
        return 0;
    }

    private static async Task SendAsync(HttpResponse response, byte[] body, TimeSpan duration)
    {
        Stopwatch watch = Stopwatch.StartNew();
        int sent = 0;
        while (sent < body.Length)
        {
            double due = Math.Min(1, (watch.Elapsed + Tick) / duration);
            int next = (int)(body.Length * due);
            await response.Body.WriteAsync(body.AsMemory(sent, next - sent));
            await response.Body.FlushAsync();
            sent = next;
            if (sent < body.Length) await Task.Delay(Tick);
        }
    }

    /// <summary>Holds calls back until a given number has come.</summary>
    private sealed class Gate
    {
        private readonly Lock _lock = new();
        private TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _waiting;

        public Task PassAsync(int calls)
        {
            lock (_lock)
            {
                Task passed = _open.Task;
                if (++_waiting < calls) return passed;
                _open.SetResult();
                _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting = 0;
                return passed;
            }
        }
    }
}
