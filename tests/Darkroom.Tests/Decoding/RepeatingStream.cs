namespace Darkroom.Tests.Decoding;

/// <summary>A long body that is nowhere held: a start, a block repeated, an end. Reads complete at once, on the caller's thread.</summary>
internal sealed class RepeatingStream(byte[] start, byte[] block, long times, byte[] end) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => start.Length + (block.Length * times) + end.Length;

    public override long Position { get => _position; set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ReadOnlySpan<byte> next = Next();
        next = next[..Math.Min(next.Length, buffer.Length)];
        next.CopyTo(buffer.Span);
        _position += next.Length;
        return new(next.Length);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Bodies are read asynchronously.");

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private ReadOnlySpan<byte> Next()
    {
        long at = _position;
        if (at < start.Length) return start.AsSpan((int)at);
        at -= start.Length;
        if (at < block.Length * times) return block.AsSpan((int)(at % block.Length));
        at -= block.Length * times;
        return end.AsSpan((int)at);
    }
}
