using Darkroom.Simulator;
using Xunit;

namespace Darkroom.Tests.Simulator;

public class Administration
{
    [Fact]
    public async Task Calls_and_the_bill_can_be_asked_for_over_http_and_forgotten()
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var caller = new Caller(endpoint);
        foreach (var prompt in new[] { "one", "two [[fault:http_500]]", "three" })
            (await caller.PromptAsync(prompt)).Dispose();
        await endpoint.Account.WaitForCallsAsync(seen => seen.Count(call => call.FinishedAt is not null) == 3, Caller.Cancel);

        using var calls = await caller.AdminAsync(HttpMethod.Get, "/admin/calls?since=1");
        using var bill = await caller.AdminAsync(HttpMethod.Get, "/admin/bill");
        using var reset = await caller.AdminAsync(HttpMethod.Post, "/admin/reset");
        using var none = await caller.AdminAsync(HttpMethod.Get, "/admin/calls");

        var listed = (await Caller.JsonAsync(calls)).EnumerateArray().ToList();
        Assert.Equal([2, 3], listed.Select(call => call.GetProperty("number").GetInt32()));
        Assert.Equal(500, listed[0].GetProperty("status").GetInt32());
        Assert.False(listed[0].GetProperty("billed").GetBoolean());
        Assert.Equal(272, listed[1].GetProperty("usage").GetProperty("output_tokens").GetInt32());
        var totals = (await Caller.JsonAsync(bill)).GetProperty("bill");
        Assert.Equal((3, 2, 2), (totals.GetProperty("calls").GetInt32(), totals.GetProperty("billed_calls").GetInt32(), totals.GetProperty("images").GetInt32()));
        Assert.Equal(2 * 272 + 1 + 2, totals.GetProperty("total_tokens").GetInt32());
        Assert.Empty((await Caller.JsonAsync(none)).EnumerateArray());
    }

    [Theory]
    [InlineData("/admin/faults", "{\"fault\":")]
    [InlineData("/admin/faults", """{"fault":"http_500","times":0}""")]
    [InlineData("/admin/faults", """{"fault":"http_500","rate":2}""")]
    [InlineData("/admin/release", """{"count":"all"}""")]
    public async Task A_wrong_command_is_a_400(string path, string body)
    {
        await using var endpoint = await SimulatorHost.StartAsync();
        using var http = new HttpClient { BaseAddress = endpoint.BaseAddress };

        using var response = await http.PostAsync(path, new StringContent(body), Caller.Cancel);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal("invalid_command", (await Caller.JsonAsync(response)).GetProperty("error").GetProperty("code").GetString());
    }
}
