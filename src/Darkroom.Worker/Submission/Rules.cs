namespace Darkroom.Worker.Submission;

/// <summary>What values must hold. Each answers what is wrong, to follow the field's name in a sentence, else null.</summary>
internal static class Rules
{
    static readonly string[] JobEvents = Webhooks.WebhookEvents.OfJobs;

    public static string? ServedModel(SubmittedJob job, RuleContext context) =>
        context.Model is null ? $"names no configured model; configured are {Listed(context.ServedModels)}" : null;

    public static string? UsablePrompt(SubmittedJob job, RuleContext context) =>
        string.IsNullOrWhiteSpace(job.Prompt) ? "must not be blank"
        : context.Model is { } model && StrictText.Characters(job.Prompt) is var length && length > model.MaxPromptChars
            ? $"has {length} characters; {model.Name} takes at most {model.MaxPromptChars}"
        : null;

    public static string? OneOf(string value, IReadOnlyCollection<string> choices) =>
        choices.Contains(value) ? null : $"must be one of {Listed(choices)}";

    public static string? Length(string value, int least, int most) =>
        StrictText.Characters(value) is var length && (length < least || length > most)
            ? $"must have {least} to {most} characters, not {length}"
            : null;

    public static string? FewShortPairs(Dictionary<string, string> pairs)
    {
        const int MostPairs = 16, LongestKey = 64, LongestValue = 512;
        if (pairs.Count > MostPairs)
            return $"must have at most {MostPairs} pairs, not {pairs.Count}";
        foreach (var (key, value) in pairs)
        {
            if (Length(key, 1, LongestKey) is { } wrongKey)
                return $"has a key that {wrongKey}";
            if (Length(value, 0, LongestValue) is { } wrongValue)
                return $"has at '{key}' a value that {wrongValue}";
        }
        return null;
    }

    public static string? DeadlineAhead(SubmittedJob job, RuleContext context) =>
        job.Deadline <= context.Now ? "is in the past"
        : job.Deadline < job.NotBefore ? "is before 'not_before'"
        : null;

    public static string? WebhookEvents(SubmittedJob job, RuleContext context) =>
        job.WebhookUrl is null ? "needs a 'webhook_url'"
        : job.WebhookEvents is not { Length: > 0 } events ? $"must name at least one of {Listed(JobEvents)}"
        : events.FirstOrDefault(e => !JobEvents.Contains(e)) is { } wrong ? $"has '{wrong}', which is none of {Listed(JobEvents)}"
        : events.Distinct().Count() < events.Length ? "names an event twice"
        : null;

    static string Listed(IEnumerable<string> choices) => string.Join(", ", choices.Select(c => $"'{c}'"));
}
