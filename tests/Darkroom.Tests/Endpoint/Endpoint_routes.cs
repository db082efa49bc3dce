using System.Net;
using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Tests.Api;
using Darkroom.Worker.Endpoint;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using Row = Darkroom.Migrations.Rows;

namespace Darkroom.Tests.Endpoint;

public sealed class Endpoint_routes(ApiHost host) : IClassFixture<ApiHost>, IAsyncLifetime
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Every test starts from an endpoint that has learned nothing, whatever ran before.</summary>
    public async ValueTask InitializeAsync()
    {
        await using (var db = await host.DbAsync())
            await db.Endpoints.ExecuteDeleteAsync(Ct);
        await host.Services.GetRequiredService<EndpointStates>().EnsureRowsAsync(Ct);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    Task<HttpResponseMessage> PostAsync(string path) => host.Admin.PostAsync(new Uri(path, UriKind.Relative), null, Ct);

    [Fact]
    public async Task List_each_endpoint_with_its_state_and_limits()
    {
        await using (var db = await host.DbAsync())
        {
            var project = await host.Database.DefaultProjectAsync();
            db.Jobs.Add(new Row.Job
            {
                Id = Guid.CreateVersion7(),
                ProjectId = project,
                Lane = project,
                Endpoint = "default",
                Status = Row.JobStatus.Running,
                Model = "m",
                Prompt = "p",
                Quality = "low",
                N = 1,
                Size = "auto",
                OnUnknown = "retry",
            });
            await db.SaveChangesAsync(Ct);
        }

        var list = await host.Admin.GetJsonAsync("/v1/endpoints");

        Assert.Equal(("list", "default", "default", false), (
            list.GetProperty("object").GetString(), list.GetProperty("first_id").GetString(), list.GetProperty("last_id").GetString(),
            list.GetProperty("has_more").GetBoolean()));
        var endpoint = Assert.Single(list.GetProperty("data").EnumerateArray());
        Assert.Equal(
            ["name", "state", "reason", "since", "next_probe_at", "in_flight", "limits"], endpoint.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("active", 1), (endpoint.GetProperty("state").GetString(), endpoint.GetProperty("in_flight").GetInt32()));
        Assert.Equal(
            ["images_per_minute 50", "tokens_per_minute ", "max_in_flight ",
             "configured_images_per_minute ", "configured_tokens_per_minute ", "held_until "],
            endpoint.GetProperty("limits").EnumerateObject().Select(p => $"{p.Name} {p.Value}"));
        await using var after = await host.DbAsync();
        await after.Jobs.ExecuteDeleteAsync(Ct);
    }

    [Fact]
    public async Task Pause_with_a_reason_and_resume()
    {
        using var client = new DarkroomClient(host.Address, ApiHost.AdminKey);

        var paused = await client.PauseEndpointAsync("default", "moving\nhouse\0", Ct);
        Assert.Equal(("paused", "moving house", null), (paused.State, paused.Reason, paused.NextProbeAt));
        Assert.Equal("moving house", (await client.PauseEndpointAsync("default", "again", Ct)).Reason);
        Assert.Equal("paused", Assert.Single(await client.ListEndpointsAsync(Ct)).State);

        var resumed = await client.ResumeEndpointAsync("default", Ct);
        Assert.Equal(("active", null), (resumed.State, resumed.Reason));
    }

    [Fact]
    public async Task Tell_why_and_until_when_an_endpoint_waits()
    {
        var states = host.Services.GetRequiredService<EndpointStates>();
        var (row, now) = (await states.ReadAsync("default", Ct))!.Value;
        await states.SlowDownAsync(row, TimeSpan.FromMinutes(5), 35, Ct);
        await states.PauseAsync("default", "The key was refused.", Guid.CreateVersion7(), now, Ct);

        var endpoint = (await host.Admin.GetJsonAsync("/v1/endpoints")).GetProperty("data")[0];
        Assert.Equal(
            ("paused", "The key was refused."), (endpoint.GetProperty("state").GetString(), endpoint.GetProperty("reason").GetString()));
        Assert.InRange(endpoint.GetProperty("next_probe_at").GetDateTimeOffset(), now.AddSeconds(30), now.AddSeconds(60));
        Assert.Equal(35, endpoint.GetProperty("limits").GetProperty("images_per_minute").GetDouble());
        Assert.InRange(endpoint.GetProperty("limits").GetProperty("held_until").GetDateTimeOffset(), now.AddMinutes(5), now.AddMinutes(6));
    }

    [Fact]
    public async Task Need_no_body_to_pause()
    {
        using var answer = await PostAsync("/v1/endpoints/default/pause");
        Assert.Equal("Paused by a person.", (await answer.JsonAsync()).GetProperty("reason").GetString());
    }

    [Theory]
    [InlineData("""{"reson":"x"}""", 400, "invalid_json")]
    [InlineData("""{"reason":7}""", 400, "invalid_json")]
    [InlineData("[]", 400, "invalid_json")]
    [InlineData("""{"reason":"\ud800"}""", 400, "invalid_json")]
    [InlineData("{", 400, "invalid_json")]
    [InlineData("LONG", 400, "invalid_value")]
    public async Task Refuse_a_wrong_reason_and_pause_nothing(string body, int status, string code)
    {
        using var answer = await host.Admin.PostJsonAsync(
            "/v1/endpoints/default/pause", body.Replace("LONG", $$"""{"reason":"{{new string('x', 501)}}"}"""));
        Assert.Equal(
            (status, code), ((int)answer.StatusCode, (await answer.JsonAsync()).GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal("active", (await host.Admin.GetJsonAsync("/v1/endpoints")).GetProperty("data")[0].GetProperty("state").GetString());
    }

    [Theory]
    [InlineData("/v1/endpoints/nobody/pause")]
    [InlineData("/v1/endpoints/nobody/resume")]
    public async Task Know_only_configured_endpoints(string path)
    {
        using var answer = await PostAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=x")]
    [InlineData("after=nobody")]
    [InlineData("state=paused")]
    public async Task Refuse_a_wrong_page(string query)
    {
        using var answer = await host.Admin.GetAsync(new Uri($"/v1/endpoints?{query}", UriKind.Relative), Ct);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Have_an_end() =>
        Assert.Empty((await host.Admin.GetJsonAsync("/v1/endpoints?after=default")).GetProperty("data").EnumerateArray());
}
