using System.Net;
using System.Text;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Access;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Darkroom.Tests.Dashboard;

public sealed class Signing_in : IAsyncLifetime
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    TestDatabase? database;
    SimulatorHost? endpoint;
    TestWorker? worker;
    Browser? browser;

    Browser Browser => browser!;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        endpoint = await SimulatorHost.StartAsync(o => o.LatencyScale = 0);
        worker = await StartAsync();
        browser = new Browser(worker.Address);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/?x=1")]
    public async Task A_page_asks_a_stranger_to_sign_in_and_remembers_where_they_were_going(string page)
    {
        using var asked = await Browser.GetAsync(page);

        Assert.Equal(HttpStatusCode.Found, asked.StatusCode);
        Assert.Equal($"/sign-in?return={Uri.EscapeDataString(page)}", asked.Headers.Location!.PathAndQuery);
        using var entered = await Browser.SignInAsync(TestWorker.AdminKey, asked.Headers.Location.Query);
        Assert.Equal((HttpStatusCode.Found, page), (entered.StatusCode, entered.Headers.Location!.OriginalString));
    }

    [Fact]
    public async Task A_key_opens_the_overview_and_for_an_admin_the_API_reference()
    {
        using var entered = await Browser.SignInAsync(TestWorker.AdminKey);

        var cookie = Assert.Single(entered.Headers.GetValues("Set-Cookie"), c => c.StartsWith("darkroom.session=", StringComparison.Ordinal));
        Assert.Contains("; httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("; secure", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("In flight", await Browser.TextAsync("/"), StringComparison.Ordinal);
        Assert.Contains("Darkroom", await Browser.TextAsync("/openapi/v1.json"), StringComparison.Ordinal);
        Assert.Contains("Darkroom tickets", await Browser.TextAsync("/hangfire"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reading_key_sees_the_overview_but_no_page_of_admins()
    {
        using var entered = await Browser.SignInAsync(await AddKeyAsync(Scopes.Read));
        using var hangfire = await Browser.GetAsync("/hangfire");

        Assert.DoesNotContain("/hangfire", await Browser.TextAsync("/"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, hangfire.StatusCode);
    }

    [Fact]
    public async Task A_key_that_may_only_submit_is_told_so_and_an_unknown_one_too()
    {
        using var submitter = await Browser.SignInAsync(await AddKeyAsync(Scopes.Submit));
        using var stranger = await Browser.SignInAsync("dk_nobody-has-this-key");

        Assert.Equal(HttpStatusCode.Forbidden, submitter.StatusCode);
        Assert.Contains("may only submit", await submitter.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        Assert.Contains("unknown, expired or revoked", await stranger.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.DoesNotContain("dk_nobody", await stranger.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.False(submitter.Headers.TryGetValues("Set-Cookie", out var cookies) && cookies.Any(c => c.StartsWith("darkroom.session=", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_form_of_another_site_signs_nobody_in_or_out()
    {
        using var forged = await Browser.SendAsync("/sign-in", ("key", TestWorker.AdminKey));
        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);

        using var entered = await Browser.SignInAsync(TestWorker.AdminKey);
        using var signedOutByAnother = await Browser.SendAsync("/sign-out");
        Assert.Contains("In flight", await Browser.TextAsync("/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signing_out_closes_the_session()
    {
        using var entered = await Browser.SignInAsync(TestWorker.AdminKey);
        using var left = await Browser.PostAsync("/sign-out", "/");
        using var again = await Browser.GetAsync("/");

        Assert.Equal("/sign-in", left.Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.Found, again.StatusCode);
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("https://evil.example")]
    [InlineData("/\t/evil.example")]
    public async Task Signing_in_never_leads_to_another_site(string target)
    {
        using var entered = await Browser.SignInAsync(TestWorker.AdminKey, $"?return={Uri.EscapeDataString(target)}");

        Assert.Equal("/", entered.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task A_session_and_its_forms_are_good_on_every_node_and_end_with_the_key()
    {
        var key = await AddKeyAsync(Scopes.Read);
        await using var other = await StartAsync();
        var cookies = new CookieContainer();
        using var here = new Browser(worker!.Address, cookies);
        using var there = new Browser(other.Address, cookies);

        using var entered = await here.SignInAsync(key);
        Assert.Contains("In flight", await there.TextAsync("/"), StringComparison.Ordinal);

        var hash = ApiKeyText.Sha256(key);
        await using (var db = await DbAsync())
            await db.ApiKeys.Where(k => k.Sha256 == hash).ExecuteUpdateAsync(set => set.SetProperty(k => k.RevokedAt, DateTimeOffset.UnixEpoch), Cancel);
        // A third node has not seen the key before, and so asks the database.
        await using var third = await StartAsync();
        using var elsewhere = new Browser(third.Address, cookies);
        using var refused = await elsewhere.GetAsync("/");
        Assert.Equal(HttpStatusCode.Found, refused.StatusCode);
    }

    [Fact]
    public async Task Pages_forbid_inline_scripts_and_styles_frames_and_everything_from_elsewhere()
    {
        using var entered = await Browser.SignInAsync(TestWorker.AdminKey);
        foreach (var path in new[] { "/sign-in", "/", "/jobs", "/usage", "/settings", "/dashboard.css", "/_framework/blazor.web.js" })
        {
            using var answer = await Browser.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'; script-src 'self'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Behind_TLS_that_ends_at_a_proxy_the_session_travels_by_TLS_alone()
    {
        await using var proxied = await StartAsync("Darkroom:PublicUrl=https://darkroom.example.com");
        using var client = new Browser(proxied.Address);
        using var entered = await client.SignInAsync(TestWorker.AdminKey);

        var cookie = Assert.Single(entered.Headers.GetValues("Set-Cookie"), c => c.StartsWith("darkroom.session=", StringComparison.Ordinal));
        Assert.Contains("; secure", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Text_of_others_shows_as_text_and_jobs_are_counted_by_state()
    {
        await using (var db = await DbAsync())
            await db.Database.ExecuteSqlAsync($"UPDATE darkroom.endpoints SET state = 'paused', reason = '<script>alert(1)</script>', next_probe_at = NULL", Cancel);
        using var entered = await Browser.SignInAsync(TestWorker.AdminKey);
        using (var api = worker!.Client())
        using (var sent = await api.PostAsync(
            new Uri("/v1/jobs", UriKind.Relative), new StringContent("""{"model":"gpt-image-1.5","prompt":"a cat"}""", Encoding.UTF8, "application/json"), Cancel))
            Assert.Equal(HttpStatusCode.Accepted, sent.StatusCode);

        var page = await Browser.TextAsync("/");

        Assert.Contains("is paused.</b> &lt;script&gt;alert(1)&lt;/script&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.Contains("<dt>Queued</dt><dd>1</dd>", page, StringComparison.Ordinal);
    }

    Task<TestWorker> StartAsync(params string[] settings) =>
        TestWorker.StartAsync(database!, endpoint!, ["Darkroom:Roles=api,dashboard", .. settings]);

    async Task<string> AddKeyAsync(string scope)
    {
        var key = ApiKeyText.Create();
        await using var db = await DbAsync();
        var project = await db.Projects.Select(p => p.Id).SingleAsync(Cancel);
        db.ApiKeys.Add(new ApiKey
        {
            Id = Guid.CreateVersion7(),
            ProjectId = project,
            Name = scope,
            Sha256 = ApiKeyText.Sha256(key),
            Hint = ApiKeyText.Hint(key),
            Scopes = [scope],
            CreatedAt = DateTimeOffset.UnixEpoch,
        });
        await db.SaveChangesAsync(Cancel);
        return key;
    }

    Task<DarkroomDb> DbAsync() => worker!.Get<IDbContextFactory<DarkroomDb>>().CreateDbContextAsync(Cancel);

    public async ValueTask DisposeAsync()
    {
        browser?.Dispose();
        if (worker is not null)
            await worker.DisposeAsync();
        if (endpoint is not null)
            await endpoint.DisposeAsync();
        if (database is not null)
            await database.DisposeAsync();
    }
}
