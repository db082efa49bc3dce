namespace Darkroom.Tests.Client;

/// <summary>An answer's first bytes, and then nothing more.</summary>
/// <param name="end">How it breaks; null where the connection only falls silent.</param>
internal sealed class BrokenStream(byte[] bytes, Exception? end) : MemoryStream(bytes)
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position < Length)
            return Read(buffer.Span);
        if (end is not null)
            throw end;
        await Task.Delay(Timeout.Infinite, cancellationToken);
        return 0;
    }
}
