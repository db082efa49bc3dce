using System.Collections.Concurrent;
using Microsoft.Playwright;
using Xunit;

namespace Darkroom.BrowserTests;

/// <summary>One browser context. Whatever the browser complains of (script errors, refused by policy, failed loads) fails the test at its end.</summary>
public sealed class Person : IAsyncDisposable
{
    /// <summary>The path of no page.</summary>
    public const string Missing = "/jobs/nothing";

    readonly IBrowserContext context;
    readonly ConcurrentQueue<string> complaints = [];
    readonly Uri address;

    Person(IBrowserContext context, IPage page, Uri address) => (this.context, Page, this.address) = (context, page, address);

    public IPage Page { get; }

    public static async Task<Person> ComeAsync(Site site, ColorScheme scheme, int width)
    {
        var context = await site.Browser.NewContextAsync(new()
        {
            ColorScheme = scheme,
            ViewportSize = new() { Width = width, Height = 900 },
            Locale = "en-GB",
            TimezoneId = "Europe/Vienna",
        });
        context.SetDefaultTimeout(15_000);
        var person = new Person(context, await context.NewPageAsync(), site.Address);
        person.Page.Console += (_, message) =>
        {
            // The missing page is asked for on purpose.
            if (message.Type is "error" or "warning" && !message.Location.Contains(Missing, StringComparison.Ordinal))
                person.complaints.Enqueue($"{message.Text} {message.Location}");
        };
        person.Page.PageError += (_, error) => person.complaints.Enqueue(error);
        person.Page.Dialog += (_, dialog) => person.complaints.Enqueue("dialog: " + dialog.Message);
        return person;
    }

    public async Task SignInAsync(string key)
    {
        await GoAsync("/sign-in");
        await Page.GetByLabel("API key").FillAsync(key);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }

    public Task<IResponse?> GoAsync(string path) => Page.GotoAsync(new Uri(address, path).ToString());

    /// <summary>Waits until the page's live views have their circuit.</summary>
    public async Task<IPage> GoLiveAsync(string path)
    {
        var circuit = Page.WaitForWebSocketAsync();
        await GoAsync(path);
        await circuit;
        return Page;
    }

    public Task PressAsync(string button) => Page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    public Task SeesAsync(string text) => Assertions.Expect(Page.Locator("body")).ToContainTextAsync(text, new() { Timeout = 15_000 });

    public async ValueTask DisposeAsync()
    {
        await context.DisposeAsync();
        Assert.Empty(complaints);
    }
}
