using System.Text.Json;
using System.Text.Json.Nodes;
using Darkroom.Client;
using Xunit;

namespace Darkroom.Tests.Client;

public sealed class Wire_types
{
    [Fact]
    public void A_batch_has_openais_fields_by_name_and_every_one_of_them_always()
    {
        var batch = new Batch
        {
            Id = "batch_1",
            Endpoint = "/v1/images/generations",
            Errors = new([new("invalid_value", 3, "Bad.", "body.n")]),
            InputFileId = "file-1",
            CompletionWindow = "24h",
            Status = "completed",
            CreatedAt = 1,
            RequestCounts = new(3, 2, 1),
            Usage = new(1, new(2), 3, new(0), 4),
            Counts = new(0, 0, 2, 1, 0, 0),
            SkippedLines = 0,
            Priority = 7,
            OnUnknown = "retry",
            MaxAttempts = 5,
            MaxUnknownAttempts = 2,
            Cost = new("USD", 1.5m, 0),
            Images = 2,
        };

        var json = JsonSerializer.SerializeToNode(batch, DarkroomJson.Answers.Batch)!.AsObject();

        string[] openai =
        [
            "id", "object", "endpoint", "model", "errors", "input_file_id", "completion_window", "status", "output_file_id", "error_file_id", "created_at",
            "in_progress_at", "expires_at", "finalizing_at", "completed_at", "failed_at", "expired_at", "cancelling_at", "cancelled_at", "request_counts",
            "usage", "metadata",
        ];
        Assert.Equal(openai, json.Select(f => f.Key).Take(openai.Length));
        Assert.Equal("""{"object":"list","data":[{"code":"invalid_value","line":3,"message":"Bad.","param":"body.n"}]}""", json["errors"]!.ToJsonString());
        Assert.Equal(
            """{"input_tokens":1,"input_tokens_details":{"cached_tokens":2},"output_tokens":3,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":4}""",
            json["usage"]!.ToJsonString());
    }

    [Fact]
    public void A_result_is_one_line_whatever_white_space_the_endpoint_sent_and_has_a_link_or_base64()
    {
        var body = new BatchResponseBody
        {
            Created = 1,
            Data = [new() { Url = "https://x/1" }, new() { B64Json = "aGk=" }],
            OutputFormat = "png",
            Usage = JsonDocument.Parse("{ \"total_tokens\" :\n 1e2 }").RootElement,
        };
        var line = JsonSerializer.Serialize(
            new() { Id = "batch_req_1", CustomId = "a", JobId = "job_1", Status = "succeeded", Response = new(200, null, body) }, DarkroomJson.Answers.BatchResult);

        Assert.DoesNotContain('\n', line);
        Assert.Contains("""data":[{"url":"https://x/1"},{"b64_json":"aGk="}]""", line, StringComparison.Ordinal);
        Assert.Contains("""usage":{"total_tokens":1e2}""", line, StringComparison.Ordinal);
        Assert.Equal("aGk=", JsonSerializer.Deserialize(line, DarkroomJson.Answers.BatchResult)!.Response!.Body.Data![1].B64Json);
    }

    [Fact]
    public void A_file_and_a_model_have_openais_fields()
    {
        var file = JsonNode.Parse(JsonSerializer.Serialize(
            new() { Id = "file-1", Bytes = 1, CreatedAt = 2, Filename = "a.jsonl", Purpose = "batch" }, DarkroomJson.Answers.StoredFile))!.AsObject();

        Assert.Equal(["id", "object", "bytes", "created_at", "expires_at", "filename", "purpose", "status", "status_details"], file.Select(f => f.Key));
        Assert.Equal("""{"object":"file","id":"file-1","deleted":true}""", JsonSerializer.Serialize(new("file-1", true), DarkroomJson.Answers.DeletedFile));
        Assert.Equal(
            """{"object":"model","id":"m","created":1,"owned_by":"x","shutdown_at":null}""", JsonSerializer.Serialize(new("m", 1, "x"), DarkroomJson.Answers.Model));
    }
}
