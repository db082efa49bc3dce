using System.IO.Compression;
using System.IO.Hashing;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Darkroom.Migrations.Rows;
using Darkroom.Tests.Api;
using Darkroom.Tests.Infrastructure;
using Darkroom.Worker.Api;
using Darkroom.Worker.Batches;
using Darkroom.Worker.Storage;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darkroom.Tests.Batches;

public sealed class The_archive_of_a_batch(ApiHost host) : IClassFixture<ApiHost>
{
    readonly Rows rows = new(host.Database);

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Holds_every_picture_in_order_and_a_manifest_and_has_the_same_bytes_every_time()
    {
        var (batch, lines) = await AddAsync();
        var archive = await host.Admin.GetByteArrayAsync(Path(batch), Ct);
        Assert.Equal(archive, await host.Admin.GetByteArrayAsync(Path(batch), Ct));

        using var zip = new ZipArchive(new MemoryStream(archive));
        Assert.Equal(["000001-line-0-0.png", "000001-line-0-1.png", "000003-line-2-0.png", "manifest.csv"], zip.Entries.Select(e => e.FullName));
        foreach (var entry in zip.Entries.SkipLast(1))
            Assert.Equal(entry.Crc32, Crc32.HashToUInt32(await ReadAsync(entry)));
        Assert.Equal(Picture(lines[2].Id, 0), await ReadAsync(zip.Entries[2]));
        var manifest = System.Text.Encoding.UTF8.GetString(await ReadAsync(zip.Entries[3]));
        Assert.Equal(Crc32.HashToUInt32(await ReadAsync(zip.Entries[3])), zip.Entries[3].Crc32);
        var rowsOfIt = manifest.TrimEnd().Split("\r\n");
        Assert.Equal(5, rowsOfIt.Length);
        Assert.StartsWith("file,custom_id,status", rowsOfIt[0], StringComparison.Ordinal);
        Assert.StartsWith(",line-1,failed,job_", rowsOfIt[3], StringComparison.Ordinal);
        Assert.EndsWith(",moderation_blocked,The endpoint refused.", rowsOfIt[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Can_be_had_in_parts_from_any_byte_on()
    {
        var (batch, _) = await AddAsync();
        using var head = new HttpRequestMessage(HttpMethod.Head, Path(batch));
        using var described = await host.Admin.SendAsync(head, Ct);
        var whole = await host.Admin.GetByteArrayAsync(Path(batch), Ct);
        Assert.Equal(whole.Length, described.Content.Headers.ContentLength);
        for (var from = 0; from < whole.Length; from += 97)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Path(batch));
            request.Headers.Range = new RangeHeaderValue(from, Math.Min(from + 60, whole.Length - 1));
            request.Headers.IfRange = new RangeConditionHeaderValue(described.Headers.ETag!);
            using var part = await host.Admin.SendAsync(request, Ct);
            Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
            Assert.Equal(whole[from..Math.Min(from + 61, whole.Length)], await part.Content.ReadAsByteArrayAsync(Ct));
        }
        using var beyond = new HttpRequestMessage(HttpMethod.Get, Path(batch));
        beyond.Headers.Range = new RangeHeaderValue(whole.Length, null);
        using var refused = await host.Admin.SendAsync(beyond, Ct);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, refused.StatusCode);
    }

