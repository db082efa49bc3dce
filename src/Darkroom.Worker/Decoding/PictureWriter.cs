using System.Buffers;
using System.IO.Hashing;
using System.Security.Cryptography;

namespace Darkroom.Worker.Decoding;

/// <summary>
/// Takes one picture's base64 text to its sink, hashed and inspected on the way. Its buffer is rented for one chunk at a time, so
/// that a response that waits for its next bytes holds none.
/// </summary>
internal sealed class PictureWriter(int index, long maxBytes, Func<int, Stream> openPicture) : IDisposable
{
    /// <summary>What one read of the body decodes to; fits the second-level cache beside it.</summary>
    private const int BufferBytes = ResponseDecoder.ReadBytes / 4 * 3;

    private readonly PictureInspector _inspector = new();
    private readonly Crc32 _crc32 = new();
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private Base64Text _base64;
    private byte[]? _buffer;
    private int _buffered;
    private Stream? _sink;
    private long _written;
    private PictureFault? _fault;

    /// <summary>Set with <see cref="PictureFault.NotWritten"/>.</summary>
    public Exception? SinkException { get; private set; }

    public void Write(ReadOnlySpan<byte> base64)
    {
        while (_fault is null && !base64.IsEmpty)
        {
            _buffer ??= ArrayPool<byte>.Shared.Rent(BufferBytes);
            if (_buffer.Length - _buffered < 3) Flush();
            bool legal = _base64.Decode(ref base64, _buffer.AsSpan(_buffered), out int decoded);
            _buffered += decoded;
            if (!legal) _fault = PictureFault.BadBase64;
        }
    }

    /// <summary>Hands on what is decoded so far and gives the buffer back: to be called when a chunk of the body is used up.</summary>
    public void EndChunk()
    {
        if (_buffer is null) return;
        Flush();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
    }

    /// <summary>Ends the picture and closes its sink.</summary>
    /// <param name="fault">Why it can not be good, if that is known already.</param>
    public DecodedPicture End(PictureFault? fault)
    {
        EndChunk();
        Close();
        _fault ??= fault;
        if (!_base64.IsWhole) _fault ??= PictureFault.BadBase64;
        if (_inspector.Length == 0) _fault ??= PictureFault.Empty;
        _fault ??= _inspector.Judge();
        return _fault is null
            ? new(index, null, _inspector.Format, _written, _sha256.GetHashAndReset(), _crc32.GetCurrentHashAsUInt32(), _inspector.Width, _inspector.Height)
            : new(index, _fault, _inspector.Format, _written, [], 0, 0, 0);
    }

    public void Dispose()
    {
        EndChunk();
        Close();
        _sha256.Dispose();
    }

    private void Flush()
    {
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(0, _buffered);
        _buffered = 0;
        if (_fault is not null || bytes.IsEmpty) return;
        _inspector.See(bytes);
        if (!_inspector.MayBePicture) _fault = PictureFault.UnknownFormat;
        if (_inspector.Length > maxBytes) _fault = PictureFault.TooLarge;
        if (_fault is not null) return;
        _sha256.AppendData(bytes);
        _crc32.Append(bytes);
        ToSink(bytes);
    }

    private void ToSink(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _sink ??= openPicture(index);
            _sink.Write(bytes);
            _written += bytes.Length;
        }
        catch (Exception e)
        {
            SinkFailed(e);
        }
    }

    private void Close()
    {
        try
        {
            _sink?.Dispose();
        }
        catch (Exception e)
        {
            SinkFailed(e);
        }

        _sink = null;
    }

    private void SinkFailed(Exception e)
    {
        _fault = PictureFault.NotWritten;
        SinkException ??= e;
    }
}
