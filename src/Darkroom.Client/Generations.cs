using System.Text.Json;

namespace Darkroom.Client;

/// <summary>The body of <c>POST /v1/images/generations</c>: the endpoint's five fields, and those of OpenAI's clients that ask for what happens anyway.</summary>
public sealed record GenerateImages
{
    /// <summary>One of the configured models.</summary>
    public required string Model { get; init; }

    /// <summary>Not blank, and no longer than the model takes.</summary>
    public required string Prompt { get; init; }

    /// <summary><c>auto</c> (default) or another of the model's qualities.</summary>
    public string? Quality { get; init; }

    /// <summary>Pictures asked for, 1 (default) to the model's limit.</summary>
    public int? N { get; init; }

    /// <summary><c>auto</c> (default) or another of the model's sizes.</summary>
    public string? Size { get; init; }

    /// <summary>Kept as <c>metadata.user</c> of the job, at most 512 characters; the endpoint is not told.</summary>
    public string? User { get; init; }

    /// <summary>Only <c>b64_json</c>.</summary>
    public string? ResponseFormat { get; init; }

    /// <summary>Only <c>auto</c>.</summary>
    public string? Background { get; init; }

    /// <summary>Only <c>auto</c>.</summary>
    public string? Moderation { get; init; }

    /// <summary>Only <c>false</c>.</summary>
    public bool? Stream { get; init; }
}

/// <summary>The endpoint's answer. What it did not tell is left out.</summary>
/// <param name="Created">Unix seconds.</param>
/// <param name="Usage">As the endpoint sent it.</param>
public sealed record GeneratedImages(
    long Created, IReadOnlyList<GeneratedImage> Data, string? OutputFormat, string? Quality, string? Size, JsonElement? Usage);

public sealed record GeneratedImage(string B64Json);
