using System.Runtime.CompilerServices;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;
using Darkroom.Worker.Observability;
using Darkroom.Worker.Storage;
using Darkroom.Worker.Submission;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Batches;

/// <summary>
/// Makes jobs of the lines of one file, which it reads twice: first to judge every line, then to write them. Whatever the file's size one
/// line is held at a time, a bad file leaves nothing to undo, and the transaction is no longer than the COPY.
/// </summary>
internal sealed partial class BatchReader(
    IDbContextFactory<DarkroomDb> databases, IImageStore store, BatchFile file, LineCopy copy, BatchTransitions batches, IOptions<BatchOptions> options,
    DarkroomMetrics metrics, ILogger<BatchReader> logger)
{
    /// <returns>Null when the batch is done with, be it by another; or why its file cannot be read just now.</returns>
    /// <exception cref="IOException">The store broke off. Other exceptions of its client may come too.</exception>
    public async Task<StoreFailure?> ReadAsync(Batch batch, CancellationToken ct)
    {
        if (await FileOfAsync(batch, ct) is not { } key)
            return await FailAsync(batch, "input_file_missing", "The input file was deleted before its lines were read.", ct);
        var opened = await store.OpenReadAsync(key, 0, null, ct);
        if (opened.Failure is not null)
            return opened.Failure;
        if (opened.Value is not { } stored)
            return await FailAsync(batch, "input_file_missing", "The input file is no longer in the store.", ct);
        ReadLines lines;
        await using (stored)
            lines = await JudgeAsync(stored.Body, ct);
        if (lines.Good == 0 || (lines.Skipped > 0 && !batch.SkipInvalid) || lines.Good + lines.Skipped > options.Value.MaxLines)
        {
            if (await batches.FailAsync(batch.Id, lines.Errors!, ct))
                Log.Bad(logger, batch.Id, lines.Skipped);
            return null;
        }
        return await StartAsync(batch, key, lines, ct);
    }

    async Task<FileKey?> FileOfAsync(Batch batch, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        return await db.Files.AsNoTracking().SingleOrDefaultAsync(f => f.Id == batch.InputFileId, ct) is { } row ? new(row.ProjectId, row.Id, row.Sha256) : null;
    }

    async Task<StoreFailure?> FailAsync(Batch batch, string code, string message, CancellationToken ct)
    {
        var errors = new BatchErrors();
        errors.Add(line: null, new(null, code, message));
        await batches.FailAsync(batch.Id, errors.ToJson()!, ct);
        return null;
    }

    async Task<ReadLines> JudgeAsync(Stream body, CancellationToken ct)
    {
        var errors = new BatchErrors();
        var (good, bad) = (0, 0);
        var kinds = new Dictionary<(string Endpoint, string Model), int>();
        await foreach (var line in file.ReadAsync(body, ct))
        {
            if (good + bad == options.Value.MaxLines)
            {
                bad++;
                errors = new();
                errors.Add(line: null, new(null, "too_many_lines", $"The file has more than {options.Value.MaxLines} lines (Darkroom:Batches:MaxLines)."));
                break;
            }
            if (line.Job is { } job)
            {
                good++;
                var kind = (job.Endpoint, job.Model);
                kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
                continue;
            }
            bad++;
            foreach (var fault in line.Faults)
                errors.Add(line.Number, fault);
        }
        if (good + bad == 0)
            errors.Add(line: null, new(null, "empty_file", "The file has no lines."));
        return new([.. kinds.Select(k => new KindOfLines(k.Key.Endpoint, k.Key.Model, k.Value))], bad, errors.ToJson());
    }

    async Task<StoreFailure?> StartAsync(Batch batch, FileKey key, ReadLines lines, CancellationToken ct)
    {
        var opened = await store.OpenReadAsync(key, 0, null, ct);
        if (opened.Failure is not null)
            return opened.Failure;
        if (opened.Value is not { } stored)
            return await FailAsync(batch, "input_file_missing", "The input file is no longer in the store.", ct);
        await using (stored)
        {
            if (!await batches.StartAsync(batch.Id, lines, (connection, now) => copy.WriteAsync(connection, batch, now, GoodAsync(stored.Body, ct), ct), ct))
                return null;
        }
        foreach (var kind in lines.Kinds)
            metrics.JobsSubmitted(kind.Endpoint, kind.Model, kind.Lines);
        Log.Started(logger, batch.Id, lines.Good, lines.Skipped);
        return null;
    }

    async IAsyncEnumerable<SubmittedJob> GoodAsync(Stream body, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var line in file.ReadAsync(body, ct))
        {
            if (line.Job is { } job)
                yield return job;
        }
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Batch {Batch}: {Count} lines are jobs now, {Skipped} were left out.")]
        public static partial void Started(ILogger logger, Guid batch, int count, int skipped);

        [LoggerMessage(LogLevel.Information, "Batch {Batch} has failed: {Count} of its lines are wrong, or it has none or too many.")]
        public static partial void Bad(ILogger logger, Guid batch, int count);
    }
}
