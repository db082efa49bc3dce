using System.Net;
using Darkroom.Simulator;
using Xunit;

namespace Darkroom.Tests.Simulator;

public class Bills
{
    [Fact]
    public async Task A_generation_is_billed_at_list_price()
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);

        using var one = await caller.PostAsync(new { model = "gpt-image-1", prompt = "four", quality = "high", n = 2 }, requestId: "attempt-1");
        using var two = await caller.PostAsync(new { model = "gpt-image-1.5", prompt = "four", quality = "low" });
        await Caller.JsonAsync(one);
        await Caller.JsonAsync(two);
        await endpoint.Account.WaitForCallsAsync(calls => calls.All(call => call.FinishedAt is not null), Caller.Cancel);

        var bill = endpoint.Account.Bill;
        Assert.Equal((2, 2, 3), (bill.Calls, bill.BilledCalls, bill.Images));
        Assert.Equal((1 * 5 + 8320 * 40m) / 1e6m, bill.Models[0].Cost);
        Assert.Equal((1 * 5 + 272 * 32m) / 1e6m, bill.Models[1].Cost);
        Assert.Equal(8320 + 272 + 2, bill.TotalTokens);
        var call = endpoint.Account.Calls[0];
        Assert.Equal(("attempt-1", 200, false), (call.ClientRequestId, call.Status, call.ClientAborted));
    }

    [Fact]
    public async Task A_caller_that_has_gone_pays_all_the_same()
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);
        using var impatience = CancellationTokenSource.CreateLinkedTokenSource(Caller.Cancel);
        endpoint.Hold();

        var call = caller.PromptAsync("a cat", impatience.Token);
        await endpoint.Account.WaitForInFlightAsync(1, Caller.Cancel);
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await endpoint.Account.WaitForCallsAsync(calls => calls[0].ClientAborted, Caller.Cancel);
        Assert.False(endpoint.Account.Calls[0].Billed);
        endpoint.Release();
        await endpoint.Account.WaitForCallsAsync(calls => calls[0].FinishedAt is not null, Caller.Cancel);

        var only = Assert.Single(endpoint.Account.Calls);
        Assert.True(only is { Billed: true, ClientAborted: true, Usage.OutputTokens: 272 });
        Assert.Equal(0, endpoint.Account.InFlight);
    }

    [Fact]
    public async Task A_caller_that_leaves_within_the_body_is_noted_with_what_it_got()
    {
        await using var endpoint = await SimulatorHost.StartAsync(options => (options.MinPictureBytes, options.MaxPictureBytes) = (60_000_000, 60_000_000));
        using var caller = new Caller(endpoint);

        using (await caller.PromptAsync("a cat"))
        {
            // Disposing the answer closes the connection with most of the body unread.
        }
        await endpoint.Account.WaitForCallsAsync(calls => calls[0].FinishedAt is not null, Caller.Cancel);

        var only = Assert.Single(endpoint.Account.Calls);
        Assert.True(only is { Billed: true, ClientAborted: true, Status: 200, BytesSent: < 80_000_000 });
    }

    [Fact]
    public async Task A_model_without_a_price_is_billed_without_a_cost()
    {
        await using var endpoint = await SimulatorHost.StartAsync(options => options.Models = [new SimulatedModel("unpriced")]);
        using var caller = new Caller(endpoint);

        using var response = await caller.PostAsync(new { model = "unpriced", prompt = "a cat" });

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Null(Assert.Single(endpoint.Account.Bill.Models).Cost);
        Assert.Equal(1, endpoint.Account.Bill.BilledCalls);
    }

    [Fact]
    public async Task A_reset_forgets_calls_even_those_in_flight()
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);
        endpoint.Hold();
        var held = caller.PromptAsync("a cat");
        await endpoint.Account.WaitForInFlightAsync(1, Caller.Cancel);

        endpoint.Account.Reset();
        endpoint.Release();
        using var response = await held;
        using var next = await caller.PromptAsync("a dog");

        Assert.Equal(2, Assert.Single(endpoint.Account.Calls).Number);
    }

    [Fact]
    public async Task The_call_log_has_a_line_for_arrival_bill_and_end()
    {
        var path = Path.GetTempFileName();
        try
        {
            await using (var endpoint = await SimulatorHost.StartAsync(options => options.CallLog = path))
            {
                using var caller = new Caller(endpoint);
                using var response = await caller.PostAsync(new { model = "gpt-image-1", prompt = "a cat" }, requestId: "attempt-7");
                await Caller.JsonAsync(response);
                await endpoint.Account.WaitForCallsAsync(calls => calls[0].FinishedAt is not null, Caller.Cancel);
            }
            var lines = await File.ReadAllLinesAsync(path, Caller.Cancel);
            Assert.Equal(["arrived", "billed", "finished"], lines.Select(line => System.Text.Json.Nodes.JsonNode.Parse(line)!["event"]!.GetValue<string>()));
            Assert.All(lines, line => Assert.Contains("\"client_request_id\":\"attempt-7\"", line, StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
