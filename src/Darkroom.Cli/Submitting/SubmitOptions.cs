using System.CommandLine;
using System.CommandLine.Parsing;

namespace Darkroom.Cli.Submitting;

/// <summary>What may be said about a submission.</summary>
internal sealed class SubmitOptions
{
    public const string ModelVariable = "DARKROOM_MODEL";

    public Argument<string[]> What { get; } = new("what")
    {
        Description = "A prompt in quotes, or a file: lines.jsonl (OpenAI's batch lines, or a prompt on each line as {\"prompt\": ...}) or table.csv.",
        Arity = ArgumentArity.OneOrMore,
    };

    public Option<string?> Template { get; } = Text(
        "--template", "Of a CSV: the prompt, with columns in braces, such as \"a photo of {name} on {colour}\". {{ and }} are braces.");

    public Option<string[]> Parameters { get; } = new("--parameters")
    {
        Description = "Of a CSV with a template: columns that are parameters of their row, such as quality,n.",
        CustomParser = result => [.. result.Tokens.SelectMany(t => t.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))],
    };

    public Option<string> Delimiter { get; } = new("--delimiter") { Description = "Of a CSV: what separates the fields.", DefaultValueFactory = _ => "," };
    public Option<bool> AllowEmpty { get; } = new("--allow-empty") { Description = "Of a CSV: a field that the template uses may be empty." };
    public Option<string?> Model { get; } = Text("--model", $"For whatever does not name its own. Default: {ModelVariable}.");
    public Option<string?> Quality { get; } = Text("--quality", "auto, low, medium or high, as the model has it.");
    public Option<string?> Size { get; } = Text("--size", "auto, 1024x1024, 1536x1024 or 1024x1536, as the model has it.");
    public Option<int?> N { get; } = Number("--n", "Pictures of each prompt.", 1, 1000);
    public Option<string?> CustomId { get; } = Text("--custom-id", "Your own name for it; of a CSV a template, such as \"{sku}\".");
    public Option<string[]> Metadata { get; } = new("--metadata") { Description = "A pair, key=value; may be given several times." };
    public Option<int?> Priority { get; } = Number("--priority", "0 first to 9.", 0, 9);
    public Option<int?> MaxAttempts { get; } = Number("--max-attempts", "Of each prompt, 1 to 100.", 1, 100);
    public Option<int?> MaxUnknownAttempts { get; } = Number("--max-unknown-attempts", "Calls that may be billed without a picture, 1 to 20.", 1, 20);
    public Option<string?> OnUnknown { get; } = Text("--on-unknown", "After a call that may have been billed: retry, or hold for a person.");
    public Option<string?> WebhookUrl { get; } = Text("--webhook-url", "Told how it ended.");
    public Option<string?> IdempotencyKey { get; } = Text("--idempotency-key", "Of a prompt: the same key within 24 hours is the same job. Default: a random one.");
    public Option<string> CompletionWindow { get; } = new("--completion-window")
    {
        Description = "Of a file: what is not sent by then expires; hours or days.",
        DefaultValueFactory = _ => "24h",
    };

    public Option<bool> SkipInvalid { get; } = new("--skip-invalid") { Description = "Of a file: go on without lines that Darkroom refuses." };
    public Option<bool> Check { get; } = new("--check") { Description = "Of a file: only read and check it, here; submit nothing." };
    public Option<bool> Watch { get; } = new("--watch", "-w") { Description = "Stay until all has ended." };

    public SubmitOptions()
    {
        OnUnknown.AcceptOnlyFromAmong("retry", "hold");
        Metadata.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(t => t.Value.IndexOf('=', StringComparison.Ordinal) < 1) is { } wrong)
                result.AddError($"--metadata '{wrong.Value}' is no pair; it looks like campaign=spring.");
        });
        Delimiter.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not [not ('"' or '\r' or '\n') and <= '~'])
                result.AddError("--delimiter is one character, such as ';'.");
        });
    }

    public Command ToCommand(string name, string description) => new(name, description)
    {
        What, Template, Parameters, Delimiter, AllowEmpty, Model, Quality, Size, N, CustomId, Metadata, Priority, MaxAttempts, MaxUnknownAttempts,
        OnUnknown, WebhookUrl, IdempotencyKey, CompletionWindow, SkipInvalid, Check, Watch,
    };

    public Dictionary<string, string>? Pairs(ParseResult parsed) => parsed.GetValue(Metadata) is { Length: > 0 } pairs
        ? pairs.Select(p => p.Split('=', 2)).GroupBy(p => p[0]).ToDictionary(p => p.Key, p => p.Last()[1])
        : null;

    static Option<string?> Text(string name, string description) => new(name) { Description = description };

    static Option<int?> Number(string name, string description, int least, int most)
    {
        var option = new Option<int?>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(int.TryParse(token.Value, out var value) && value >= least && value <= most))
                result.AddError($"{name} must be {least} to {most}, not '{token.Value}'.");
        });
        return option;
    }
}
