using System.Text;
using CsCheck;
using Darkroom.Tests.Decoding;
using Darkroom.Worker.Batches;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Submission;
using Darkroom.Worker.Webhooks;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Batches;

public sealed class Reading_lines
{
    const string Good = """{"custom_id":"a","method":"POST","url":"/v1/images/generations","body":{"model":"gpt-image-1.5","prompt":"a cat"}}""";

    static readonly BatchFile File = new(
        new SubmissionReader(
            Options.Create(new EndpointSettings
            {
                Endpoints = [new() { Name = "default" }],
                Models = [new() { Name = "gpt-image-1.5", Sizes = ["1024x1024", "auto"], Qualities = ["auto", "low"], MaxPromptChars = 100, MaxN = 10 }],
            }),
            new Receivers(Options.Create(new WebhookOptions()))),
        TimeProvider.System);

    [Fact]
    public async Task A_line_is_a_job_with_its_custom_id_and_what_its_body_asks_for()
    {
        var line = Assert.Single(await ReadAsync("""
            {"url":"/v1/images/generations","body":{"size":"1024x1024","n":3,"quality":"low","prompt":"an owl","model":"gpt-image-1.5"},"custom_id":"owl","method":"POST"}
            """));

        Assert.Empty(line.Faults);
        var job = line.Job!;
        Assert.Equal(("owl", "gpt-image-1.5", "an owl", "low", 3, "1024x1024", "default"), (job.CustomId, job.Model, job.Prompt, job.Quality, job.N, job.Size, job.Endpoint));
    }

    [Theory]
    [InlineData("""{"custom_id":"a"}""", "method:missing_required_parameter url:missing_required_parameter body:missing_required_parameter")]
    [InlineData("""{"custom_id":"","method":"GET","url":"/v1/chat/completions","body":{}}""",
        "custom_id:invalid_value method:invalid_value url:invalid_value body.model:missing_required_parameter body.prompt:missing_required_parameter")]
    [InlineData("""{"custom_id":1,"method":"POST","url":"/v1/images/generations","body":{"model":"gpt-9","prompt":" ","n":"2"}}""",
        "custom_id:invalid_type body.model:model_not_found body.prompt:invalid_value body.n:invalid_type")]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/images/generations","body":[]}""", "body:invalid_type")]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/images/generations","body":{"model":"gpt-image-1.5","prompt":"x","background":"transparent"},"priority":1}""",
        "priority:unknown_parameter body.background:unknown_parameter")]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/images/generations","body":{"model":"gpt-image-1.5","prompt":"x","prompt":"y"}}""", "body.prompt:duplicate_parameter")]
    [InlineData("""{"custom_id":"a" "method":"POST"}""", ":invalid_json")]
    [InlineData("a prompt", ":invalid_json")]
    [InlineData("""[{"custom_id":"a"}]""", ":invalid_json")]
    public async Task Everything_that_is_wrong_with_a_line_is_named(string line, string faults)
    {
        var read = Assert.Single(await ReadAsync(line));

        Assert.Null(read.Job);
        Assert.Equal(faults, string.Join(' ', read.Faults.Select(f => $"{f.Param}:{f.Code}")));
        Assert.All(read.Faults.Where(f => f.Param is not null && f.Code != "invalid_json"), f => Assert.StartsWith($"'{f.Param}' ", f.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_the_JSON_breaks_is_told_by_its_column_alone() =>
        Assert.Equal("The line is not the JSON we expect: at column 18: '\"' is invalid after a value. Expected either ',', '}', or ']'.",
            Assert.Single((await ReadAsync("""{"custom_id":"a" "method":"POST"}"""))[0].Faults).Message);

    [Fact]
    public async Task A_custom_id_may_be_used_once_in_a_file_and_again_in_another()
    {
        var lines = await ReadAsync(Good + "\n" + Good.Replace("\"a\"", "\"A\"", StringComparison.Ordinal) + "\n" + Good);

        Assert.Equal([true, true, false], lines.Select(l => l.Job is not null));
        Assert.Equal(("custom_id", "duplicate_custom_id"), (lines[2].Faults[0].Param, lines[2].Faults[0].Code));
        Assert.NotNull(Assert.Single(await ReadAsync(Good)).Job);
    }

    [Fact]
    public async Task Blank_lines_byte_order_marks_and_both_line_ends_are_no_matter()
    {
        var lines = await ReadAsync("\uFEFF" + Good + "\r\n\r\n  \n\n" + Good.Replace("\"a\"", "\"b\"", StringComparison.Ordinal) + "\r\n");

        Assert.Equal([(1, "a"), (5, "b")], lines.Select(l => (l.Number, l.Job!.CustomId!)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData(" \r\n")]
    public async Task A_file_of_blank_lines_has_none(string file) => Assert.Empty(await ReadAsync(file));

    [Fact]
    public async Task A_line_that_is_too_long_is_named_and_the_next_is_read()
    {
        var lines = await ReadAsync(new string('x', RequestBody.MostBytes + 1) + "\n" + Good + "\n" + new string('x', 5 * RequestBody.MostBytes));

        Assert.Equal([(1, false), (2, true), (3, false)], lines.Select(l => (l.Number, l.Job is not null)));
        Assert.Equal(["line_too_long", "line_too_long"], lines.Where(l => l.Job is null).Select(l => Assert.Single(l.Faults).Code));
    }

    [Fact]
    public void Any_text_is_cut_into_the_lines_that_it_has_however_it_arrives() =>
        Gen.Select(Gen.Char["ab\n\r"].Array[0, 200], Gen.Int[1, 9], Gen.Int[1, 20]).Sample((chars, slice, longest) =>
        {
            var text = new string(chars);
            var expected = text.Split('\n').SkipLast(text.EndsWith('\n') || text.Length == 0 ? 1 : 0)
                .Select(line => line.Length > longest ? "too long" : line.EndsWith('\r') ? line[..^1] : line).ToList();
            using var stream = new SlicedStream(Encoding.ASCII.GetBytes(text), slice);
            using var reader = new LineReader(stream, longest);
            var lines = new List<string>();
            while (reader.NextAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult())
            {
                lines.Add(reader.TooLong ? "too long" : Encoding.ASCII.GetString(reader.Line.Span));
                if (reader.Number != lines.Count)
                    return false;
            }
            return lines.SequenceEqual(expected);
        });

    [Fact]
    public void Ids_of_lines_ascend_as_the_database_sorts_them()
    {
        var from = DateTimeOffset.FromUnixTimeMilliseconds(1_763_000_000_123);
        var ids = new LineIds(from);

        var made = Enumerable.Range(0, 20_000).Select(_ => ids.Next()).ToList();

        Assert.Equal(made, made.OrderBy(id => id.ToString("n"), StringComparer.Ordinal));
        Assert.Equal(20_000, made.Distinct().Count());
        Assert.All(made, id => Assert.Equal((7, '8'), (id.Version, "89ab".Contains(id.ToString()[19], StringComparison.Ordinal) ? '8' : id.ToString()[19])));
        Assert.StartsWith(from.ToUnixTimeMilliseconds().ToString("x12"), made[0].ToString("n"), StringComparison.Ordinal);
    }

    static async Task<List<JudgedLine>> ReadAsync(string file)
    {
        var lines = new List<JudgedLine>();
        await foreach (var line in File.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(file)), TestContext.Current.CancellationToken))
            lines.Add(line);
        return lines;
    }
}