    [Fact]
    public async Task Is_made_of_an_ended_batch_alone()
    {
        var (batch, _) = await rows.AddBatchAsync(BatchStatus.InProgress, [], await host.Database.DefaultProjectAsync());
        using var answer = await host.Admin.GetAsync(Path(batch), Ct);
        Assert.Equal((HttpStatusCode.Conflict, "batch_not_ended"), (answer.StatusCode, (await answer.JsonAsync()).GetProperty("error").GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Is_cut_short_where_a_picture_is_missing()
    {
        var (batch, lines) = await AddAsync();
        var store = host.Services.GetRequiredService<IImageStore>();
        Assert.Null(await store.DeleteAsync(Key(lines[2], 0), Ct));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => host.Admin.GetByteArrayAsync(Path(batch), Ct));
    }

    /// <summary>Pictures of zeros that nobody holds: what is read back is the directory beyond 4 GB and a file there.</summary>
    [Fact]
    public void Is_read_beyond_four_gigabytes()
    {
        ZipEntry[] entries = [new("a.png", 3_000_000_000, 1), new("b.png", 3_000_000_000, 2), new("c.png", 5, 3)];
        var archive = new SparseStream();
        var central = new List<byte[]>();
        foreach (var entry in entries)
        {
            central.Add(ZipRecords.Central(entry, archive.Length));
            archive.Append(ZipRecords.Local(entry));
            archive.Skip(entry.Length);
        }
        var (offset, length) = (archive.Length, central.Sum(c => (long)c.Length));
        Assert.Equal(length, entries.Zip(new[] { 0L, 3_000_000_035, 6_000_000_070 }).Sum(e => ZipRecords.CentralLength(e.First, e.Second)));
        central.ForEach(archive.Append);
        archive.Append(ZipRecords.EndOf(entries.Length, offset, length));
        Assert.Equal(offset + length + ZipRecords.EndLength(entries.Length, offset, length), archive.Length);

        using var zip = new ZipArchive(archive, ZipArchiveMode.Read);
        Assert.Equal(entries.Select(e => (e.Name, e.Length, e.Crc32)), zip.Entries.Select(e => (e.FullName, e.Length, e.Crc32)));
        using var content = zip.Entries[2].Open();
        var read = new byte[5];
        content.ReadExactly(read);
    }

    async Task<(Batch, List<Job>)> AddAsync()
    {
        var (batch, lines) = await rows.AddBatchAsync(BatchStatus.Completed, [JobStatus.Succeeded, JobStatus.Failed, JobStatus.Succeeded], await host.Database.DefaultProjectAsync());
        var store = host.Services.GetRequiredService<IImageStore>();
        await using var db = rows.CreateDbContext();
        foreach (var (line, index) in new[] { (lines[0], 0), (lines[0], 1), (lines[2], 0) })
        {
            var bytes = Picture(line.Id, index);
            var file = System.IO.Path.GetTempFileName();
            await File.WriteAllBytesAsync(file, bytes, Ct);
            Assert.Null((await store.PutAsync(Key(line, index), file, new SourceProperties(bytes.Length, SHA256.HashData(bytes)), Ct)).Failure);
            File.Delete(file);
            db.Images.Add(new Image
            {
                JobId = line.Id,
                AttemptId = line.Id,
                Index = index,
                Extension = "png",
                ContentType = "image/png",
                Bytes = bytes.Length,
                Sha256 = SHA256.HashData(bytes),
                Crc32 = Crc32.HashToUInt32(bytes),
                Width = 1,
                Height = 1,
            });
        }
        await db.SaveChangesAsync(Ct);
        return (batch, lines);
    }

    static ImageKey Key(Job line, int index) => new(line.ProjectId, line.Id, line.Id, index, "png");

    static byte[] Picture(Guid line, int index) => [.. Enumerable.Repeat(line.ToByteArray(), 10).SelectMany(b => b), (byte)index];

    static Uri Path(Batch batch) => new($"/v1/batches/{WireId.Batch.Format(batch.Id)}/archive", UriKind.Relative);

    static async Task<byte[]> ReadAsync(ZipArchiveEntry entry)
    {
        await using var stream = await entry.OpenAsync(Ct);
        var copy = new MemoryStream();
        await stream.CopyToAsync(copy, Ct);
        return copy.ToArray();
    }

    /// <summary>Bytes here and there, and zeros between them.</summary>
    sealed class SparseStream : Stream
    {
        readonly List<(long Offset, byte[] Bytes)> parts = [];
        long length;

        public void Append(byte[] bytes)
        {
            parts.Add((length, bytes));
            length += bytes.Length;
        }

        public void Skip(long bytes) => length += bytes;

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            count = (int)Math.Min(count, Length - Position);
            Array.Clear(buffer, offset, count);
            foreach (var (start, bytes) in parts)
            {
                var (from, to) = (Math.Max(start, Position), Math.Min(start + bytes.Length, Position + count));
                if (from < to)
                    Array.Copy(bytes, from - start, buffer, offset + from - Position, to - from);
            }
            Position += count;
            return count;
        }

        public override long Seek(long offset, SeekOrigin origin) =>
            Position = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => Position + offset, _ => Length + offset };

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
