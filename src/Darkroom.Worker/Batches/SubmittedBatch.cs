namespace Darkroom.Worker.Batches;

/// <summary>One request for a batch, read and found valid.</summary>
internal sealed class SubmittedBatch
{
    public string InputFileId { get; set; } = "";
    public string Endpoint { get; set; } = BatchLine.Url;
    public string CompletionWindow { get; set; } = "24h";
    public Dictionary<string, string> Metadata { get; set; } = [];

    /// <summary>Seconds; null for ever.</summary>
    public long? OutputExpiresAfter { get; set; }

    /// <summary>0 first; 7 stands behind those who wait for single jobs.</summary>
    public int Priority { get; set; } = 7;
    public string OnUnknown { get; set; } = "retry";
    public int MaxAttempts { get; set; } = 5;
    public int MaxUnknownAttempts { get; set; } = 2;
    public string? WebhookUrl { get; set; }

    /// <summary>Two switches are metadata, so that an unmodified client of OpenAI's has them too.</summary>
    public bool SkipInvalid => Metadata.GetValueOrDefault(BatchParameters.SkipInvalid) == "true";

    public bool OutputBase64 => Metadata.GetValueOrDefault(BatchParameters.Output) == "base64";

    public TimeSpan Window => BatchParameters.Window(CompletionWindow)!.Value;
}
