using System.Net;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Api;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Api;
using Xunit;

namespace Darkroom.Tests.Jobs;

public sealed class Deciding_about_a_job(ApiHost host) : IClassFixture<ApiHost>
{
    [Theory]
    [InlineData("cancel", JobStatus.Queued, JobStatus.Canceled)]
    [InlineData("cancel", JobStatus.Running, JobStatus.Canceled)]
    [InlineData("cancel", JobStatus.Held, JobStatus.Canceled)]
    [InlineData("cancel", JobStatus.Canceled, JobStatus.Canceled)]
    [InlineData("retry", JobStatus.Failed, JobStatus.Queued)]
    [InlineData("retry", JobStatus.Held, JobStatus.Queued)]
    public async Task What_is_possible_is_done_and_answered_with_the_job(string verb, string from, string to)
    {
        var (status, body) = await DecideAsync(verb, from);

        Assert.Equal((HttpStatusCode.OK, to), (status, body.GetProperty("status").GetString()));
    }

    [Theory]
    [InlineData("cancel", JobStatus.Succeeded)]
    [InlineData("cancel", JobStatus.Failed)]
    [InlineData("retry", JobStatus.Queued)]
    [InlineData("retry", JobStatus.Running)]
    [InlineData("retry", JobStatus.Succeeded)]
    [InlineData("retry", JobStatus.Canceled)]
    public async Task What_is_too_late_is_a_409_that_names_the_state(string verb, string state)
    {
        var (status, body) = await DecideAsync(verb, state);

        Assert.Equal((HttpStatusCode.Conflict, $"job_already_{state}"), (status, body.GetProperty("error").GetProperty("code").GetString()));
        Assert.Contains($"is {state}", body.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    async Task<(HttpStatusCode, System.Text.Json.JsonElement)> DecideAsync(string verb, string from)
    {
        var rows = new Rows(host.Database);
        var job = await rows.AddAsync(rows.NewJob(await host.Database.DefaultProjectAsync(), status: from));
        using var answer = await host.Admin.PostAsync(
            new Uri($"/v1/jobs/{WireId.Job.Format(job.Id)}/{verb}", UriKind.Relative), null, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.JsonAsync());
    }
}
