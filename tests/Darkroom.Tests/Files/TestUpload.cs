using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Darkroom.Tests.Api;
using Xunit;

namespace Darkroom.Tests.Files;

/// <summary>An upload as OpenAI's clients send it.</summary>
internal static class TestUpload
{
    public static MultipartFormDataContent Form(byte[]? file, string? purpose = "batch", string filename = "lines.jsonl", params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent();
        if (purpose is not null)
            form.Add(new StringContent(purpose), "purpose");
        foreach (var (name, value) in fields)
            form.Add(new StringContent(value), name);
        if (file is not null)
            form.Add(new ByteArrayContent(file) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } }, "file", filename);
        return form;
    }

    public static async Task<HttpResponseMessage> UploadAsync(this HttpClient client, HttpContent form) =>
        await client.PostAsync(new Uri("/v1/files", UriKind.Relative), form, TestContext.Current.CancellationToken);

    public static async Task<JsonElement> UploadAsync(this HttpClient client, string lines, params (string Name, string Value)[] fields)
    {
        using var form = Form(Encoding.UTF8.GetBytes(lines), fields: fields);
        using var answer = await client.UploadAsync(form);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return await answer.JsonAsync();
    }

    public static string IdOf(this JsonElement answer) => answer.GetProperty("id").GetString()!;
}
