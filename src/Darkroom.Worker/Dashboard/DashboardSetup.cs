using Darkroom.Worker.Access;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Darkroom.Worker.Dashboard;

internal static class DashboardSetup
{
    /// <summary>No script at all, nothing from elsewhere, no frame around us.</summary>
    const string ContentSecurityPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static IServiceCollection AddDashboard(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "darkroom.antiforgery";
            options.Cookie.SameSite = SameSiteMode.Strict;
            // Not "always": behind a proxy that ends TLS every request here is plain, and would then be refused.
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
        return services.AddSingleton<OverviewSnapshot>().AddSingleton<SignIn>();
    }

    public static void MapDashboard(this IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup("").ExcludeFromDescription().AddEndpointFilter((context, next) =>
        {
            var headers = context.HttpContext.Response.Headers;
            headers.ContentSecurityPolicy = ContentSecurityPolicy;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin";
            headers.CacheControl = "private, no-store";
            return next(context);
        });
        pages.MapGet("/", OverviewAsync).RequireAuthorization(Scopes.Dashboard);
        pages.MapGet(Sessions.SignInPath, (HttpContext http, SignIn signIn) => signIn.Show(http)).AllowAnonymous();
        pages.MapPost(Sessions.SignInPath, (HttpContext http, SignIn signIn, CancellationToken ct) => signIn.OpenAsync(http, ct)).AllowAnonymous();
        pages.MapPost("/sign-out", (HttpContext http, SignIn signIn) => signIn.CloseAsync(http)).RequireAuthorization(Scopes.Dashboard);
        // A resource of the assembly: it is there however the worker is run, published or hosted.
        pages.MapGet("/dashboard.css", () => TypedResults.Stream(
            typeof(DashboardSetup).Assembly.GetManifestResourceStream("dashboard.css")!, "text/css; charset=utf-8")).AllowAnonymous();
    }

    static async Task<IResult> OverviewAsync(HttpContext http, OverviewSnapshot snapshot, IAntiforgery antiforgery)
    {
        var tokens = antiforgery.GetAndStoreTokens(http);
        return new RazorComponentResult<OverviewPage>(new
        {
            Shown = await snapshot.ReadAsync(http.User.ProjectId()),
            MayOpenAdminPages = http.User.HasClaim(Caller.ScopeClaim, Scopes.Admin),
            TokenField = tokens.FormFieldName,
            Token = tokens.RequestToken!,
        });
    }
}
