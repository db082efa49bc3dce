using System.Net.Http.Json;
using System.Text.Json;
using Darkroom.Simulator;
using Xunit;

namespace Darkroom.Tests.Simulator;

/// <summary>A plain client of the simulated endpoint: no retries, no redirects, no decompression.</summary>
internal sealed class Caller(SimulatorHost endpoint) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        BaseAddress = endpoint.BaseAddress,
        Timeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>The test's own end, and thirty seconds from now.</summary>
    public static CancellationToken Cancel
    {
        get
        {
            var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(30));
            return limit.Token;
        }
    }

    public Task<HttpResponseMessage> PostAsync(object body, string? key = "test", CancellationToken? cancel = null, string? requestId = null) =>
        SendAsync(JsonContent.Create(body), key, cancel, requestId);

    public Task<HttpResponseMessage> PromptAsync(string prompt, CancellationToken? cancel = null) =>
        PostAsync(new { model = "gpt-image-1", prompt, quality = "low" }, cancel: cancel);

    public Task<HttpResponseMessage> SendAsync(HttpContent content, string? key = "test", CancellationToken? cancel = null, string? requestId = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/images/generations") { Content = content };
        if (key is not null)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        if (requestId is not null)
            request.Headers.Add("X-Client-Request-Id", requestId);
        return _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel ?? Cancel);
    }

    public Task<HttpResponseMessage> AdminAsync(HttpMethod method, string path, object? body = null) =>
        _http.SendAsync(new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) }, Cancel);

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        (await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(Cancel), cancellationToken: Cancel)).RootElement;

    public static async Task<byte[][]> PicturesAsync(HttpResponseMessage response) =>
        [.. (await JsonAsync(response)).GetProperty("data").EnumerateArray().Select(picture => picture.GetProperty("b64_json").GetBytesFromBase64())];

    public void Dispose() => _http.Dispose();
}
