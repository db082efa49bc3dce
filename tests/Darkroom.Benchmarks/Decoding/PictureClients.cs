using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Darkroom.Worker.Decoding;
using OpenAI;
using OpenAI.Images;

namespace Darkroom.Benchmarks.Decoding;

/// <summary>
/// Three ways to do the same: call the endpoint, put its picture into a file, know its SHA-256. The file is removed at the end, as
/// the spool does once a picture is stored.
/// </summary>
internal sealed class PictureClients
{
    private readonly HttpClient _http;
    private readonly Uri _generations;
    private readonly string _directory;
    private readonly ResponseDecoder _decoder = new(new());
    private readonly ImageClient _sdk;

    public PictureClients(HttpClient http, Uri endpoint, string directory)
    {
        (_http, _generations, _directory) = (http, new(endpoint, "v1/images/generations"), directory);
        _http.Timeout = TimeSpan.FromMinutes(10);
        _sdk = new("gpt-image-1", new ApiKeyCredential("none"), new OpenAIClientOptions
        {
            Endpoint = new(endpoint, "v1"),
            RetryPolicy = new ClientRetryPolicy(0),
            NetworkTimeout = TimeSpan.FromMinutes(10),
            Transport = new HttpClientPipelineTransport(http),
        });
    }

    public static IReadOnlyList<string> Names { get; } = ["Darkroom", "OpenAI SDK", "ReadFromJsonAsync"];

    /// <summary>Runs one call and returns the picture's SHA-256 in hexadecimal.</summary>
    public Task<string> CallAsync(string name, int number)
    {
        string path = Path.Combine(_directory, $"{number}.png");
        return name switch
        {
            "Darkroom" => DarkroomAsync(path),
            "OpenAI SDK" => SdkAsync(path),
            _ => NaiveAsync(path),
        };
    }

    private async Task<string> DarkroomAsync(string path)
    {
        using HttpRequestMessage request = Request();
        using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using Stream body = await response.Content.ReadAsStreamAsync();
        Decoded decoded = await _decoder.DecodeAsync(body, _ => new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0));
        File.Delete(path);
        return Convert.ToHexString(decoded.Pictures[0].Sha256);
    }

    private async Task<string> SdkAsync(string path)
    {
        GeneratedImage image = await _sdk.GenerateImageAsync("a lighthouse");
        return Keep(path, image.ImageBytes.ToMemory().Span);
    }

    private async Task<string> NaiveAsync(string path)
    {
        using HttpRequestMessage request = Request();
        using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Answer? answer = await response.Content.ReadFromJsonAsync<Answer>();
        return Keep(path, Convert.FromBase64String(answer!.Data[0].B64Json));
    }

    private HttpRequestMessage Request() => new(HttpMethod.Post, _generations)
    {
        Content = new StringContent("""{"model":"gpt-image-1","prompt":"a lighthouse"}""", Encoding.UTF8, "application/json"),
    };

    private static string Keep(string path, ReadOnlySpan<byte> picture)
    {
        File.WriteAllBytes(path, picture);
        File.Delete(path);
        return Convert.ToHexString(SHA256.HashData(picture));
    }

    private sealed record Answer([property: JsonPropertyName("data")] Element[] Data);

    private sealed record Element([property: JsonPropertyName("b64_json")] string B64Json);
}
