namespace Darkroom.Tests.Decoding;

/// <summary>A body that arrives in slices of the given lengths (the last repeats), as a network delivers it.</summary>
internal sealed class SlicedStream(ReadOnlyMemory<byte> body, params int[] lengths) : Stream
{
    private int _position;
    private int _slice;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => _position; set => throw new NotSupportedException(); }

    /// <summary>Thrown where the body would end.</summary>
    public Exception? Failure { get; init; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (buffer.IsEmpty) return new(0);
        if (_position == body.Length && Failure is not null) throw Failure;
        int left = body.Length - _position;
        int slice = lengths.Length == 0 ? left : lengths[Math.Min(_slice++, lengths.Length - 1)];
        int read = Math.Min(Math.Min(slice, left), buffer.Length);
        body.Slice(_position, read).CopyTo(buffer);
        _position += read;
        return new(read);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Bodies are read asynchronously.");

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
