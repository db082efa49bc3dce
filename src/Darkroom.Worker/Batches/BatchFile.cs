using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Darkroom.Worker.Api;
using Darkroom.Worker.Submission;

namespace Darkroom.Worker.Batches;

/// <summary>Reads a file of lines: each is judged by the rules of a submission, and none is held longer than it takes to look at it.</summary>
internal sealed class BatchFile(SubmissionReader reader, TimeProvider clock)
{
    /// <summary>Reads from the beginning. Blank lines are passed over, and counted.</summary>
    public async IAsyncEnumerable<JudgedLine> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken ct)
    {
        // 16 bytes for each name, however long it is. Who makes two names collide on purpose has one of their own lines refused.
        var names = new HashSet<UInt128>();
        using var lines = new LineReader(stream, RequestBody.MostBytes);
        while (await lines.NextAsync(ct))
        {
            if (lines.TooLong)
                yield return new(lines.Number, null, [new(null, "line_too_long", $"The line is longer than {RequestBody.MostBytes / 1024} KB.")]);
            else if (!lines.Line.Span.Trim(" \t\r"u8).IsEmpty)
                yield return Judge(lines.Number, lines.Line.Span, names);
        }
    }

    JudgedLine Judge(int number, ReadOnlySpan<byte> json, HashSet<UInt128> names)
    {
        var line = new BatchLine();
        var faults = new List<Fault>();
        foreach (var fault in reader.Read(json, BatchLine.Parameters, line))
            faults.Add(fault.Param is null ? OfLine(fault) : fault);
        if (line.CustomId.Length > 0 && !names.Add(XxHash128.HashToUInt128(MemoryMarshal.AsBytes(line.CustomId.AsSpan()))))
            faults.Add(new("custom_id", "duplicate_custom_id", "'custom_id' is that of an earlier line; each must have its own."));
        if (line.Body is not { } body)
            return new(number, null, faults);
        var reading = reader.Read(json[body], Parameters.Generation, clock.GetUtcNow());
        foreach (var fault in reading.Faults)
            faults.Add(OfBody(fault));
        if (faults.Count > 0 || reading.Job is not { } job)
            return new(number, null, faults);
        job.CustomId = line.CustomId;
        return new(number, job, []);
    }

    /// <summary>The text that was read is one line, so only its column says something.</summary>
    static Fault OfLine(Fault fault) => fault with
    {
        Message = fault.Message.Replace("The body is", "The line is", StringComparison.Ordinal).Replace("line 1, column", "column", StringComparison.Ordinal),
    };

    static Fault OfBody(Fault fault) => fault.Param is not { } name
        ? OfLine(fault) with { Param = "body" }
        : fault with
        {
            Param = $"body.{name}",
            Message = fault.Message.StartsWith($"'{name}'", StringComparison.Ordinal) ? $"'body.{fault.Message.AsSpan(1)}" : fault.Message,
        };
}

/// <summary>One line that is not blank.</summary>
/// <param name="Job">What it asks for; null where it is wrong.</param>
internal readonly record struct JudgedLine(int Number, SubmittedJob? Job, IReadOnlyList<Fault> Faults);
