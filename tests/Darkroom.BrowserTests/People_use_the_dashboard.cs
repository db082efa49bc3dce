using System.Text;
using Darkroom.Tests.Infrastructure;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Darkroom.BrowserTests;

public sealed class People_use_the_dashboard(Site site) : IClassFixture<Site>
{
    [Fact(Timeout = 120_000)]
    public async Task Figures_move_while_jobs_run_without_a_reload()
    {
        await using var person = await site.EnterAsync();
        site.Endpoint.Hold("moving");
        try
        {
            var page = await person.GoLiveAsync("/");
            await page.EvaluateAsync("window.stayed = true");
            var pictures = page.Locator(".figures div", new() { HasText = "Pictures, last minute" }).Locator("dd");
            var inFlight = page.Locator(".figures div", new() { HasText = "In flight" }).Locator("dd");
            var before = int.Parse((await pictures.InnerTextAsync()).Split(' ')[0], null);
            for (var i = 0; i < 4; i++)
                await site.SubmitAsync(Site.Now($"moving {i}"));
            await Expect(inFlight).ToContainTextAsync("4 of 20 slots", new() { Timeout = 20_000 });

            site.Endpoint.Release();
            await Expect(pictures).ToHaveTextAsync(new System.Text.RegularExpressions.Regex($"^{before + 4} "), new() { Timeout = 20_000 });
            await Expect(inFlight).ToContainTextAsync("0 of 20 slots", new() { Timeout = 20_000 });
            Assert.True(await page.EvaluateAsync<bool>("window.stayed"));
        }
        finally
        {
            site.Endpoint.Release();
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task A_job_is_searched_for_opened_and_its_picture_seen()
    {
        var id = await site.SubmitAsync(Site.Now("an unmistakable pelican", "pelican-1"));
        await site.SubmitAsync(Site.Now("something else"));
        await using var person = await site.EnterAsync();
        var page = person.Page;
        var link = page.GetByRole(AriaRole.Link, new() { Name = "an unmistakable pelican" });
        do
        {
            // Search follows the submission by a second or two.
            await person.GoAsync("/jobs");
            await page.GetByLabel("Words in prompt or custom id").FillAsync("pelic unmist");
            await page.GetByLabel("succeeded").CheckAsync();
            await person.PressAsync("Filter");
        }
        while (await link.CountAsync() == 0);

        Assert.Contains("status=succeeded", page.Url, StringComparison.Ordinal);
        Assert.Contains("q=pelic", page.Url, StringComparison.Ordinal);
        await Expect(page.GetByText("something else")).ToHaveCountAsync(0);
        await Expect(page.Locator("img.thumb")).ToHaveJSPropertyAsync("naturalWidth", 320);
        await link.ClickAsync();

        await Expect(page).ToHaveURLAsync(new Uri(site.Address, $"/jobs/{id}").ToString());
        var picture = page.Locator(".pictures img");
        await Expect(picture).ToHaveJSPropertyAsync("complete", true);
        Assert.True(await picture.EvaluateAsync<int>("image => image.naturalWidth") >= 1024);
        await Expect(page.Locator(".timeline li")).ToHaveCountAsync(1);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_job_is_cancelled_and_a_failed_one_retried()
    {
        var waiting = await site.SubmitAsync(Site.Waiting("a job to cancel"));
        var refused = await site.SubmitAsync(new { model = "gpt-image-1.5", prompt = "refused once [[fault:moderation_blocked x1]]", quality = "low", max_attempts = 1 });
        await using var person = await site.EnterAsync();

        await person.GoLiveAsync($"/jobs/{waiting}");
        await person.PressAsync("Cancel");
        await Expect(person.Page.Locator("h1 + .badge")).ToHaveTextAsync("canceled");

        await person.GoLiveAsync($"/jobs/{refused}");
        await Expect(person.Page.Locator("h1 + .badge")).ToHaveTextAsync("failed");
        await person.PressAsync("Retry");
        await Expect(person.Page.Locator("h1 + .badge")).ToHaveTextAsync("succeeded", new() { Timeout = 20_000 });
        await Expect(person.Page.Locator(".timeline li")).ToHaveCountAsync(2);
    }

    [Fact(Timeout = 120_000)]
    public async Task All_jobs_of_a_filter_are_cancelled_with_progress_shown()
    {
        for (var i = 0; i < 5; i++)
            await site.SubmitAsync(new { model = "gpt-image-1", prompt = $"bulk {i}", quality = "low", not_before = "2099-01-01T00:00:00Z" });
        await using var person = await site.EnterAsync();

        await person.GoLiveAsync("/jobs?model=gpt-image-1&status=queued");
        await Expect(person.Page.Locator("tbody tr")).ToHaveCountAsync(5);
        await person.Page.GetByText("Cancel all…").ClickAsync();
        await person.PressAsync("Cancel them");

        await person.SeesAsync("Cancelling: 5 jobs done. Finished.");
        await person.GoAsync("/jobs?model=gpt-image-1&status=queued");
        await person.SeesAsync("No job matches this filter");
    }

    [Fact(Timeout = 120_000)]
    public async Task An_endpoint_is_paused_and_resumed_from_the_overview()
    {
        await using var person = await site.EnterAsync();

        await person.GoAsync("/settings");
        await person.Page.GetByLabel("Why default is paused").FillAsync("<b>lunch</b>");
        await person.PressAsync("Pause default");
        try
        {
            await person.GoLiveAsync("/");
            await person.SeesAsync("Endpoint default is paused. <b>lunch</b>");
        }
        finally
        {
            await person.PressAsync("Resume default");
        }
        await Expect(person.Page.Locator(".badge.active")).ToHaveCountAsync(1);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_key_is_made_shown_once_used_and_revoked()
    {
        await using var admin = await site.EnterAsync();
        await admin.GoAsync("/settings");
        await admin.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("night shift");
        await admin.Page.GetByLabel("submit, cancel and retry").UncheckAsync();
        await admin.PressAsync("Create key");
        var key = await admin.Page.Locator("#secret").InnerTextAsync();
        await admin.GoAsync("/settings");
        await Expect(admin.Page.Locator("#secret")).ToHaveCountAsync(0);

        await using var reader = await site.EnterAsync(key);
        await reader.GoLiveAsync("/");
        await Expect(reader.Page.GetByRole(AriaRole.Link, new() { Name = "Settings" })).ToHaveCountAsync(0);

        await admin.Page.Locator("tr", new() { HasText = "night shift" }).GetByText("Revoke…").ClickAsync();
        await admin.PressAsync("Revoke night shift");
        await reader.SeesAsync("Your session has ended");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_batch_moves_without_a_reload_is_paused_resumed_and_shows_its_pictures()
    {
        await using var person = await site.EnterAsync();
        site.Endpoint.Hold("gallery");
        try
        {
            var id = await site.SubmitBatchAsync("Spring", Enumerable.Range(1, 4).Select(i => $"gallery {i}").Append("refused [[fault:moderation_blocked]]"));
            var page = await person.GoLiveAsync($"/batches/{id}");
            await page.EvaluateAsync("window.stayed = true");
            await person.SeesAsync("4 running");
            Assert.True(await page.EvaluateAsync<bool>("window.stayed"));
            await person.PressAsync("Pause");
            await person.SeesAsync("Paused since");
            await person.PressAsync("Resume");
            await Expect(page.Locator("h1 + span .paused")).ToHaveCountAsync(0);

            site.Endpoint.Release();
            await Expect(page.Locator("h1 + span .badge")).ToHaveTextAsync("completed", new() { Timeout = 30_000 });
            await Expect(page.Locator(".gallery img")).ToHaveCountAsync(4);
            await Expect(page.Locator(".gallery img").First).ToHaveJSPropertyAsync("naturalWidth", 320);
            await Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
            await page.GetByText("Retry failed lines…").ClickAsync();
            await person.PressAsync("Make a batch of 1 line");
            await Expect(page).Not.ToHaveURLAsync(new Uri(site.Address, $"/batches/{id}").ToString());
        }
        finally
        {
            site.Endpoint.Release();
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task A_receiver_is_registered_tried_and_sent_again_what_it_refused()
    {
        site.Receiver.Answer = (http, number) => Task.FromResult(http.Response.StatusCode = number <= 2 ? 500 : 204);
        await using var person = await site.EnterAsync();
        await person.GoAsync("/webhooks");
        await person.SeesAsync("Nobody is told of this project's jobs yet.");
        await person.Page.GetByLabel("URL", new() { Exact = true }).FillAsync(site.Receiver.Url);
        await person.PressAsync("Register");
        Assert.StartsWith("whsec_", await person.Page.Locator("#secret").InnerTextAsync(), StringComparison.Ordinal);

        await person.PressAsync("Send a test event");
        await Expect(person.Page.Locator("h1 + .badge")).ToHaveTextAsync("failed", new() { Timeout = 20_000 });
        await Expect(person.Page.Locator(".timeline li")).ToHaveCountAsync(2);
        await person.PressAsync("Send again");
        await Expect(person.Page.Locator("h1 + .badge")).ToHaveTextAsync("succeeded", new() { Timeout = 20_000 });
        await Expect(person.Page.Locator(".timeline li")).ToHaveCountAsync(3);

        await person.Page.GetByRole(AriaRole.Link, new() { Name = "its receiver" }).ClickAsync();
        await person.Page.GetByText("Delete…").ClickAsync();
        await person.PressAsync("Delete it");
        await person.SeesAsync("Nobody is told of this project's jobs yet.");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_person_signs_in_at_the_provider_sees_live_figures_and_signs_out()
    {
        (site.Provider.Present, site.Provider.Asks) = (new("ada", "Ada Lovelace", "viewers"), true);
        await using var person = await Person.ComeAsync(site, ColorScheme.Light, 1280);
        await person.GoAsync("/jobs?status=held");
        await person.Page.GetByRole(AriaRole.Link, new() { Name = "Sign in with Studio SSO" }).ClickAsync();
        await person.Page.GetByRole(AriaRole.Link, new() { Name = "Continue as Ada Lovelace" }).ClickAsync();

        await Expect(person.Page).ToHaveURLAsync(new Uri(site.Address, "/jobs?status=held").ToString());
        await person.GoLiveAsync("/");
        await person.SeesAsync("Ada Lovelace");
        await Expect(person.Page.GetByRole(AriaRole.Link, new() { Name = "Settings" })).ToHaveCountAsync(0);
        await person.PressAsync("Sign out");
        await person.GoAsync("/");
        await Expect(person.Page.GetByLabel("API key")).ToBeVisibleAsync();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_prompt_full_of_markup_does_nothing()
    {
        var id = await site.SubmitAsync(Site.Waiting("<img src=x onerror=alert(1)><script>alert(2)</script><style>body{display:none}</style>"));
        await using var person = await site.EnterAsync();

        await person.GoLiveAsync($"/jobs/{id}");
        await person.SeesAsync("<img src=x onerror=alert(1)>");
        await person.GoAsync("/jobs");
        await person.SeesAsync("<script>alert(2)</script>");
    }

    [Fact(Timeout = 120_000)]
    public async Task Times_are_in_the_viewers_zone()
    {
        var id = await site.SubmitAsync(Site.Waiting("far ahead"));
        await using var person = await site.EnterAsync();

        await person.GoLiveAsync($"/jobs/{id}");

        // Midnight of UTC is one o'clock in Vienna.
        await Expect(person.Page.Locator("time[datetime='2099-01-01T00:00:00Z']")).ToHaveTextAsync("1 Jan 2099, 01:00:00");
    }

    [Fact(Timeout = 120_000)]
    public async Task The_pages_of_Hangfire_open_by_session_and_by_Basic()
    {
        await using (var person = await site.EnterAsync())
        {
            await person.GoAsync("/hangfire");
            await Expect(person.Page).ToHaveTitleAsync(new System.Text.RegularExpressions.Regex("Darkroom tickets"));
            await Expect(person.Page.Locator("h1")).ToHaveCSSAsync("font-weight", "500");
        }

        await using var context = await site.Browser.NewContextAsync(new() { HttpCredentials = new() { Username = "anyone", Password = TestWorker.AdminKey } });
        var page = await context.NewPageAsync();
        await page.GotoAsync(new Uri(site.Address, "/hangfire").ToString());
        await Expect(page).ToHaveTitleAsync(new System.Text.RegularExpressions.Regex("Darkroom tickets"));
    }
}
