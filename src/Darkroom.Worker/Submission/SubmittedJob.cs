namespace Darkroom.Worker.Submission;

/// <summary>
/// One request for pictures, read and found valid: all that a job is made of. It knows nothing of HTTP, so that a line of a batch is read
/// like a request's body.
/// </summary>
internal sealed class SubmittedJob
{
    public string Model { get; set; } = "";
    public string Prompt { get; set; } = "";
    public string Quality { get; set; } = "auto";
    public int N { get; set; } = 1;
    public string Size { get; set; } = "auto";
    public string? CustomId { get; set; }
    public Dictionary<string, string> Metadata { get; set; } = [];

    /// <summary>0 first; 5 for jobs, 2 where a person waits for the answer, 7 for lines of a batch.</summary>
    public int Priority { get; set; } = 5;
    public DateTimeOffset? NotBefore { get; set; }
    public DateTimeOffset? Deadline { get; set; }
    public int MaxAttempts { get; set; } = 5;
    public int MaxUnknownAttempts { get; set; } = 2;
    public string OnUnknown { get; set; } = "retry";
    public string? WebhookUrl { get; set; }
    public string[]? WebhookEvents { get; set; }

    /// <summary>The configured endpoint that will be called: the first that serves the model.</summary>
    public string Endpoint { get; set; } = "";
}
