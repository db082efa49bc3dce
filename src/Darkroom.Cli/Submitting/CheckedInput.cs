using System.Buffers;

namespace Darkroom.Cli.Submitting;

/// <summary>
/// A file that has been read to its end and found good, as the lines that will be uploaded. They stand in a temporary file, so that what was
/// checked is what is sent, whatever becomes of the original meanwhile, and memory stays small.
/// </summary>
internal sealed class CheckedInput : IDisposable
{
    const int Chunk = 64 * 1024;

    readonly ArrayBufferWriter<byte> pending = new(2 * Chunk);
    readonly List<int> originalLines = [];

    CheckedInput(string path) => (File, Content) = (path, CreateTemporary());

    /// <summary>The original's path.</summary>
    public string File { get; }

    public Stream Content { get; }

    public int Count => originalLines.Count;

    /// <returns>Null where the file has mistakes, which <paramref name="errors"/> then holds.</returns>
    public static async Task<CheckedInput?> ReadAsync(InputErrors errors, RequestDefaults defaults, CsvOptions? csv, CancellationToken ct)
    {
        await using var file = new FileStream(errors.File, FileMode.Open, FileAccess.Read, FileShare.Read, Chunk, FileOptions.SequentialScan);
        var input = new CheckedInput(errors.File);
        if (csv is null)
            await input.ReadJsonLinesAsync(file, errors, defaults, ct);
        else
            await input.ReadCsvAsync(file, errors, defaults, csv, ct);
        if (errors.Count == 0 && input.Count == 0)
            errors.Add(1, null, "there is nothing in it to submit.");
        if (errors.Count == 0)
        {
            await input.FlushAsync(ct);
            input.Content.Position = 0;
            return input;
        }
        input.Dispose();
        return null;
    }

    /// <param name="uploaded">A line of <see cref="Content"/>, from 1.</param>
    public int OriginalLine(int uploaded) => uploaded >= 1 && uploaded <= Count ? originalLines[uploaded - 1] : uploaded;

    public void Dispose() => Content.Dispose();

    /// <summary>Prompts are nobody else's business, and go with the file when it is closed.</summary>
    static FileStream CreateTemporary()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), options);
    }

    async Task ReadJsonLinesAsync(Stream file, InputErrors errors, RequestDefaults defaults, CancellationToken ct)
    {
        var reader = new JsonLine(errors, defaults);
        await foreach (var (number, line) in ByteLines.ReadAsync(file, ct))
        {
            if (line.Length > ByteLines.Longest)
                errors.Add(number, null, "this line is longer than 2 MB; a JSONL file has one request on each line.");
            else if (line.Span.ContainsAnyExcept(" \t"u8) && reader.Read(number, line) is { } request)
                await AddAsync(request, number, errors, ct);
        }
    }

    async Task ReadCsvAsync(Stream file, InputErrors errors, RequestDefaults defaults, CsvOptions options, CancellationToken ct)
    {
        var reader = new CsvReader(file, options.Delimiter);
        try
        {
            if (reader.ReadRecord() is not { } header)
                return;
            var table = new CsvRequests(header, options, defaults, errors);
            if (errors.Count > 0)
                return;
            for (var row = 1; reader.ReadRecord() is { } record; ct.ThrowIfCancellationRequested())
            {
                if (record is [{ Text: "" }])
                    continue;
                if (table.Read(row++, reader.RecordLine, record) is { } request)
                    await AddAsync(request, reader.RecordLine, errors, ct);
            }
        }
        catch (CsvException e)
        {
            errors.Add(e.Line, e.Column, e.Message);
        }
    }

    async Task AddAsync(ImageRequest request, int line, InputErrors errors, CancellationToken ct)
    {
        if (errors.Count > 0)
            return;
        originalLines.Add(line);
        request.WriteTo(pending);
        if (pending.WrittenCount > Chunk)
            await FlushAsync(ct);
    }

    async Task FlushAsync(CancellationToken ct)
    {
        await Content.WriteAsync(pending.WrittenMemory, ct);
        pending.ResetWrittenCount();
    }
}
