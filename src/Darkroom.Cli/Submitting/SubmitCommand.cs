using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Darkroom.Cli.Watching;
using Darkroom.Client;

namespace Darkroom.Cli.Submitting;

/// <summary><c>darkroom submit</c>: a prompt becomes a job, a file becomes a batch.</summary>
internal static class SubmitCommand
{
    static readonly string[] JsonLines = [".jsonl", ".ndjson"], Tables = [".csv"];

    public static Command Create(Connection connection)
    {
        var options = new SubmitOptions();
        var command = options.ToCommand(
            "submit", "Submit a prompt, or a file with thousands of them. The mistakes of a file are told line by line, and then nothing of it is submitted.");
        connection.Run(command, (session, parsed, ct) => SubmitAsync(session, parsed, options, ct));
        return command;
    }

    static async Task<int> SubmitAsync(Session session, ParseResult parsed, SubmitOptions options, CancellationToken ct)
    {
        if (parsed.GetValue(options.What) is not [var what])
            return session.Fail(ExitCode.BadInput, "One prompt, or one file: put quotes around a prompt of several words. Nothing was submitted.");
        if (what.StartsWith('-') && !parsed.Tokens.Any(t => t.Type == TokenType.DoubleDash))
            return session.Fail(ExitCode.BadInput, $"'{what}' is no option of submit. A prompt that begins so follows --. Nothing was submitted.");
        var isTable = Tables.Contains(Path.GetExtension(what), StringComparer.OrdinalIgnoreCase);
        var isFile = isTable || JsonLines.Contains(Path.GetExtension(what), StringComparer.OrdinalIgnoreCase);
        if (Mistake(parsed, options, what, isFile, isTable) is { } mistake)
            return session.Fail(ExitCode.BadInput, $"{mistake} Nothing was submitted.");
        var model = parsed.GetValue(options.Model) ?? session.Terminal.Variable(SubmitOptions.ModelVariable);
        if (!parsed.GetValue(options.Check) && await RefuseAsync(session, model, isFile, ct) is { } refusal)
            return session.Fail(ExitCode.BadInput, $"{refusal} Nothing was submitted.");
        return isFile
            ? await new FileSubmission(session, parsed, options).RunAsync(what, isTable, model, ct)
            : await SubmitPromptAsync(session, parsed, options, what, model!, ct);
    }

    /// <summary>What was meant otherwise than it would be understood is not submitted: it would be paid for.</summary>
    static string? Mistake(ParseResult parsed, SubmitOptions options, string what, bool isFile, bool isTable)
    {
        bool Given(Option option) => parsed.GetResult(option) is { Implicit: false };
        if (!isFile && File.Exists(what))
            return $"'{what}' is a file, but neither .jsonl nor .csv.";
        if (isFile && !File.Exists(what))
            return $"There is no file '{what}'.";
        Option[] forTables = [options.Template, options.Parameters, options.Delimiter, options.AllowEmpty], forFiles = [options.SkipInvalid, options.Check, options.CompletionWindow];
        if (!isTable && forTables.FirstOrDefault(Given) is { } table)
            return $"{table.Name} is for a .csv.";
        if (!isFile && forFiles.FirstOrDefault(Given) is { } file)
            return $"{file.Name} is for a file.";
        if (isFile && Given(options.IdempotencyKey))
            return "--idempotency-key is for a prompt.";
        if (isFile && !isTable && Given(options.CustomId))
            return "--custom-id is for a prompt or a .csv; a .jsonl names its lines itself, in 'custom_id'.";
        return string.IsNullOrWhiteSpace(what) ? "The prompt is blank." : null;
    }

    /// <summary>
    /// Asks what there is before anything is read or sent: a wrong address or key shows at once. Models differ in price and come and go, so none
    /// is chosen for anyone.
    /// </summary>
    static async Task<string?> RefuseAsync(Session session, string? model, bool isFile, CancellationToken ct)
    {
        string[] models;
        try
        {
            models = [.. (await session.Darkroom.ListModelsAsync(ct)).Select(m => m.Id)];
        }
        catch (DarkroomException e) when (e.Status is HttpStatusCode.Forbidden or HttpStatusCode.NotFound && (model is not null || isFile))
        {
            // A key that may only submit, or a proxy that lets only that through: the submission itself is checked all the same.
            return null;
        }
        if (model is null)
            return isFile ? null : $"Which model? Give --model or set {SubmitOptions.ModelVariable}; there is {string.Join(", ", models)}.";
        return models.Contains(model) ? null : $"There is no model '{model}'; there is {string.Join(", ", models)}.";
    }

    static async Task<int> SubmitPromptAsync(Session session, ParseResult parsed, SubmitOptions options, string prompt, string model, CancellationToken ct)
    {
        var key = parsed.GetValue(options.IdempotencyKey) ?? Guid.NewGuid().ToString("n");
        Job job;
        try
        {
            job = await session.Darkroom.SubmitAsync(new()
            {
                Model = model,
                Prompt = prompt,
                Quality = parsed.GetValue(options.Quality),
                N = parsed.GetValue(options.N),
                Size = parsed.GetValue(options.Size),
                CustomId = parsed.GetValue(options.CustomId),
                Metadata = options.Pairs(parsed),
                Priority = parsed.GetValue(options.Priority),
                MaxAttempts = parsed.GetValue(options.MaxAttempts),
                MaxUnknownAttempts = parsed.GetValue(options.MaxUnknownAttempts),
                OnUnknown = parsed.GetValue(options.OnUnknown),
                WebhookUrl = parsed.GetValue(options.WebhookUrl),
            }, key, ct);
        }
        catch (Exception e) when (BrokenOffException.LeavesOpen(e))
        {
            throw new BrokenOffException(e, new(
                null, null, key, $"Whether the job was taken is not known. Submitted again with --idempotency-key {key} it stays one job."));
        }
        // Before it is watched: whatever happens to the watching, what was bought has been told.
        if (session.Json)
            session.Terminal.Json(job, DarkroomJson.Answers.Job);
        if (parsed.GetValue(options.Watch))
        {
            session.Hint($"{job.Id} was taken.");
            return await WatchJobs.RunAsync(session, [job.Id], new(session, answered: true), ct);
        }
        session.Say($"{job.Id} {job.Status}");
        session.Hint($"Follow it with 'darkroom watch {job.Id}', then 'darkroom download {job.Id}'.");
        return ExitCode.Done;
    }
}
