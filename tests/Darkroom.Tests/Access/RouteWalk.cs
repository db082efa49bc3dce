using System.Text;
using Darkroom.Tests.Dashboard;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darkroom.Tests.Access;

/// <summary>One call of a route, with a project's ids wherever it takes any.</summary>
/// <param name="NamesIds">In its path.</param>
internal sealed record Visit(string Method, string Pattern, string Path, string? Body, bool NamesIds, bool IsAdministrators, bool IsPage)
{
    public bool Deletes => Method == "DELETE" || Path.EndsWith("/delete", StringComparison.Ordinal);

    public override string ToString() => $"{Method} {Path}";
}

/// <summary>Every route of a running worker as calls that name what one project has.</summary>
internal static class RouteWalk
{
    /// <summary>What belongs to no project; calls that name them are administrators' alone.</summary>
    static readonly string[] Everybodys = ["projects", "api_keys", "endpoints", "keys"];

    /// <summary>Circuits, whose pages carry their project encrypted; and the end of the session that walks.</summary>
    static readonly string[] Apart = ["/_blazor", "/sign-out"];

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Calls that delete come last.</summary>
    public static List<Visit> Of(TestWorker worker, ProjectWithWork owner) =>
        [.. worker.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(r => r.Metadata.GetMetadata<IAllowAnonymous>() is null && !Apart.Any(p => r.RoutePattern.RawText!.StartsWith(p, StringComparison.Ordinal)))
            .SelectMany(route => VisitsOf(route, owner))
            .OrderBy(v => v.Deletes)];

    static IEnumerable<Visit> VisitsOf(RouteEndpoint route, ProjectWithWork owner)
    {
        var pattern = "/" + route.RoutePattern.RawText!.Trim('/');
        var policies = route.Metadata.OfType<IAuthorizeData>().Select(a => a.Policy).ToList();
        var administrators = policies.Any(p => p is Scopes.Admin or Scopes.Pages or Scopes.DashboardAdmin);
        var page = policies.Contains(Scopes.Dashboard) || policies.Contains(Scopes.DashboardAdmin);
        var (path, names) = Fill(route.RoutePattern, owner, administrators);
        foreach (var method in route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
        {
            var visit = new Visit(method, pattern, path, owner.Bodies.GetValueOrDefault(pattern), names, administrators, page);
            yield return visit;
            foreach (var parameter in route.Metadata.OfType<DescribedParameter>().Where(p => !p.InHeader))
            {
                var value = parameter.Name == "after" ? owner.Ids.GetValueOrDefault(LastLiteral(route.RoutePattern)) : owner.Parameters.GetValueOrDefault(parameter.Name);
                Assert.True(
                    value is not null || administrators || !parameter.Name.EndsWith("_id", StringComparison.Ordinal),
                    $"{pattern} takes '{parameter.Name}': give {nameof(ProjectWithWork)}.{nameof(ProjectWithWork.Parameters)} one.");
                if (value is not null)
                    yield return visit with { Path = $"{path}?{parameter.Name}={Uri.EscapeDataString(value)}" };
            }
        }
    }

    /// <summary>The path, and whether it names something that belongs to the project.</summary>
    static (string Path, bool Names) Fill(RoutePattern pattern, ProjectWithWork owner, bool administrators)
    {
        var (path, names, kind) = ("", false, "");
        foreach (var segment in pattern.PathSegments.Select(s => s.Parts[0]))
        {
            switch (segment)
            {
                case RoutePatternLiteralPart literal:
                    path += "/" + (kind = literal.Content);
                    break;
                case RoutePatternParameterPart { Name: "index" }:
                    path += "/0";
                    break;
                case RoutePatternParameterPart { IsOptional: true } or RoutePatternParameterPart { IsCatchAll: true }:
                    break;
                case RoutePatternParameterPart when owner.Ids.TryGetValue(kind, out var id):
                    (path, names) = ($"{path}/{id}", true);
                    break;
                default:
                    Assert.True(
                        administrators && Everybodys.Contains(kind),
                        $"{pattern.RawText} takes an id of '{kind}': make one in {nameof(ProjectWithWork)}.{nameof(ProjectWithWork.MakeAsync)} and name it in {nameof(ProjectWithWork.Ids)}.");
                    path += "/x";
                    break;
            }
        }
        return (path is "" ? "/" : path, names);
    }

    static string LastLiteral(RoutePattern pattern) => pattern.PathSegments.Select(s => s.Parts[0]).OfType<RoutePatternLiteralPart>().Last().Content;

    /// <summary>Makes the calls: of pages in a browser that has signed in, of the API with the key.</summary>
    public static async Task MakeAsync(TestWorker worker, string key, IEnumerable<Visit> visits, Func<Visit, HttpResponseMessage, Task> judge)
    {
        using var browser = new Browser(worker.Address);
        using (await browser.SignInAsync(key))
        using (var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = worker.Address })
        {
            client.DefaultRequestHeaders.Authorization = new("Bearer", key);
            foreach (var visit in visits)
            {
                using var answer = !visit.IsPage ? await CallAsync(client, visit)
                    : visit.Method == "POST" ? await browser.PostAsync(visit.Path, "/")
                    : await browser.GetAsync(visit.Path);
                await judge(visit, answer);
            }
        }
    }

    static async Task<HttpResponseMessage> CallAsync(HttpClient client, Visit visit)
    {
        using var request = new HttpRequestMessage(new HttpMethod(visit.Method), visit.Path);
        if (visit.Method is "POST")
            request.Content = new StringContent(visit.Body ?? "{}", Encoding.UTF8, "application/json");
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
    }
}
