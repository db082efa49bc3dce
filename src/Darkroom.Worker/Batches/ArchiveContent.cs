using System.Globalization;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;
using Darkroom.Worker.Storage;

namespace Darkroom.Worker.Batches;

/// <summary>A part of an archive: bytes at hand, or a picture in the store.</summary>
internal sealed record ArchivePart(byte[]? Bytes, StoreKey? Picture, long Length);

/// <summary>What is known of an archive once the rows have been read: all but the pictures.</summary>
/// <param name="Tag">Of the bytes: the same for the same rows.</param>
internal sealed record ArchivePlan(long Length, ZipEntry Manifest, long ManifestOffset, long CentralOffset, long CentralLength, long Entries, byte[] Tag);

/// <summary>
/// The archive of a batch: its pictures in the order of its lines, then a manifest, then the ZIP's own directory. All of it follows from the
/// rows, so that any part of it can be sent without what comes before. Rows are read a page at a time: memory is flat at any size.
/// </summary>
internal sealed class ArchiveContent(BatchLines lines)
{
    const string ManifestName = "manifest.csv", ManifestHead = "file,custom_id,status,job_id,index,content_type,bytes,sha256,width,height,error_code,error_message\r\n";

    /// <summary>One reading of the rows.</summary>
    public async Task<ArchivePlan> PlanAsync(Guid batchId, CancellationToken ct)
    {
        long offset = 0, central = 0, entries = 0, manifest = 0;
        var crc = new Crc32();
        using var tag = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Manifest(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            manifest += bytes.Length;
            crc.Append(bytes);
            tag.AppendData(bytes);
        }

        Manifest(ManifestHead);
        await foreach (var (line, number) in NumberedAsync(batchId, ct))
        {
            foreach (var image in line.Images)
            {
                var entry = EntryOf(line, number, image);
                central += ZipRecords.CentralLength(entry, offset);
                offset += ZipRecords.LocalLength(entry) + entry.Length;
                entries++;
            }
            Manifest(ManifestOf(line, number));
        }
        var last = new ZipEntry(ManifestName, manifest, crc.GetCurrentHashAsUInt32());
        var centralOffset = offset + ZipRecords.LocalLength(last) + manifest;
        central += ZipRecords.CentralLength(last, offset);
        return new(
            centralOffset + central + ZipRecords.EndLength(entries + 1, centralOffset, central),
            last, offset, centralOffset, central, entries + 1, tag.GetHashAndReset()[..16]);
    }

    /// <summary>All parts in order. Where they do not add up to the plan, the rows have changed meanwhile.</summary>
    public async IAsyncEnumerable<ArchivePart> PartsAsync(Guid batchId, ArchivePlan plan, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var (line, number) in NumberedAsync(batchId, ct))
        {
            foreach (var image in line.Images)
            {
                var entry = EntryOf(line, number, image);
                yield return Bytes(ZipRecords.Local(entry));
                yield return new(null, new ImageKey(line.ProjectId, line.Id, image.AttemptId, image.Index, image.Extension), entry.Length);
            }
        }
        yield return Bytes(ZipRecords.Local(plan.Manifest));
        yield return Bytes(Encoding.UTF8.GetBytes(ManifestHead));
        await foreach (var (line, number) in NumberedAsync(batchId, ct))
            yield return Bytes(Encoding.UTF8.GetBytes(ManifestOf(line, number)));

        long offset = 0;
        await foreach (var (line, number) in NumberedAsync(batchId, ct))
        {
            foreach (var image in line.Images)
            {
                var entry = EntryOf(line, number, image);
                yield return Bytes(ZipRecords.Central(entry, offset));
                offset += ZipRecords.LocalLength(entry) + entry.Length;
            }
        }
        yield return Bytes(ZipRecords.Central(plan.Manifest, offset));
        yield return Bytes(ZipRecords.EndOf(plan.Entries, plan.CentralOffset, plan.CentralLength));

        static ArchivePart Bytes(byte[] bytes) => new(bytes, null, bytes.Length);
    }

    async IAsyncEnumerable<(Job Line, int Number)> NumberedAsync(Guid batchId, [EnumeratorCancellation] CancellationToken ct)
    {
        var number = 0;
        await foreach (var page in lines.PagesAsync(batchId, ct))
        {
            foreach (var line in page)
            {
                line.Job.Images.Sort((a, b) => a.Index.CompareTo(b.Index));
                yield return (line.Job, ++number);
            }
        }
    }

    static ZipEntry EntryOf(Job line, int number, Image image) => new(NameOf(line, number, image), image.Bytes, (uint)image.Crc32);

    /// <summary>The line's number makes it unique and sorts it; its <c>custom_id</c> is kept as far as every file system takes it.</summary>
    static string NameOf(Job line, int number, Image image)
    {
        const int Longest = 100;
        var name = string.Concat((line.CustomId ?? "").Take(Longest).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '_'));
        return string.Create(CultureInfo.InvariantCulture, $"{number:D6}-{name}-{image.Index}.{image.Extension}");
    }

    /// <summary>A row for each picture; a line without any has one of its own.</summary>
    static string ManifestOf(Job line, int number)
    {
        var job = WireId.Job.Format(line.Id);
        if (line.Images.Count == 0)
            return Row("", line.CustomId, line.Status, job, "", "", "", "", "", "", line.ErrorCode, line.ErrorMessage);
        return string.Concat(line.Images.Select(i => Row(
            NameOf(line, number, i), line.CustomId, line.Status, job, Text(i.Index), i.ContentType, Text(i.Bytes), Convert.ToHexStringLower(i.Sha256), Text(i.Width), Text(i.Height), "", "")));

        static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>RFC 4180; a text that a spreadsheet would take for a formula begins with an apostrophe.</summary>
    static string Row(params string?[] fields) => string.Join(',', fields.Select(field =>
    {
        var text = field is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? "'" + field : field ?? "";
        return text.AsSpan().IndexOfAny("\",\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"")}\"";
    })) + "\r\n";
}
