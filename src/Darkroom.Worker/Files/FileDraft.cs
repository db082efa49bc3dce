using System.Security.Cryptography;
using Darkroom.Worker.Storage;

namespace Darkroom.Worker.Files;

/// <summary>A file while it is being written, on this machine's disk: hashed as it grows, gone when it is disposed.</summary>
internal sealed class FileDraft(Guid projectId, Guid fileId, FileStream file) : Stream
{
    readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    SourceProperties? whole;

    public Guid ProjectId { get; } = projectId;

    public Guid FileId { get; } = fileId;

    public string FilePath => file.Name;

    /// <summary>Bytes written so far.</summary>
    public override long Length => file.Position;

    /// <summary>What it is once nothing more is written.</summary>
    public async Task<SourceProperties> FinishAsync(CancellationToken ct)
    {
        await file.FlushAsync(ct);
        return whole ??= new(Length, hash.GetHashAndReset());
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => whole is null;

    public override long Position
    {
        get => file.Position;
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        hash.AppendData(buffer);
        file.Write(buffer);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        hash.AppendData(buffer.Span);
        return file.WriteAsync(buffer, cancellationToken);
    }

    public override void Flush() => file.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => file.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            hash.Dispose();
            file.Dispose();
        }
        base.Dispose(disposing);
    }
}
