using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Darkroom.ContainerTests;

/// <summary>Callers as callers should be: they ask again with the same key until their job is accepted.</summary>
internal static class Load
{
    const int Callers = 4;

    /// <summary>As fast as it is taken.</summary>
    public static Task SubmitAsync(Stack stack, int from, int count, CancellationToken ct) => Parallel.ForEachAsync(
        Enumerable.Range(from, count), new ParallelOptions { MaxDegreeOfParallelism = Callers, CancellationToken = ct },
        async (number, cancel) => await SubmitAsync(stack, number, cancel));

    /// <summary>One after the other at a pace.</summary>
    public static async Task TrickleAsync(Stack stack, int count, TimeSpan pace, CancellationToken ct)
    {
        using var ticks = new PeriodicTimer(pace);
        for (var number = 0; number < count; number++)
        {
            await ticks.WaitForNextTickAsync(ct);
            await SubmitAsync(stack, number, ct);
        }
    }

    static async Task SubmitAsync(Stack stack, int number, CancellationToken ct)
    {
        var name = $"job-{number.ToString(CultureInfo.InvariantCulture)}";
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        while (!await IsAcceptedAsync(stack, name, ct))
            await pause.WaitForNextTickAsync(ct);
    }

    static async Task<bool> IsAcceptedAsync(Stack stack, string name, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/jobs", UriKind.Relative))
        {
            Content = JsonContent.Create(
                new { model = "gpt-image-1.5", prompt = name, quality = "low", max_attempts = 100, max_unknown_attempts = 20 }, options: JsonSerializerOptions.Web),
        };
        request.Headers.Add("Idempotency-Key", name);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(TimeSpan.FromSeconds(10));
        try
        {
            using var answer = await stack.Api.SendAsync(request, patience.Token);
            if (answer.StatusCode < HttpStatusCode.InternalServerError)
                answer.EnsureSuccessStatusCode();
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException { StatusCode: null } or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return false;
        }
    }
}
