// The library marks its calls for batches as experimental.
#pragma warning disable OPENAI001
using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using Darkroom.Tests.Infrastructure;
using OpenAI;
using OpenAI.Batch;
using OpenAI.Files;
using Xunit;

namespace Darkroom.Tests.DropIn;

public sealed class Batches_by_OpenAI_for_dotnet
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    static readonly RequestOptions Options = new();

    [Fact]
    public async Task From_a_file_to_its_output()
    {
        await using var cluster = await DropInWorker.StartAsync();
        var client = Client(cluster);
        var files = client.GetOpenAIFileClient();
        var batches = client.GetBatchClient();
        var lines = BinaryData.FromString("""
            {"custom_id":"one","method":"POST","url":"/v1/images/generations","body":{"model":"gpt-image-1.5","prompt":"a cat","quality":"low"}}
            """);

        var file = (await files.UploadFileAsync(lines, "prompts.jsonl", FileUploadPurpose.Batch)).Value;
        var batch = await CreateAsync(batches, file.Id);
        await batch.WaitForCompletionAsync(Ct);

        var ended = Json(await batch.GetBatchAsync(Options));
        Assert.Equal("completed", ended.GetProperty("status").GetString());
        var output = await files.DownloadFileAsync(ended.GetProperty("output_file_id").GetString(), Ct);
        var line = JsonElement.Parse(output.Value.ToString());
        Assert.Equal(("one", 200), (line.GetProperty("custom_id").GetString(), line.GetProperty("response").GetProperty("status_code").GetInt32()));
        Assert.Single(cluster.Endpoint.Account.Calls);
        Assert.Equal(lines.ToString(), (await files.DownloadFileAsync(file.Id, Ct)).Value.ToString());
        Assert.Equal([file.Id], (await files.GetFilesAsync(FilePurpose.Batch, Ct)).Value.Select(f => f.Id));
        var listed = new List<string>();
        await foreach (var one in batches.GetBatchesAsync(cancellationToken: Ct))
            listed.Add(one.Id);
        Assert.Equal([batch.BatchId], listed);
        Assert.True((await files.DeleteFileAsync(file.Id, Ct)).Value.Deleted);
    }

    [Fact]
    public async Task What_is_refused_is_its_own_exception()
    {
        await using var cluster = await DropInWorker.StartAsync();

        var refused = await Assert.ThrowsAsync<ClientResultException>(() => CreateAsync(Client(cluster).GetBatchClient(), "file-none"));

        Assert.Equal(400, refused.Status);
        Assert.Contains("input_file_id", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_batch_is_cancelled()
    {
        await using var cluster = await DropInWorker.StartAsync("Darkroom:Endpoints:0:MaxInFlight=1");
        cluster.Endpoint.Hold();
        var client = Client(cluster);
        var file = (await client.GetOpenAIFileClient().UploadFileAsync(BinaryData.FromString("""
            {"custom_id":"one","method":"POST","url":"/v1/images/generations","body":{"model":"gpt-image-1.5","prompt":"a cat"}}
            """), "prompts.jsonl", FileUploadPurpose.Batch)).Value;
        var batch = await CreateAsync(client.GetBatchClient(), file.Id);
        await cluster.Endpoint.Account.WaitForHeldAsync(1, Ct);

        var cancelled = Json(await batch.CancelAsync(Options));
        cluster.Endpoint.Release();
        await batch.WaitForCompletionAsync(Ct);

        Assert.Equal("cancelling", cancelled.GetProperty("status").GetString());
        Assert.Equal("cancelled", Json(await batch.GetBatchAsync(Options)).GetProperty("status").GetString());
    }

    /// <summary>It repeats by itself, without a key or a count.</summary>
    [Fact]
    public async Task A_batch_whose_answer_was_lost_is_made_once()
    {
        await using var cluster = await DropInWorker.StartAsync();
        using var lossy = new HttpClient(new LosesFirstAnswer("/v1/batches"));
        var client = Client(cluster, new HttpClientPipelineTransport(lossy));
        var file = (await client.GetOpenAIFileClient().UploadFileAsync(BinaryData.FromString("""
            {"custom_id":"one","method":"POST","url":"/v1/images/generations","body":{"model":"gpt-image-1.5","prompt":"a cat"}}
            """), "prompts.jsonl", FileUploadPurpose.Batch)).Value;

        var batch = await CreateAsync(client.GetBatchClient(), file.Id);
        await batch.WaitForCompletionAsync(Ct);

        var listed = new List<string>();
        await foreach (var one in client.GetBatchClient().GetBatchesAsync(cancellationToken: Ct))
            listed.Add(one.Id);
        Assert.Equal([batch.BatchId], listed);
        Assert.Single(cluster.Endpoint.Account.Calls);
    }

    sealed class LosesFirstAnswer(string path) : DelegatingHandler(new HttpClientHandler())
    {
        bool lost;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (lost || request.RequestUri!.AbsolutePath != path || request.Method != HttpMethod.Post)
                return answer;
            lost = true;
            answer.Dispose();
            throw new HttpRequestException(HttpRequestError.ResponseEnded);
        }
    }

    static OpenAIClient Client(DropInWorker cluster, PipelineTransport? transport = null)
    {
        var options = new OpenAIClientOptions { Endpoint = new Uri(cluster.Worker.Address, "v1") };
        if (transport is not null)
            options.Transport = transport;
        return new(new ApiKeyCredential(TestWorker.AdminKey), options);
    }

    static Task<CreateBatchOperation> CreateAsync(BatchClient batches, string file) => batches.CreateBatchAsync(
        BinaryContent.CreateJson(new { input_file_id = file, endpoint = "/v1/images/generations", completion_window = "24h" }), waitUntilCompleted: false);

    static JsonElement Json(ClientResult result) => JsonElement.Parse(result.GetRawResponse().Content.ToString());
}
