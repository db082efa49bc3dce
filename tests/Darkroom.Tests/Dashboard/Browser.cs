using System.Net;
using System.Text.RegularExpressions;
using Xunit;

namespace Darkroom.Tests.Dashboard;

/// <summary>What a browser does without scripts: it keeps cookies, follows no redirect unseen, and sends back the hidden fields of a form.</summary>
internal sealed partial class Browser(Uri address, CookieContainer? cookies = null) : IDisposable
{
    readonly HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = cookies ?? new() }) { BaseAddress = address };

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async Task<HttpResponseMessage> GetAsync(string path, string accept = "text/html,*/*;q=0.8")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Accept", accept);
        return await client.SendAsync(request, Cancel);
    }

    public async Task<string> TextAsync(string path)
    {
        using var answer = await GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(Cancel);
    }

    public async Task<HttpResponseMessage> SignInAsync(string key, string query = "") => await PostAsync("/sign-in", "/sign-in" + query, ("key", key));

    /// <summary>Sends the form of <paramref name="page"/> to <paramref name="path"/>.</summary>
    public async Task<HttpResponseMessage> PostAsync(string path, string page, params (string Name, string Value)[] fields)
    {
        var html = await TextAsync(page);
        var hidden = Hidden.Matches(html).Select(m => (Name: m.Groups["name"].Value, WebUtility.HtmlDecode(m.Groups["value"].Value)));
        // A page has several forms; the first's token is good for all of them.
        return await SendAsync(path, [.. fields, .. hidden.DistinctBy(h => h.Name).ExceptBy(fields.Select(f => f.Name), h => h.Name)]);
    }

    public async Task<HttpResponseMessage> SendAsync(string path, params (string Name, string Value)[] fields)
    {
        using var form = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value)));
        return await client.PostAsync(new Uri(path, UriKind.Relative), form, Cancel);
    }

    public void Dispose() => client.Dispose();

    [GeneratedRegex("""<input type="hidden" name="(?<name>[^"]+)" value="(?<value>[^"]*)" ?/?>""")]
    private static partial Regex Hidden { get; }
}
