using System.Text;
using System.Text.Json;
using Darkroom.Client;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Submission;
using Darkroom.Worker.Webhooks;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Submission;

/// <summary>The reader by itself: it serves request bodies as it serves lines of a batch.</summary>
public sealed class Reading_a_submission
{
    static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    static readonly SubmissionReader Reader = new(Options.Create(new EndpointSettings
    {
        Endpoints = [new()],
        Models = [new() { Name = "gpt-image-1.5", Sizes = ["auto", "1024x1024"], Qualities = ["auto", "low"], MaxN = 10 }],
    }), new Receivers(Options.Create(new WebhookOptions())));

    [Fact]
    public void Ten_thousand_mutations_each_lead_to_a_job_or_to_named_faults()
    {
        const int Seed = 20261123;
        var random = new Random(Seed);
        var (jobs, refusals) = (0, 0);
        for (var i = 0; i < 10_000; i++)
        {
            var body = Mutated(random);
            var reading = Reader.Read(body, Parameters.Job, Now);
            if (reading.Job is { } job)
            {
                jobs++;
                Assert.Empty(reading.Faults);
                Assert.Equal("default", job.Endpoint);
                Assert.DoesNotContain('\0', job.Prompt);
                // What was read once reads the same when it is written canonically.
                Assert.Equal(32, Idempotency.Sha256Of(job).Length);
            }
            else
            {
                refusals++;
                Assert.NotEmpty(reading.Faults);
                Assert.All(reading.Faults, f => Assert.False(string.IsNullOrWhiteSpace(f.Message)));
            }
        }
        Assert.True(jobs > 500 && refusals > 500, $"{jobs} jobs, {refusals} refusals: the mutations are too weak or too strong");
    }

    static byte[] Mutated(Random random)
    {
        var body = new List<byte>(Seeds[random.Next(Seeds.Length)]);
        for (var times = random.Next(1, 4); times > 0 && body.Count > 0; times--)
        {
            var at = random.Next(body.Count);
            switch (random.Next(6))
            {
                case 0: body.RemoveAt(at); break;
                case 1: body.Insert(at, (byte)random.Next(256)); break;
                case 2: body[at] = (byte)random.Next(256); break;
                case 3: body.InsertRange(at, Pieces[random.Next(Pieces.Length)]); break;
                case 4: body.RemoveRange(at, Math.Min(random.Next(1, 12), body.Count - at)); break;
                default: body.InsertRange(at, body.GetRange(at, Math.Min(random.Next(1, 30), body.Count - at))); break;
            }
        }
        return [.. body];
    }

    static readonly byte[][] Seeds =
    [
        [.. """{"model":"gpt-image-1.5","prompt":"a cat 🐈 \u00e4\ud83d\udc08\n","n":2,"quality":"low","size":"1024x1024"}"""u8],
        [.. """{ "prompt":"x", "metadata":{"a":"b","c":"d"}, "model":"gpt-image-1.5", "priority":9, "deadline":"2120-01-01T00:00:00Z" }"""u8],
        [.. """{"model":"gpt-image-1.5","prompt":"A long one, so that most mutations fall into its text: a red door in a white wall, seen in the rain, with a cat before it that would rather be inside; the paint has come off around the lock, and somebody has drawn a smaller cat on the lowest step."}"""u8],
        [.. """{"model":"gpt-image-1.5","prompt":"p","webhook_url":"https://example.com/a?b=c","webhook_events":["job.held"],"max_attempts":7}"""u8],
    ];

    static readonly byte[][] Pieces =
    [
        [.. "\\ud800"u8], [.. "\\udfff"u8], [.. "\\u0000"u8], [.. "\\u"u8], [.. "\\\\"u8], [.. "\""u8], [.. "{}"u8], [.. "[[[["u8], [.. "null"u8],
        [.. ",\"n\":1"u8], [.. ",\"x\":{\"\\udead\":[1,{}]}"u8], [.. "1e999"u8], [.. "-"u8], [.. " "u8], [.. "\uFEFF"u8], [0], [0xC3], [0xF0, 0x9F],
    ];

    [Theory]
    [InlineData("""{"model":"gpt-image-1.5","prompt":"\ud83c\udfe0"}""", "🏠")]
    [InlineData("""{"model":"gpt-image-1.5","prompt":"\\ud83c"}""", @"\ud83c")]
    [InlineData("""{"model":"gpt-image-1.5","prompt":"\uD83C\uDFE0\\\u0041\/"}""", @"🏠\A/")]
    [InlineData("""{"pr\u006fmpt":"escaped name","model":"gpt-image-1.5"}""", "escaped name")]
    public void Escapes_are_text_like_any_other(string json, string prompt) =>
        Assert.Equal(prompt, Reader.Read(Encoding.UTF8.GetBytes(json), Parameters.Job, Now).Job?.Prompt);

    [Fact]
    public void A_shorter_list_of_parameters_refuses_what_is_not_on_it()
    {
        var reading = Reader.Read("""{"model":"gpt-image-1.5","prompt":"a cat","priority":1}"""u8, Parameters.Generation, Now);

        Assert.Equal(("priority", "unknown_parameter"), (Assert.Single(reading.Faults).Param, reading.Faults[0].Code));
    }

    /// <summary>A prompt where a name belongs, in each of a thousand lines, must not be kept with each.</summary>
    [Fact]
    public void A_long_name_is_told_back_cut()
    {
        var reading = Reader.Read(
            Encoding.UTF8.GetBytes($$"""{"model":"gpt-image-1.5","prompt":"a cat","{{new string('x', 500_000)}}":1}"""), Parameters.Job, Now);

        var fault = Assert.Single(reading.Faults);
        Assert.Equal(new string('x', 100) + "…", fault.Param);
        Assert.InRange(fault.Message.Length, 100, 400);
    }

    /// <summary>The typed client and the reader know the same fields.</summary>
    [Fact]
    public void The_parameter_list_is_what_the_client_can_send() => Assert.Equal(
        Parameters.Job.Select(p => p.Name).Order(),
        typeof(SubmitJob).GetProperties().Select(p => JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name)).Order());
}
