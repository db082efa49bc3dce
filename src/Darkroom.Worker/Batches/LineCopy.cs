using Darkroom.Migrations.Rows;
using Darkroom.Worker.Submission;
using Darkroom.Worker.Usage;
using Npgsql;
using NpgsqlTypes;

namespace Darkroom.Worker.Batches;

/// <summary>Writes the lines of a batch as jobs, by binary COPY: one statement, whatever their number.</summary>
internal sealed class LineCopy(Pricing pricing)
{
    const string Copy = """
        COPY darkroom.jobs (id, project_id, batch_id, key_id, lane, endpoint, custom_id, model, prompt, quality, n, size, metadata, priority,
            max_attempts, max_unknown_attempts, on_unknown, status, due_at, ticket, tokens_taken, attempts, counted_attempts, unknown_attempts,
            cost_amount, cost_possible, created_at) FROM STDIN (FORMAT BINARY)
        """;

    /// <param name="now">When all of them are made and due; their order is that of their ids.</param>
    /// <returns>How many there were.</returns>
    public async Task<int> WriteAsync(NpgsqlConnection connection, Batch batch, DateTimeOffset now, IAsyncEnumerable<SubmittedJob> lines, CancellationToken ct)
    {
        var ids = new LineIds(now);
        await using var rows = await connection.BeginBinaryImportAsync(Copy, ct);
        // Checked when it is complete: a million rows take longer than a statement may.
        rows.Timeout = TimeSpan.FromMinutes(30);
        await foreach (var line in lines.WithCancellation(ct))
        {
            await rows.StartRowAsync(ct);
            await WriteAsync(rows, ids.Next(), batch, now, line, ct);
        }
        return (int)await rows.CompleteAsync(ct);
    }

    async ValueTask WriteAsync(NpgsqlBinaryImporter rows, Guid id, Batch batch, DateTimeOffset now, SubmittedJob line, CancellationToken ct)
    {
        var cost = pricing.Nothing(line.Model);
        await rows.WriteAsync(id, NpgsqlDbType.Uuid, ct);
        await rows.WriteAsync(batch.ProjectId, NpgsqlDbType.Uuid, ct);
        await rows.WriteAsync(batch.Id, NpgsqlDbType.Uuid, ct);
        await WriteAsync(rows, batch.KeyId, NpgsqlDbType.Uuid, ct);
        await rows.WriteAsync(batch.Id, NpgsqlDbType.Uuid, ct);
        await rows.WriteAsync(line.Endpoint, NpgsqlDbType.Text, ct);
        await rows.WriteAsync(line.CustomId!, NpgsqlDbType.Text, ct);
        await rows.WriteAsync(line.Model, NpgsqlDbType.Text, ct);
        await rows.WriteAsync(line.Prompt, NpgsqlDbType.Text, ct);
        await rows.WriteAsync(line.Quality, NpgsqlDbType.Text, ct);
        await rows.WriteAsync(line.N, NpgsqlDbType.Integer, ct);
        await rows.WriteAsync(line.Size, NpgsqlDbType.Text, ct);
        await rows.WriteAsync("{}", NpgsqlDbType.Json, ct);
        await rows.WriteAsync(batch.Priority, NpgsqlDbType.Smallint, ct);
        await rows.WriteAsync(batch.MaxAttempts, NpgsqlDbType.Smallint, ct);
        await rows.WriteAsync(batch.MaxUnknownAttempts, NpgsqlDbType.Smallint, ct);
        await rows.WriteAsync(batch.OnUnknown, NpgsqlDbType.Text, ct);
        await rows.WriteAsync(JobStatus.Queued, NpgsqlDbType.Text, ct);
        await rows.WriteAsync(now, NpgsqlDbType.TimestampTz, ct);
        await rows.WriteAsync(0, NpgsqlDbType.Integer, ct);
        await rows.WriteAsync(0, NpgsqlDbType.Integer, ct);
        await rows.WriteAsync(0, NpgsqlDbType.Integer, ct);
        await rows.WriteAsync((short)0, NpgsqlDbType.Smallint, ct);
        await rows.WriteAsync((short)0, NpgsqlDbType.Smallint, ct);
        await WriteAsync(rows, cost, NpgsqlDbType.Numeric, ct);
        await WriteAsync(rows, cost, NpgsqlDbType.Numeric, ct);
        await rows.WriteAsync(now, NpgsqlDbType.TimestampTz, ct);
    }

    static Task WriteAsync<T>(NpgsqlBinaryImporter rows, T? value, NpgsqlDbType type, CancellationToken ct) where T : struct =>
        value is { } known ? rows.WriteAsync(known, type, ct) : rows.WriteNullAsync(ct);
}
