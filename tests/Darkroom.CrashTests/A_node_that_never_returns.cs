using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace Darkroom.CrashTests;

public sealed class A_node_that_never_returns
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_its_spool_its_job_is_held_in_words_and_a_person_decides()
    {
        await using var cluster = await CrashCluster.StartAsync();
        var gone = await cluster.StartWorkerAsync(Step.Received, Signal.Kill);
        await CrashCluster.SubmitAsync(gone, 1);
        await gone.WaitForExitAsync(Ct);
        Directory.Delete(cluster.SpoolPath, recursive: true);
        var survivor = await cluster.StartWorkerAsync();
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.nodes WHERE lost", 1);
        Assert.Equal(1, await cluster.AskAsync("SELECT count(*) FROM darkroom.jobs WHERE status = 'running'"));

        await cluster.ShiftClockAsync(TimeSpan.FromMinutes(15.5));
        await cluster.WaitUntilAsync("SELECT count(*) FROM darkroom.jobs WHERE status = 'held'", 1);

        var list = await survivor.Http.GetFromJsonAsync<JsonElement>(new Uri("/v1/jobs", UriKind.Relative), Ct);
        var job = list.GetProperty("data")[0];
        var message = job.GetProperty("error").GetProperty("message").GetString();
        Assert.Contains(gone.Name, message, StringComparison.Ordinal);
        Assert.Contains("retry", message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("cancel", message, StringComparison.OrdinalIgnoreCase);
        cluster.AssertCalls(1);

        using var retried = await survivor.Http.PostAsync(new Uri($"/v1/jobs/{job.GetProperty("id").GetString()}/retry", UriKind.Relative), null, Ct);
        Assert.Equal(HttpStatusCode.OK, retried.StatusCode);
        await cluster.WaitForAllSucceededAsync(1);
        cluster.AssertCalls(2);
    }
}
