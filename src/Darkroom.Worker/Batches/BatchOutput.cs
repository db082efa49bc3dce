using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;
using Darkroom.Worker.Files;
using Darkroom.Worker.Storage;

namespace Darkroom.Worker.Batches;

/// <summary>
/// Writes the output and the error file of a batch whose lines have ended, each line once, as it is when it is read. Both files and the counts
/// come from one reading, so that they agree even if a late result changes a line meanwhile.
/// </summary>
internal sealed partial class BatchOutput(BatchLines lines, BatchResultWriter writer, StoredFiles files, TimeProvider clock, ILogger<BatchOutput> logger)
{
    /// <summary>Until the batch's last transaction makes them its own: what a crash leaves goes by itself.</summary>
    static readonly TimeSpan Provisional = TimeSpan.FromDays(1);

    static readonly TimeSpan StorePatience = TimeSpan.FromSeconds(5);

    static readonly byte[] NewLine = "\n"u8.ToArray();

    /// <exception cref="StoreTroubleException">The store gives no pictures just now.</exception>
    public async Task<BatchResults> WriteAsync(Batch batch, CancellationToken ct)
    {
        await using var output = files.Draft(batch.ProjectId, Guid.CreateVersion7(clock.GetUtcNow()));
        await using var errors = files.Draft(batch.ProjectId, Guid.CreateVersion7(clock.GetUtcNow()));
        int succeeded = 0, failed = 0, canceled = 0;
        await foreach (var page in lines.PagesAsync(batch.Id, ct))
        {
            foreach (var line in page)
            {
                var file = line.Job.Status == JobStatus.Succeeded ? output : errors;
                await writer.WriteAsync(line, batch.OutputBase64, file, ct);
                await file.WriteAsync(NewLine, ct);
                succeeded += line.Job.Status == JobStatus.Succeeded ? 1 : 0;
                failed += line.Job.Status == JobStatus.Failed ? 1 : 0;
                canceled += line.Job.Status == JobStatus.Canceled ? 1 : 0;
            }
        }
        return new(
            succeeded, failed, canceled,
            succeeded > 0 ? await KeepAsync(output, $"{WireId.Batch.Format(batch.Id)}_output.jsonl", ct) : null,
            failed + canceled > 0 ? await KeepAsync(errors, $"{WireId.Batch.Format(batch.Id)}_error.jsonl", ct) : null);
    }

    /// <summary>However long the store is away: what is written waits on this disk.</summary>
    async Task<Guid> KeepAsync(FileDraft draft, string name, CancellationToken ct)
    {
        while (true)
        {
            var kept = await files.KeepAsync(draft, FilePurpose.BatchOutput, name, Provisional, ct);
            if (kept.Failure is not { } failure)
                return kept.Value.Id;
            Log.Waits(logger, name, failure.Message);
            await Task.Delay(StorePatience, clock, ct);
        }
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{File} waits for the store: {Reason}")]
        public static partial void Waits(ILogger logger, string file, string reason);
    }
}

/// <summary>What became of a batch's lines, and the files that say so: null where no line would be in it.</summary>
internal sealed record BatchResults(int Succeeded, int Failed, int Canceled, Guid? OutputFileId, Guid? ErrorFileId);
