using Darkroom.Worker.Access;
using Darkroom.Worker.Dashboard.Batches;
using Darkroom.Worker.Dashboard.Jobs;
using Darkroom.Worker.Dashboard.Settings;
using Darkroom.Worker.Dashboard.Usage;
using Darkroom.Worker.Dashboard.Webhooks;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Darkroom.Worker.Dashboard;

internal static class DashboardSetup
{
    /// <summary>Our own files and connections, nothing inline, nothing from elsewhere, no frame around us.</summary>
    const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

    public static IServiceCollection AddDashboard(this IServiceCollection services, IConfiguration configuration, Roles roles)
    {
        ProviderSignIn.Add(services, configuration);
        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "darkroom.antiforgery";
            options.Cookie.SameSite = SameSiteMode.Strict;
            // Not "always": behind a proxy that ends TLS every request here is plain, and would then be refused.
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
        services.AddSingleton<OverviewSnapshot>().AddSingleton<SignIn>().AddSingleton<BulkActions>().AddSingleton<Thumbnails>().AddSingleton<SearchIndex>();
        if (roles.ServesDashboard)
            services.AddHostedService(provider => provider.GetRequiredService<SearchIndex>()).AddHostedService<BulkRunner>();
        return services;
    }

    public static void MapDashboard(this IEndpointRouteBuilder routes)
    {
        var open = routes.MapGroup("").ExcludeFromDescription().AddEndpointFilter((context, next) =>
        {
            var headers = context.HttpContext.Response.Headers;
            headers.ContentSecurityPolicy = ContentSecurityPolicy;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin";
            headers.CacheControl = "no-cache, no-store";
            return next(context);
        });
        PageFiles.Map(open);
        open.MapGet(Sessions.SignInPath, (HttpContext http, SignIn signIn) => signIn.Show(http)).AllowAnonymous();
        open.MapPost(Sessions.SignInPath, (HttpContext http, SignIn signIn, CancellationToken ct) => signIn.OpenAsync(http, ct)).AllowAnonymous();
        open.MapGet(ProviderSignIn.Path, (HttpContext http, SignIn signIn) => signIn.AskProviderAsync(http)).AllowAnonymous();
        open.MapPost("/sign-out", (HttpContext http, SignIn signIn) => signIn.CloseAsync(http)).RequireAuthorization(Scopes.Dashboard);

        var pages = open.MapGroup("").RequireAuthorization(Scopes.Dashboard).AddEndpointFilter(async (context, next) =>
            await context.HttpContext.RequestServices.GetRequiredService<ProviderSignIn>().AsksAgainAsync(context.HttpContext) ? TypedResults.Empty : await next(context));
        var changes = pages.MapGroup("").AddEndpointFilter(RefuseForgeriesAsync);
        pages.MapGet("/", (HttpContext http) => new RazorComponentResult<OverviewPage>(new { Visitor = Visitor.Of(http) }));
        JobsRoutes.Map(pages, changes);
        BatchesRoutes.Map(pages, changes);
        UsagePages.Map(pages);
        WebhooksRoutes.Map(pages, changes);
        SettingsRoutes.Map(pages, changes);
        routes.MapBlazorHub("/_blazor").RequireAuthorization(Scopes.Dashboard);
    }

    /// <summary>A change is made by our own form, on whichever node it was shown.</summary>
    static async ValueTask<object?> RefuseForgeriesAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        return await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http)
            ? await next(context)
            : new RazorComponentResult<MissingPage>(new
            {
                Visitor = Visitor.Of(http),
                What = "Nothing was changed",
                Hint = "The page had expired. Go back, reload it and try again.",
            })
            { StatusCode = StatusCodes.Status400BadRequest };
    }
}
