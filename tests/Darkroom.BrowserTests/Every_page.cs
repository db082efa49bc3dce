using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Darkroom.BrowserTests;

/// <summary>
/// Every page with work on it, in both themes and on a narrow screen. With <c>DARKROOM_SCREENSHOTS</c> naming a folder, each is also
/// photographed there, as <c>docs/screenshots</c> were.
/// </summary>
public sealed class Every_page(Site site) : IClassFixture<Site>
{
    const int Wide = 1280, Narrow = 400;

    /// <summary>The receiver that works, once it is registered.</summary>
    static string? working;

    /// <summary>Once they are made: one with a line that is held, and one whose file is wrong.</summary>
    static string? batch, wrong;

    static readonly string? Screenshots = Environment.GetEnvironmentVariable("DARKROOM_SCREENSHOTS");

    [Theory(Timeout = 240_000)]
    [InlineData(ColorScheme.Light, Wide)]
    [InlineData(ColorScheme.Dark, Wide)]
    [InlineData(ColorScheme.Light, Narrow)]
    [InlineData(ColorScheme.Dark, Narrow)]
    public async Task Passes_axe_and_fits_the_screen(ColorScheme scheme, int width)
    {
        var pages = await PagesAsync();
        await using var person = await Person.ComeAsync(site, scheme, width);
        foreach (var (name, path) in pages)
        {
            if (name == "sign-in")
                await person.GoAsync(path);
            else
            {
                await person.GoAsync(path);
                await person.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
            }
            var overflow = await person.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            Assert.True(overflow <= 0, $"{name} is {overflow} pixels too wide at {width}.");
            var findings = await person.Page.RunAxe(new AxeRunOptions { RunOnly = new() { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] } });
            Assert.True(findings.Violations.Length == 0, $"{name}: " + string.Join("; ", findings.Violations.Select(v => $"{v.Impact} {v.Id} {v.Help}: {v.Nodes[0].Html}")));
            if (Screenshots is not null)
                await person.Page.ScreenshotAsync(new() { Path = Path.Combine(Screenshots, $"{name}-{scheme.ToString().ToLowerInvariant()}{(width == Narrow ? "-narrow" : "")}.png"), FullPage = name != "jobs" });
            if (name == "sign-in")
                await person.SignInAsync(Site.AdminKey);
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task Is_reached_by_keyboard_alone()
    {
        await using var person = await site.EnterAsync();
        await person.GoAsync("/jobs");

        await person.Page.Keyboard.PressAsync("Tab");
        await Expect(person.Page.GetByText("Skip to the content")).ToBeFocusedAsync();
        await person.Page.Keyboard.PressAsync("Enter");
        await person.Page.Keyboard.PressAsync("Tab");
        await Expect(person.Page.GetByLabel("queued", new() { Exact = true })).ToBeFocusedAsync();
        await person.Page.Keyboard.PressAsync("Space");
        await Expect(person.Page.GetByLabel("queued", new() { Exact = true })).ToBeCheckedAsync();
    }

    /// <summary>The first is the sign-in page; the others follow behind it.</summary>
    async Task<(string Name, string Path)[]> PagesAsync()
    {
        var receiver = await ReceiversAsync();
        string[] prompts =
        [
            "A studio photo of a ceramic teapot in celadon green, soft light from the left", "Watercolour of a heron standing in morning mist",
            "Isometric illustration of a tiny bookshop at night, warm windows, light rain", "Poster for a jazz festival, art deco, gold on navy",
            "A fox asleep in a field of poppies, picture book style", "Oil painting of a harbour with red boats, thick brushwork",
        ];
        var done = "";
        for (var i = 0; i < prompts.Length; i++)
            done = await site.SubmitAsync(new { model = i % 3 == 0 ? "gpt-image-1" : "gpt-image-1.5", prompt = prompts[i], quality = i % 2 == 0 ? "low" : "medium", custom_id = $"catalogue-{i + 1:000}", metadata = new { order = "2411", shop = "north" } });
        var failed = await site.SubmitAsync(new { model = "gpt-image-1.5", prompt = "A portrait that the endpoint refuses [[fault:moderation_blocked]]", quality = "low" });
        await site.SubmitAsync(Site.Waiting("A tram in Lisbon, urban sketch in ink and wash", "tomorrow-001"));
        batch ??= await site.SubmitBatchAsync("Autumn catalogue", [.. Enumerable.Range(0, 18).Select(i => prompts[i % prompts.Length]), "A portrait that the endpoint refuses [[fault:moderation_blocked]]", "A lighthouse whose answer is lost [[fault:http_500]]"], "hold");
        wrong ??= await site.SubmitBatchAsync("Winter catalogue", ["A snowy street", ""]);
        await using var person = await site.EnterAsync();
        await person.GoAsync($"/batches/{batch}");
        await Expect(person.Page.Locator(".gallery img")).ToHaveCountAsync(18, new() { Timeout = 60_000 });
        await person.SeesAsync("1 line is held.");
        foreach (var (id, status) in new[] { (done, "succeeded"), (failed, "failed") })
        {
            await person.GoLiveAsync($"/jobs/{id}");
            await Expect(person.Page.Locator("h1 + .badge")).ToHaveTextAsync(status, new() { Timeout = 20_000 });
        }
        return
        [
            ("sign-in", "/sign-in"), ("overview", "/"), ("jobs", "/jobs"), ("job", $"/jobs/{done}"), ("job-failed", $"/jobs/{failed}"), ("usage", "/usage"), ("batches", "/batches"), ("batch", $"/batches/{batch}"),
            ("batch-wrong", $"/batches/{wrong}"), ("batch-pictures", $"/batches/{batch}/pictures"),
            ("webhooks", "/webhooks"), ("webhooks-receiver", $"/webhooks/{receiver}"), ("webhooks-deliveries", "/webhooks/deliveries"),
            ("webhooks-delivery", await FailedDeliveryAsync(person)), ("settings", "/settings"), ("missing", Person.Missing),
        ];
    }

    /// <summary>One receiver that works and one that does not.</summary>
    /// <returns>The id of the one that works.</returns>
    async Task<string> ReceiversAsync()
    {
        if (working is not null)
            return working;
        site.Receiver.Answer = async (http, _) =>
        {
            if (!http.Request.Path.StartsWithSegments("/hook/closed"))
                return;
            http.Response.StatusCode = 503;
            await http.Response.WriteAsync("<html><body><h1>503 Service Unavailable</h1>The shop is closed for stock-taking.</body></html>");
        };
        await site.MakeAsync("/v1/webhook_endpoints", new { url = site.Receiver.Url + "/closed", events = new[] { "job.failed", "job.held" } });
        return working = await site.MakeAsync("/v1/webhook_endpoints", new { url = site.Receiver.Url });
    }

    static async Task<string> FailedDeliveryAsync(Person person)
    {
        var link = person.Page.Locator("main tbody a[href^='/webhooks/deliveries/msg_']").First;
        do
            await person.GoAsync("/webhooks/deliveries?status=failed");
        while (await link.CountAsync() == 0);
        return (await link.GetAttributeAsync("href"))!;
    }
}
