using System.Text.Json;
using Darkroom.Simulator.Accounting;
using Darkroom.Simulator.Contract;
using Darkroom.Simulator.Faults;
using Darkroom.Simulator.Generation;

namespace Darkroom.Simulator.Admin;

/// <summary>Control of the running simulator over HTTP; no key.</summary>
internal static class AdminEndpoints
{
    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/admin").AddEndpointFilter(RefuseBadJson);
        admin.MapGet("/calls", (Account account, int since = 0) =>
            Results.Json(account.Calls.Where(call => call.Number > since), Json.Options));
        admin.MapGet("/bill", (Account account) =>
            Results.Json(new { account.Bill, account.InFlight, account.PeakInFlight }, Json.Options));
        admin.MapPost("/reset", Reset);
        admin.MapPost("/hold", async (HttpRequest http, Gate gate) => gate.Hold((await ReadAsync<HoldCommand>(http)).Prompt));
        admin.MapPost("/release", async (HttpRequest http, Gate gate) => gate.Release((await ReadAsync<ReleaseCommand>(http)).Count));
        admin.MapGet("/faults", (FaultPlan plan) => Results.Json(FaultListing.Of(plan), Json.Options));
        admin.MapPost("/faults", PlanAsync);
        admin.MapDelete("/faults", (FaultPlan plan) => plan.Clear());
    }

    private static async ValueTask<object?> RefuseBadJson(EndpointFilterInvocationContext call, EndpointFilterDelegate next)
    {
        try
        {
            return await next(call);
        }
        catch (Exception wrong) when (wrong is JsonException or BadHttpRequestException)
        {
            return Wrong(wrong.Message, null);
        }
    }

    private static void Reset(Account account, FaultPlan plan, Gate gate, PromptHistory history)
    {
        account.Reset();
        plan.Clear();
        history.Clear();
        gate.Release(null);
    }

    private static async Task<IResult> PlanAsync(HttpRequest http, FaultPlan plan)
    {
        var command = await ReadAsync<FaultCommand>(http);
        if (!FaultSpec.TryParse(command.Fault ?? "", out _, out var mistake))
            return Wrong(mistake, "fault");
        if (command.Times < 1)
            return Wrong("times must be 1 or more.", "times");
        if (command.Rate is < 0 or > 1)
            return Wrong("rate must be from 0 to 1.", "rate");
        if (command.Rate is { } rate)
            plan.Rate[command.Fault!] = rate;
        else
            plan.Add(command.Fault!, command.Times, command.Prompt);
        return Results.Json(FaultListing.Of(plan), Json.Options);
    }

    private static IResult Wrong(string message, string? param) =>
        Results.Text(ApiError.Invalid("invalid_command", message, param).ToJson(), "application/json", 400);

    /// <summary>The command in the body, whatever its content type; all defaults without one.</summary>
    private static async Task<T> ReadAsync<T>(HttpRequest http) where T : new()
    {
        using var body = new MemoryStream();
        await http.Body.CopyToAsync(body);
        if (body.Length == 0)
            return new T();
        return JsonSerializer.Deserialize<T>(body.ToArray(), Json.Options) ?? new T();
    }

    private sealed record HoldCommand
    {
        /// <summary>Holds only calls whose prompt contains this.</summary>
        public string? Prompt { get; init; }
    }

    private sealed record ReleaseCommand
    {
        /// <summary>Lets this many go and holds on; without it all, and holds no more.</summary>
        public int? Count { get; init; }
    }

    private sealed record FaultCommand
    {
        public string? Fault { get; init; }

        /// <summary>Strikes this many calls; without it all.</summary>
        public int? Times { get; init; }

        /// <summary>Strikes only calls whose prompt contains this.</summary>
        public string? Prompt { get; init; }

        /// <summary>Strikes this share of calls, from 0 to 1, instead of the next ones.</summary>
        public double? Rate { get; init; }
    }
}
