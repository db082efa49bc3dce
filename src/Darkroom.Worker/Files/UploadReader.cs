using System.Globalization;
using System.Text;
using Darkroom.Worker.Api;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Darkroom.Worker.Files;

/// <summary>
/// Reads an upload, <c>multipart/form-data</c>, in whatever order its parts come: the file's bytes go from the socket to a draft in small
/// pieces and are never held.
/// </summary>
internal sealed class UploadReader(StoredFiles files, IOptions<FilesOptions> options, TimeProvider time)
{
    public const string File = "file";

    const string Purpose = "purpose", Anchor = "expires_after[anchor]", Seconds = "expires_after[seconds]";

    static readonly string[] Known = [File, Purpose, Anchor, Seconds];

    public async Task<(Upload? Upload, ApiError? Refusal)> ReadAsync(HttpRequest request, Guid projectId, CancellationToken ct)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            return (null, ApiError.UnsupportedMediaType("A file is sent as Content-Type: multipart/form-data, with the parts 'purpose' and 'file'."));
        if (HeaderUtilities.RemoveQuotes(type.Boundary) is not { Length: > 0 and <= 200 } boundary)
            return (null, ApiError.BadRequest("invalid_multipart", "The Content-Type must name the boundary between the parts."));
        // What surrounds the file is a few hundred bytes.
        if (request.ContentLength > options.Value.MaxBytes + (64 << 10))
            return (null, TooLong());
        var upload = new Upload(files.Draft(projectId, Guid.CreateVersion7(time.GetUtcNow())));
        try
        {
            var refusal = await ReadPartsAsync(new MultipartReader(boundary.Value!, request.Body), upload, ct) ?? Judge(upload);
            if (refusal is null)
                return (upload, null);
            await upload.DisposeAsync();
            return (null, refusal);
        }
        catch (Exception broken) when (broken is InvalidDataException || broken.Source == typeof(MultipartReader).Assembly.GetName().Name)
        {
            await upload.DisposeAsync();
            return (null, ApiError.BadRequest("invalid_multipart", $"The body is not the multipart/form-data that its Content-Type announces: {broken.Message}"));
        }
        catch
        {
            await upload.DisposeAsync();
            throw;
        }
    }

    async Task<ApiError?> ReadPartsAsync(MultipartReader parts, Upload upload, CancellationToken ct)
    {
        while (await parts.ReadNextSectionAsync(ct) is { } part)
        {
            if (!ContentDispositionHeaderValue.TryParse(part.ContentDisposition, out var disposition)
                || HeaderUtilities.RemoveQuotes(disposition.Name) is not { Length: > 0 } segment)
                return ApiError.BadRequest("invalid_multipart", "Every part must have a Content-Disposition: form-data with its name.");
            var name = segment.ToString();
            if (!Known.Contains(name))
                return ApiError.Invalid(name, $"'{name}' is not a part of this call{Spelling.Suggest(name, Known)}.", "unknown_parameter");
            if (upload.Fields.ContainsKey(name))
                return ApiError.Invalid(name, $"'{name}' is given twice.", "duplicate_parameter");
            if (name == File)
            {
                if (!await CopyAsync(part.Body, upload.Draft, ct))
                    return TooLong();
                upload.Fields[name] = NameOf(disposition);
            }
            else if (await TextAsync(part.Body, ct) is { } text)
                upload.Fields[name] = text;
            else
                return ApiError.Invalid(name, $"'{name}' must be a short text.");
        }
        return null;
    }

    /// <returns>False where the file is too long.</returns>
    async Task<bool> CopyAsync(Stream from, FileDraft to, CancellationToken ct)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReadAsync(buffer, ct) is > 0 and var read)
        {
            if (to.Length + read > options.Value.MaxBytes)
                return false;
            await to.WriteAsync(buffer.AsMemory(0, read), ct);
        }
        return true;
    }

    /// <returns>Null where it is longer than any value may be, or no UTF-8.</returns>
    static async Task<string?> TextAsync(Stream from, CancellationToken ct)
    {
        var buffer = new byte[257];
        var length = await from.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        return length < buffer.Length && System.Text.Unicode.Utf8.IsValid(buffer.AsSpan(0, length)) ? Encoding.UTF8.GetString(buffer, 0, length) : null;
    }

    /// <summary>Without folders, control characters and what is too long to show; callers see it again, nothing of ours is named by it.</summary>
    static string NameOf(ContentDispositionHeaderValue disposition)
    {
        const int Longest = 255;
        var given = HeaderUtilities.RemoveQuotes(disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName).ToString();
        var name = new string([.. given[(given.LastIndexOfAny(['/', '\\']) + 1)..].Where(c => !char.IsControl(c) && !char.IsSurrogate(c)).Take(Longest)]);
        return string.IsNullOrWhiteSpace(name) ? "upload.jsonl" : name;
    }

    static ApiError? Judge(Upload upload)
    {
        var faults = new List<Fault>();
        var fields = upload.Fields;
        if (!fields.TryGetValue(Purpose, out var purpose))
            faults.Add(new(Purpose, "missing_required_parameter", $"'{Purpose}' is required."));
        else if (purpose != FilePurpose.Batch)
            faults.Add(new(Purpose, "invalid_value", $"'{Purpose}' must be '{FilePurpose.Batch}': there is nothing else to upload a file for."));
        if (!fields.ContainsKey(File))
            faults.Add(new(File, "missing_required_parameter", $"'{File}' is required."));
        if (fields.ContainsKey(Anchor) || fields.ContainsKey(Seconds))
        {
            if (fields.GetValueOrDefault(Anchor) != ExpiresAfter.OnlyAnchor)
                faults.Add(new(Anchor, "invalid_value", $"'{Anchor}' must be '{ExpiresAfter.OnlyAnchor}'."));
            if (!long.TryParse(fields.GetValueOrDefault(Seconds), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || !ExpiresAfter.Takes(seconds))
                faults.Add(new(Seconds, "invalid_value", $"'{Seconds}' {ExpiresAfter.Rule}."));
            upload.ExpiresAfter = TimeSpan.FromSeconds(ExpiresAfter.Takes(seconds) ? seconds : 0);
        }
        return faults.Count > 0 ? ApiError.Invalid(faults) : null;
    }

    ApiError TooLong() => new(413, "invalid_request_error", "file_too_large", $"The file is longer than {options.Value.MaxBytes} bytes (Darkroom:Files:MaxBytes).", File);
}

/// <summary>What an upload has brought; its draft goes with it.</summary>
internal sealed class Upload(FileDraft draft) : IAsyncDisposable
{
    public FileDraft Draft { get; } = draft;

    /// <summary>The texts by the names of their parts; of the file, its own name.</summary>
    public Dictionary<string, string> Fields { get; } = new(StringComparer.Ordinal);

    public TimeSpan? ExpiresAfter { get; set; }

    public ValueTask DisposeAsync() => Draft.DisposeAsync();
}
