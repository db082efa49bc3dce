using static Darkroom.Worker.Submission.Parameter<Darkroom.Worker.Submission.SubmittedJob>;
using static Darkroom.Worker.Submission.Rules;

namespace Darkroom.Worker.Submission;

/// <summary>
/// The parameter lists: every field that a submission may carry, in the order in which wrong ones are named. A new parameter of the
/// endpoint is one line here and one in the request writer.
/// </summary>
internal static class Parameters
{
    /// <summary>What the endpoint itself takes.</summary>
    public static readonly Parameter<SubmittedJob>[] Generation =
    [
        Text("model", j => j.Model, (j, v) => j.Model = v, ServedModel) with { Required = true, Code = "model_not_found" },
        Text("prompt", j => j.Prompt, (j, v) => j.Prompt = v, UsablePrompt) with { Required = true },
        Text("quality", j => j.Quality, (j, v) => j.Quality = v, (j, c) => c.Model is { } m ? OneOf(j.Quality, m.Qualities) : null),
        Whole("n", j => j.N, (j, v) => j.N = v, 1, c => c.Model?.MaxN),
        Text("size", j => j.Size, (j, v) => j.Size = v, (j, c) => c.Model is { } m ? OneOf(j.Size, m.Sizes) : null),
    ];

    /// <summary>
    /// What <c>POST /v1/images/generations</c> takes: the endpoint's fields, and those of OpenAI's clients where dropping them changes no picture.
    /// </summary>
    public static readonly Parameter<SubmittedJob>[] DropIn =
    [
        .. Generation,
        Text("user", j => j.Metadata.GetValueOrDefault("user"), (j, v) => j.Metadata["user"] = v, (j, _) => Length(j.Metadata["user"], 0, 512)),
        Only("response_format", "b64_json"),
        Only("background", "auto"),
        Only("moderation", "auto"),
        Only("stream", false),
    ];

    /// <summary>What <c>POST /v1/jobs</c> takes.</summary>
    public static readonly Parameter<SubmittedJob>[] Job =
    [
        .. Generation,
        Text("custom_id", j => j.CustomId, (j, v) => j.CustomId = v, (j, _) => Length(j.CustomId!, 1, 512)),
        Pairs("metadata", j => j.Metadata, (j, v) => j.Metadata = v, (j, _) => FewShortPairs(j.Metadata)),
        Whole("priority", j => j.Priority, (j, v) => j.Priority = v, 0, _ => 9),
        Time("not_before", j => j.NotBefore, (j, v) => j.NotBefore = v, (_, _) => null),
        Time("deadline", j => j.Deadline, (j, v) => j.Deadline = v, DeadlineAhead),
        Whole("max_attempts", j => j.MaxAttempts, (j, v) => j.MaxAttempts = v, 1, _ => 100),
        Whole("max_unknown_attempts", j => j.MaxUnknownAttempts, (j, v) => j.MaxUnknownAttempts = v, 1, _ => 20),
        Text("on_unknown", j => j.OnUnknown, (j, v) => j.OnUnknown = v, (j, _) => OneOf(j.OnUnknown, ["retry", "hold"])),
        Text("webhook_url", j => j.WebhookUrl, (j, v) => j.WebhookUrl = v, (j, c) => c.Receivers.Refuse(j.WebhookUrl!)),
        Words("webhook_events", j => j.WebhookEvents, (j, v) => j.WebhookEvents = v, WebhookEvents),
    ];
}
