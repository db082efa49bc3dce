using System.CommandLine;
using Darkroom.Cli.Watching;
using Darkroom.Client;

namespace Darkroom.Cli.Submitting;

/// <summary>A file's way to a batch: checked here to its end, uploaded, checked by Darkroom, begun.</summary>
internal sealed class FileSubmission(Session session, ParseResult parsed, SubmitOptions options)
{
    /// <summary>More of them on a screen help nobody; --json tells them all.</summary>
    const int MostShown = 20;

    const string Nothing = "Nothing was submitted.";

    static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Asked only once there is a batch, so that Darkroom has answered.</summary>
    readonly Patience patience = new(session, answered: true);

    public async Task<int> RunAsync(string path, bool isTable, string? model, CancellationToken ct)
    {
        var errors = new InputErrors(path);
        var defaults = new RequestDefaults(model, parsed.GetValue(options.Quality), parsed.GetValue(options.N), parsed.GetValue(options.Size));
        using var input = await CheckedInput.ReadAsync(errors, defaults, isTable ? CsvOptions() : null, ct);
        if (input is null)
            return Refuse(errors.Kept, errors.Count);
        if (parsed.GetValue(options.Check))
        {
            if (session.Json)
                session.Terminal.Json(new(path, input.Count), CliJson.Default.CheckReport);
            session.Say($"{path}: {Requests(input.Count)}, all well formed. Nothing was submitted.");
            return ExitCode.Done;
        }
        return await SubmitAsync(session.Darkroom, input, ct);
    }

    async Task<int> SubmitAsync(DarkroomClient darkroom, CheckedInput input, CancellationToken ct)
    {
        StoredFile? file = null;
        Batch? batch = null;
        try
        {
            file = await darkroom.UploadFileAsync(input.Content, Path.GetFileName(input.File), cancellationToken: ct);
            batch = await darkroom.CreateBatchAsync(Wanted(file.Id), KeyFor(file), ct);
            session.Hint($"{batch.Id}: {Requests(input.Count)} of {input.File}.");
            while (batch.Status == "validating")
            {
                await Task.Delay(LookEvery, ct);
                batch = await patience.AskAsync(() => darkroom.GetBatchAsync(batch.Id, ct), ct);
            }
        }
        catch (Exception e) when (batch is not null || BrokenOffException.LeavesOpen(e))
        {
            throw new BrokenOffException(e, Left(file, batch));
        }
        return batch.Status == "failed" ? Refuse(input, batch) : await BegunAsync(batch, ct);
    }

    /// <summary>However often it is asked for, of one upload there is one batch.</summary>
    static string KeyFor(StoredFile file) => $"batch-of-{file.Id}";

    static OpenSubmission Left(StoredFile? file, Batch? batch) => file is null
        ? new(null, null, null, Nothing)
        : new(batch?.Id, file.Id, KeyFor(file), batch is not null
            ? WatchCommand.GoesOn(batch.Id)
            : $"Whether the batch was made is not known: 'darkroom batches --json' lists it, if so, with the input_file_id {file.Id}.");

    CreateBatch Wanted(string file)
    {
        var metadata = options.Pairs(parsed) ?? [];
        if (parsed.GetValue(options.SkipInvalid))
            metadata["darkroom_skip_invalid"] = "true";
        return new()
        {
            InputFileId = file,
            CompletionWindow = parsed.GetValue(options.CompletionWindow)!,
            Metadata = metadata.Count > 0 ? metadata : null,
            Priority = parsed.GetValue(options.Priority),
            MaxAttempts = parsed.GetValue(options.MaxAttempts),
            MaxUnknownAttempts = parsed.GetValue(options.MaxUnknownAttempts),
            OnUnknown = parsed.GetValue(options.OnUnknown),
            WebhookUrl = parsed.GetValue(options.WebhookUrl),
        };
    }

    async Task<int> BegunAsync(Batch batch, CancellationToken ct)
    {
        if (session.Json)
            session.Terminal.Json(batch, DarkroomJson.Answers.Batch);
        if (parsed.GetValue(options.Watch))
            return await WatchBatch.RunAsync(session, batch.Id, patience, ct);
        var skipped = batch.SkippedLines > 0 ? $", {Words.Count(batch.SkippedLines, "bad line", "bad lines")} skipped" : "";
        session.Say($"{batch.Id} {batch.Status}, {Requests(batch.RequestCounts.Total)}{skipped}");
        session.Hint($"Follow it with 'darkroom watch {batch.Id}', then 'darkroom download {batch.Id}'.");
        return ExitCode.Done;
    }

    /// <summary>Darkroom knows lines of what was uploaded, and rules that are not known here.</summary>
    int Refuse(CheckedInput input, Batch batch)
    {
        var told = batch.Errors?.Data ?? [];
        InputError[] errors = [.. told.Select(e => new InputError(input.File, e.Line is { } line ? input.OriginalLine(line) : null, null, e.Message))];
        return Refuse(errors, errors.Length);
    }

    int Refuse(IReadOnlyList<InputError> errors, int count)
    {
        var lines = errors.Take(MostShown).Select(e => e.ToString());
        var more = count > MostShown ? $"\nand {count - MostShown} more" : "";
        return session.Fail(ExitCode.BadInput, $"{string.Join('\n', lines)}{more}\n{Nothing}", new("invalid_input", null, Nothing, null)
        {
            Errors = [.. errors.Select(e => new FieldError(e.Place, e.Message))],
        });
    }

    CsvOptions CsvOptions() => new(
        parsed.GetValue(options.Template), parsed.GetValue(options.CustomId), parsed.GetValue(options.Parameters) ?? [],
        parsed.GetValue(options.Delimiter)![0], parsed.GetValue(options.AllowEmpty));

    static string Requests(int count) => Words.Count(count, "request", "requests");
}
