using System.Net;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Access;
using Xunit;

namespace Darkroom.Tests.Dashboard;

public sealed partial class Signing_in_at_a_provider : IAsyncLifetime
{
    static readonly (string, string, string)[] Grants = [("leads", "default", "admin"), ("makers", "default", "submit"), ("viewers", "default", "read"), ("north", "north", "admin")];

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    readonly CookieContainer cookies = new();

    TestDatabase database = null!;
    SimulatorHost endpoint = null!;
    TestProvider provider = null!;
    TestWorker worker = null!;
    Browser browser = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        endpoint = await SimulatorHost.StartAsync(o => o.LatencyScale = 0);
        provider = await TestProvider.StartAsync();
        worker = await StartAsync(provider.Settings(Grants));
        browser = new Browser(worker.Address, cookies);
    }

    [Fact]
    public async Task It_leads_to_the_provider_and_back_to_where_the_person_was_going()
    {
        provider.Present = new("ada", "Ada <b>Lovelace</b>", "viewers", "canteen");
        Assert.Contains("Sign in with Studio SSO", await browser.TextAsync("/sign-in?return=%2Fjobs%3Fstatus%3Dheld"), StringComparison.Ordinal);

        using var back = await FollowAsync("/sign-in/provider?return=%2Fjobs%3Fstatus%3Dheld");

        Assert.Equal("/jobs?status=held", back.RequestMessage!.RequestUri!.PathAndQuery);
        Assert.Contains("Ada &lt;b&gt;Lovelace&lt;/b&gt;", await back.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        var asked = Assert.Single(provider.Asked);
        Assert.Equal("openid profile", asked["scope"]);
        Assert.False(asked.ContainsKey("prompt"));
    }

    [Theory]
    [InlineData("viewers", false, false)]
    [InlineData("makers", true, false)]
    [InlineData("leads", true, true)]
    public async Task A_role_opens_what_its_grant_says_and_no_more(string role, bool changes, bool administers)
    {
        provider.Present = new("ada", "Ada", role);
        using var entered = await FollowAsync("/sign-in/provider");

        using var settings = await browser.GetAsync("/settings");
        Assert.Equal(administers ? HttpStatusCode.OK : HttpStatusCode.Found, settings.StatusCode);
        using var registered = await browser.PostAsync("/webhooks", "/", ("url", "https://example.com/hook"), ("event", "job.failed"));
        Assert.Equal(changes ? HttpStatusCode.OK : HttpStatusCode.Found, registered.StatusCode);
        Assert.Equal(changes, (await browser.TextAsync("/webhooks")).Contains("New receiver", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_first_grant_of_several_counts_and_names_the_project()
    {
        await worker.Get<KeyAdministration>().AddProjectAsync("north", Actor.Configuration, Cancel);
        provider.Present = new("ada", "Ada", "north");
        using var north = await FollowAsync("/sign-in/provider");
        using var made = await browser.PostAsync("/webhooks", "/", ("url", "https://north.example.com/hook"), ("event", "job.failed"));
        Assert.Contains("north.example.com", await browser.TextAsync("/webhooks"), StringComparison.Ordinal);

        provider.Present = new("ada", "Ada", "north", "viewers");
        using var both = await FollowAsync("/sign-in/provider");

        Assert.DoesNotContain("north.example.com", await browser.TextAsync("/webhooks"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("canteen")]
    // Its project does not exist.
    [InlineData("north")]
    public async Task A_person_whose_roles_open_nothing_is_told_so(string role)
    {
        provider.Present = new("eve", "Eve", role);

        using var refused = await FollowAsync("/sign-in/provider");

        Assert.Equal("/sign-in", refused.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.Contains("none of your roles", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        await OutsideAsync();
    }

    [Fact]
    public async Task Roles_may_be_told_by_the_user_info_endpoint()
    {
        provider.RolesByUserInfo = true;
        provider.Present = new("ada", "Ada", "canteen", "leads");

        using var entered = await FollowAsync("/sign-in/provider");

        Assert.Contains("New key", await browser.TextAsync("/settings"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_provider_that_refuses_is_quoted_nowhere()
    {
        using var refused = await FollowAsync("/sign-in/provider");
        var page = await refused.Content.ReadAsStringAsync(Cancel);

        Assert.Contains("The provider did not sign you in", page, StringComparison.Ordinal);
        Assert.DoesNotContain("not today", page + refused.RequestMessage!.RequestUri, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_token_of_another_key_or_another_sign_in_opens_nothing(bool key, bool nonce)
    {
        (provider.SignsWithAnotherKey, provider.ForgetsTheNonce) = (key, nonce);
        provider.Present = new("ada", "Ada", "leads");

        using var refused = await FollowAsync("/sign-in/provider");

        Assert.Contains("The provider did not sign you in", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        await OutsideAsync();
    }

    [Fact]
    public async Task An_answer_that_was_not_asked_for_opens_nothing_and_ends_nothing()
    {
        provider.Present = new("ada", "Ada", "leads");
        using var begun = await browser.GetAsync("/sign-in/provider");
        using var elsewhere = new Browser(worker.Address);
        using var web = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var answered = await web.GetAsync(begun.Headers.Location, Cancel);
        using var forged = await elsewhere.GetAsync(answered.Headers.Location!.PathAndQuery);
        Assert.Equal("?failed=provider", forged.Headers.Location!.OriginalString[8..24]);

        using var entered = await FollowAsync("/sign-in/provider");
        foreach (var query in new[] { "?error=access_denied", "?code=1&state=2", "" })
            using (await browser.GetAsync("/sign-in/provider/callback" + query))
                Assert.Contains("New key", await browser.TextAsync("/settings"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_cookies_are_closed_to_scripts_and_other_sites_and_behind_TLS_travel_by_TLS_alone()
    {
        await using var proxied = await StartAsync([.. provider.Settings(Grants), "Darkroom:PublicUrl=https://darkroom.example.com"]);
        foreach (var (address, secure) in new[] { (worker.Address, false), (proxied.Address, true) })
        {
            using var stranger = new Browser(address);
            using var begun = await stranger.GetAsync("/sign-in/provider");
            var set = begun.Headers.GetValues("Set-Cookie").ToList();
            Assert.Equal(2, set.Count);
            Assert.All(set, cookie =>
            {
                Assert.Contains("; httponly", cookie, StringComparison.OrdinalIgnoreCase);
                Assert.Contains("; samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
                Assert.Equal(secure, cookie.Contains("; secure", StringComparison.OrdinalIgnoreCase));
            });
            Assert.Contains(
                Uri.EscapeDataString((secure ? "https://darkroom.example.com" : address.ToString().TrimEnd('/')) + "/sign-in/provider/callback"),
                begun.Headers.Location!.OriginalString, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Another_node_takes_the_answer_and_the_session()
    {
        await using var other = await StartAsync(provider.Settings(Grants));
        using var there = new Browser(other.Address, cookies);
        provider.Present = new("ada", "Ada", "viewers");
        using var begun = await browser.GetAsync("/sign-in/provider");
        using var web = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        // A balancer in front of both would have one address; here each node has its own, so the code is asked for with the first's.
        using var answered = await web.GetAsync(begun.Headers.Location, Cancel);
        using var entered = await there.GetAsync(answered.Headers.Location!.PathAndQuery);

        Assert.Equal("/", entered.Headers.Location!.OriginalString);
        Assert.Contains("In flight", await browser.TextAsync("/"), StringComparison.Ordinal);
    }

    /// <summary>As a browser does, between the worker and the provider.</summary>
    async Task<HttpResponseMessage> FollowAsync(string path)
    {
        using var web = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        var answer = await browser.GetAsync(path);
        for (var hops = 0; answer.StatusCode == HttpStatusCode.Found; hops++)
        {
            Assert.InRange(hops, 0, 8);
            var next = new Uri(answer.RequestMessage!.RequestUri!, answer.Headers.Location!);
            answer.Dispose();
            answer = next.Port == worker.Address.Port ? await browser.GetAsync(next.PathAndQuery) : await web.GetAsync(next, Cancel);
        }
        return answer;
    }

    async Task OutsideAsync()
    {
        using var asked = await browser.GetAsync("/");
        Assert.Equal("/sign-in", asked.Headers.Location!.AbsolutePath);
    }

    Task<TestWorker> StartAsync(string[] settings) => TestWorker.StartAsync(database, endpoint, ["Darkroom:Roles=api,dashboard", .. settings]);

    public async ValueTask DisposeAsync()
    {
        browser.Dispose();
        await worker.DisposeAsync();
        await provider.DisposeAsync();
        await endpoint.DisposeAsync();
        await database.DisposeAsync();
    }
}
