using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Darkroom.ContainerTests;

/// <summary>Many lines in one file, as the Batch API takes them.</summary>
internal sealed class BatchOfPictures(Stack stack, string id)
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<BatchOfPictures> CreateAsync(Stack stack, int lines)
    {
        var jsonl = new StringBuilder();
        for (var number = 0; number < lines; number++)
        {
            jsonl.Append(CultureInfo.InvariantCulture, $"{{\"custom_id\":\"line-{number}\",\"method\":\"POST\",\"url\":\"/v1/images/generations\",");
            jsonl.Append(CultureInfo.InvariantCulture, $"\"body\":{{\"model\":\"gpt-image-1.5\",\"prompt\":\"picture {number}\",\"quality\":\"low\"}}}}\n");
        }
        using var form = new MultipartFormDataContent { { new StringContent("batch"), "purpose" }, { new StringContent(jsonl.ToString()), "file", "lines.jsonl" } };
        var file = await AnswerAsync(await stack.Api.PostAsync(new Uri("/v1/files", UriKind.Relative), form, Ct));
        var batch = await AnswerAsync(await stack.Api.PostAsJsonAsync(
            new Uri("/v1/batches", UriKind.Relative),
            new
            {
                input_file_id = file.GetProperty("id").GetString(),
                endpoint = "/v1/images/generations",
                completion_window = "24h",
                max_attempts = 100,
                max_unknown_attempts = 20,
            },
            JsonSerializerOptions.Web, Ct));
        return new BatchOfPictures(stack, batch.GetProperty("id").GetString()!);
    }

    /// <summary>Returns its output when it has ended: one line for each that succeeded.</summary>
    public async Task<List<string>> OutputAsync()
    {
        await stack.WaitUntilAsync("SELECT count(*) FROM darkroom.batches WHERE status = 'completed'", 1);
        var batch = await AnswerAsync(await stack.Api.GetAsync(new Uri($"/v1/batches/{id}", UriKind.Relative), Ct));
        var output = await stack.Api.GetStringAsync(new Uri($"/v1/files/{batch.GetProperty("output_file_id").GetString()}/content", UriKind.Relative), Ct);
        await FollowLinkAsync(Stack.Lines(output).First());
        return [.. Stack.Lines(output).Select(CustomId)];
    }

    /// <summary>A worker wrote it, and the API answers it.</summary>
    static async Task FollowLinkAsync(string line)
    {
        using var json = JsonDocument.Parse(line);
        var link = json.RootElement.GetProperty("response").GetProperty("body").GetProperty("data")[0].GetProperty("url").GetString()!;
        using var keyless = new HttpClient();
        using var picture = await keyless.GetAsync(new Uri(link), Ct);
        Assert.Equal("image/png", picture.EnsureSuccessStatusCode().Content.Headers.ContentType!.MediaType);
    }

    static string CustomId(string line)
    {
        using var json = JsonDocument.Parse(line);
        return json.RootElement.GetProperty("custom_id").GetString()!;
    }

    static async Task<JsonElement> AnswerAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync(Ct);
            Assert.True(answer.IsSuccessStatusCode, text);
            using var json = JsonDocument.Parse(text);
            return json.RootElement.Clone();
        }
    }
}
