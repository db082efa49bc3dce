using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Darkroom.Worker.Files;
using Darkroom.Worker.Submission;
using static Darkroom.Worker.Submission.Parameter<Darkroom.Worker.Batches.SubmittedBatch>;
using static Darkroom.Worker.Submission.Rules;

namespace Darkroom.Worker.Batches;

/// <summary>What <c>POST /v1/batches</c> takes, in the order in which wrong fields are named: OpenAI's, then ours.</summary>
internal static partial class BatchParameters
{
    /// <summary>Keys of <c>metadata</c> that mean something.</summary>
    public const string SkipInvalid = "darkroom_skip_invalid", Output = "darkroom_output";

    public static readonly Parameter<SubmittedBatch>[] All =
    [
        Text("input_file_id", b => b.InputFileId, (b, v) => b.InputFileId = v, (_, _) => null) with { Required = true },
        Text("endpoint", b => b.Endpoint, (b, v) => b.Endpoint = v, (b, _) => OneOf(b.Endpoint, [BatchLine.Url])),
        Text("completion_window", b => b.CompletionWindow, (b, v) => b.CompletionWindow = v, (b, _) =>
            Window(b.CompletionWindow) is null ? "must be '24h', or another number of hours or days from '1h' to '365d'" : null),
        Pairs("metadata", b => b.Metadata, (b, v) => b.Metadata = v, (b, _) => FewShortPairs(b.Metadata) ?? Switches(b.Metadata)),
        OutputExpiresAfter("output_expires_after"),
        Whole("priority", b => b.Priority, (b, v) => b.Priority = v, 0, _ => 9),
        Text("on_unknown", b => b.OnUnknown, (b, v) => b.OnUnknown = v, (b, _) => OneOf(b.OnUnknown, ["retry", "hold"])),
        Whole("max_attempts", b => b.MaxAttempts, (b, v) => b.MaxAttempts = v, 1, _ => 100),
        Whole("max_unknown_attempts", b => b.MaxUnknownAttempts, (b, v) => b.MaxUnknownAttempts = v, 1, _ => 20),
        Text("webhook_url", b => b.WebhookUrl, (b, v) => b.WebhookUrl = v, (b, c) => c.Receivers.Refuse(b.WebhookUrl!)),
    ];

    /// <summary>Null where it is none.</summary>
    public static TimeSpan? Window(string text)
    {
        var longest = TimeSpan.FromDays(365);
        if (!HoursOrDays.IsMatch(text))
            return null;
        var number = int.Parse(text.AsSpan(0, text.Length - 1), CultureInfo.InvariantCulture);
        var window = text[^1] == 'h' ? TimeSpan.FromHours(number) : TimeSpan.FromDays(number);
        return window <= longest ? window : null;
    }

    static string? Switches(Dictionary<string, string> metadata) =>
        Switch(metadata, SkipInvalid, ["true", "false"]) ?? Switch(metadata, Output, ["links", "base64"]);

    static string? Switch(Dictionary<string, string> metadata, string key, string[] choices) =>
        metadata.TryGetValue(key, out var value) && OneOf(value, choices) is { } wrong ? $"has at '{key}' a value that {wrong}" : null;

    /// <summary>OpenAI's <c>{"anchor":"created_at","seconds":…}</c>.</summary>
    static Parameter<SubmittedBatch> OutputExpiresAfter(string name)
    {
        static string? Read(ref Utf8JsonReader reader, SubmittedBatch into)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                return Not("an object", reader.TokenType);
            string? anchor = null;
            long? seconds = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var (isAnchor, isSeconds) = (reader.ValueTextEquals("anchor"), reader.ValueTextEquals("seconds"));
                reader.Read();
                if (isAnchor && anchor is null && reader.TokenType == JsonTokenType.String && reader.ValueTextEquals(ExpiresAfter.OnlyAnchor))
                    anchor = ExpiresAfter.OnlyAnchor;
                else if (isSeconds && seconds is null && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var whole) && ExpiresAfter.Takes(whole))
                    seconds = whole;
                else
                    return $"must have 'anchor', '{ExpiresAfter.OnlyAnchor}', and 'seconds', which {ExpiresAfter.Rule}, and nothing else";
            }
            if (anchor is null || seconds is null)
                return $"must have 'anchor', '{ExpiresAfter.OnlyAnchor}', and 'seconds'";
            into.OutputExpiresAfter = seconds;
            return null;
        }
        static void Write(Utf8JsonWriter writer, string key, SubmittedBatch from)
        {
            if (from.OutputExpiresAfter is { } seconds)
                writer.WriteNumber(key, seconds);
        }
        return new(name, Read, Write, (_, _) => null);
    }

    [GeneratedRegex(@"^[1-9][0-9]{0,3}[hd]\z")]
    private static partial Regex HoursOrDays { get; }
}
