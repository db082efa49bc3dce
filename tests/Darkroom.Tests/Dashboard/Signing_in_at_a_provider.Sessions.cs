using System.Net;
using System.Security.Claims;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Dashboard;

/// <summary>What becomes of a session that the provider began.</summary>
public sealed partial class Signing_in_at_a_provider
{
    [Theory]
    [InlineData("viewers", false)]
    [InlineData("leads", true)]
    public async Task A_page_opened_long_after_the_providers_last_word_asks_it_again_unseen(string now, bool administers)
    {
        await EnterAsync("makers", TimeSpan.FromMinutes(20));
        provider.Present = new("ada", "Ada", now);

        using var page = await FollowAsync("/webhooks?x=1");

        Assert.Equal("/webhooks?x=1", page.RequestMessage!.RequestUri!.PathAndQuery);
        Assert.Equal("none", Assert.Single(provider.Asked)["prompt"]);
        using var settings = await browser.GetAsync("/settings");
        Assert.Equal(administers ? HttpStatusCode.OK : HttpStatusCode.Found, settings.StatusCode);
        Assert.Single(provider.Asked);
    }

    [Fact]
    public async Task Behind_a_proxy_that_speaks_TLS_it_is_closed_to_plain_HTTP_from_the_providers_answer_on()
    {
        await using var proxied = await StartAsync([.. provider.Settings(Grants), "Darkroom:Http:TrustedProxies:0=127.0.0.1"]);
        provider.Present = new("ada", "Ada", "viewers");
        using var web = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
        using var begun = await SendAsync("/sign-in/provider", cookie: null);
        using var answered = await web.GetAsync(begun.Headers.Location, Cancel);
        var state = string.Join("; ", begun.Headers.GetValues("Set-Cookie").Select(cookie => cookie.Split(';')[0]));

        using var entered = await SendAsync(answered.Headers.Location!.PathAndQuery, state);

        var session = Assert.Single(entered.Headers.GetValues("Set-Cookie"), cookie => cookie.StartsWith("darkroom.session=", StringComparison.Ordinal));
        Assert.Contains("; secure", session, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("nosniff", Assert.Single(entered.Headers.GetValues("X-Content-Type-Options")));

        Task<HttpResponseMessage> SendAsync(string path, string? cookie)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, new Uri(proxied.Address, path)) { Headers = { { "X-Forwarded-Proto", "https" } } };
            if (cookie is not null)
                request.Headers.Add("Cookie", cookie);
            return web.SendAsync(request, Cancel);
        }
    }

    [Fact]
    public async Task Who_was_signed_out_at_the_provider_is_here_too()
    {
        await EnterAsync("leads", TimeSpan.FromMinutes(20));

        using var page = await FollowAsync("/jobs");

        Assert.Contains("Your session has ended", await page.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        await OutsideAsync();
    }

    [Fact]
    public async Task Who_lost_every_role_there_is_out()
    {
        await EnterAsync("leads", TimeSpan.FromMinutes(20));
        provider.Present = new("ada", "Ada", "canteen");

        using var page = await FollowAsync("/jobs");

        Assert.Contains("none of your roles", await page.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        await OutsideAsync();
    }

    [Fact]
    public async Task A_change_and_a_picture_are_not_sent_to_the_provider_first()
    {
        await EnterAsync("makers", TimeSpan.FromMinutes(20));

        using var changed = await browser.SendAsync("/webhooks");
        using var picture = await browser.GetAsync("/jobs/job_00000000000070008000000000000000/thumbnails/0", accept: "image/webp");

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.NotFound), (changed.StatusCode, picture.StatusCode));
        Assert.Empty(provider.Asked);
    }

    [Fact]
    public async Task While_the_provider_cannot_be_reached_the_session_goes_on_and_nobody_new_is_signed_in()
    {
        await using var lonely = await StartAsync([.. provider.Settings(Grants), "Darkroom:Dashboard:OpenIdConnect:Authority=http://127.0.0.1:1"]);
        using var there = new Browser(lonely.Address, cookies);
        await EnterAsync("makers", TimeSpan.FromMinutes(20));

        Assert.Contains("In flight", await there.TextAsync("/"), StringComparison.Ordinal);
        using var begun = await there.GetAsync("/sign-in/provider");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, begun.StatusCode);
        Assert.Contains("The provider cannot be reached", await begun.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_ends_with_the_providers_word_and_with_its_grant()
    {
        await EnterAsync("viewers", TimeSpan.FromHours(8));
        await OutsideAsync();

        await EnterAsync("viewers", TimeSpan.Zero);
        Assert.Contains("In flight", await browser.TextAsync("/"), StringComparison.Ordinal);
        await using var changed = await StartAsync(provider.Settings(("leads", "default", "admin")));
        using var there = new Browser(changed.Address, cookies);
        using var refused = await there.GetAsync("/");
        Assert.Equal("/sign-in", refused.Headers.Location!.AbsolutePath);
    }

    [Fact]
    public async Task Without_a_provider_there_is_no_button_and_its_sessions_open_nothing()
    {
        await EnterAsync("leads", TimeSpan.Zero);
        await using var plain = await StartAsync([]);
        using var there = new Browser(plain.Address, cookies);

        Assert.DoesNotContain("/sign-in/provider", await there.TextAsync("/sign-in"), StringComparison.Ordinal);
        using var asked = await there.GetAsync("/sign-in/provider");
        Assert.Equal("/sign-in", asked.Headers.Location!.OriginalString);
        using var refused = await there.GetAsync("/");
        Assert.Equal(HttpStatusCode.Found, refused.StatusCode);
    }

    /// <summary>A session that was opened a while ago, as this worker's cookies say it.</summary>
    async Task EnterAsync(string role, TimeSpan age)
    {
        var basis = new SessionBasis(null, new("ada", "Ada", [role], DateTimeOffset.UtcNow - age));
        var ticket = new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity(basis.Claims, Sessions.Scheme)), new() { IssuedUtc = DateTimeOffset.UtcNow, ExpiresUtc = DateTimeOffset.UtcNow.AddHours(1) }, Sessions.Scheme);
        // The first request makes the keys that protect it.
        await browser.TextAsync("/sign-in");
        var options = worker.Get<IOptionsMonitor<CookieAuthenticationOptions>>().Get(Sessions.Scheme);
        cookies.Add(worker.Address, new Cookie("darkroom.session", options.TicketDataFormat.Protect(ticket)));
    }
}
