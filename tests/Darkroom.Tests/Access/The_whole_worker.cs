using System.Net;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Dashboard;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darkroom.Tests.Access;

public sealed class The_whole_worker
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task It_opens_nothing_but_health_and_the_sign_in_page_without_a_key()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var endpoint = await SimulatorHost.StartAsync();
        await using var worker = await TestWorker.StartAsync(database, endpoint);
        using var stranger = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = worker.Address, Timeout = TimeSpan.FromSeconds(30) };
        var routes = worker.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();

        Assert.All(
            routes.Where(r => r.Metadata.GetMetadata<IAllowAnonymous>() is not null),
            open => Assert.True(MayBeOpen(open.RoutePattern.RawText!), open.RoutePattern.RawText));
        foreach (var path in routes.Select(r => r.RoutePattern.RawText!).Where(p => !MayBeOpen(p)).Append("/nothing"))
        {
            using var answer = await stranger.GetAsync(new Uri(path.Replace("{*path}", "").Replace("**", ""), UriKind.Relative), TestContext.Current.CancellationToken);
            // A page for people leads to the sign-in page instead.
            var refused = answer.StatusCode == HttpStatusCode.Unauthorized
                || (answer.StatusCode == HttpStatusCode.Found && answer.Headers.Location!.AbsolutePath == "/sign-in");
            Assert.True(refused, $"{path}: {(int)answer.StatusCode}");
        }
        using var live = await stranger.GetAsync(new Uri("/health/live", UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);

        static bool MayBeOpen(string path) => path is "/sign-in" or "/sign-in/provider" || PageFiles.Paths.Contains(path) || path.StartsWith("/health/", StringComparison.Ordinal);
    }
}
