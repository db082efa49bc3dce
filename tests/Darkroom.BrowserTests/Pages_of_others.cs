using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Darkroom.BrowserTests;

/// <summary>Scalar's and Hangfire's pages under our security headers: a complaint of the browser's console ends a test.</summary>
public sealed class Pages_of_others(Site site) : IClassFixture<Site>
{
    [Fact(Timeout = 120_000)]
    public async Task The_reference_of_the_API_shows_its_calls()
    {
        await using var person = await site.EnterAsync();
        await person.GoAsync("/docs");

        await Expect(person.Page.GetByRole(AriaRole.Link, new() { Name = "post /v1/jobs", Exact = true })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await person.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_pages_of_tickets_show_their_figures()
    {
        await using var person = await site.EnterAsync();
        await person.GoAsync("/hangfire");
        await person.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);

        foreach (var page in new[] { "/hangfire/jobs/enqueued", "/hangfire/servers", "/hangfire/recurring" })
        {
            await person.GoAsync(page);
            await Expect(person.Page.GetByRole(AriaRole.Heading).First).ToBeVisibleAsync();
        }
    }
}
