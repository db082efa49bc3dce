namespace Darkroom.Worker.Decoding;

/// <summary>
/// What the tokens of a body mean: <c>data[i].b64_json</c> of the root is a picture, a few fields of the root are kept, and
/// everything else is read over, that name elsewhere included.
/// </summary>
internal sealed class ImageResponseReader(DecodingOptions options, Func<int, Stream> openPicture) : IDisposable
{
    private readonly JsonScanner _scanner = new();
    private readonly KeptFields _fields = new(options.MaxFieldBytes);
    private readonly DataElements _data = new(options, openPicture);
    private readonly byte[] _name = new byte[16];
    private int _nameLength;
    private RootField _field;
    private long _read;

    /// <summary>Whether the root object has ended: nothing that may still come can change the result.</summary>
    public bool IsComplete => _scanner.IsComplete;

    /// <summary>Reads the next bytes of the body, to the last; a fault when it can be no legal answer any more.</summary>
    public DecodeFault? Read(ReadOnlySpan<byte> chunk)
    {
        ReadOnlySpan<byte> rest = chunk;
        while (true)
        {
            ReadOnlySpan<byte> before = rest;
            JsonToken token = _scanner.Next(ref rest, out ReadOnlySpan<byte> piece);
            _fields.Append(before[..^rest.Length]);
            switch (token)
            {
                case JsonToken.NeedMore:
                    _data.EndChunk();
                    _read += chunk.Length;
                    return null;
                case JsonToken.Illegal:
                    return new(DecodeFaultKind.NotJson, $"The body is not one JSON object: illegal byte at offset {_read + chunk.Length - rest.Length}.");
                case JsonToken.TooDeep:
                    return new(DecodeFaultKind.TooDeep, $"The body nests more than {JsonScanner.MaxDepth} levels deep.");
                case JsonToken.Name:
                    AppendName(piece);
                    break;
                case JsonToken.NameEnd:
                    EndName();
                    break;
                default:
                    Value(token, piece);
                    break;
            }
        }
    }

    public Decoded End(DecodeFault? fault, long bodyBytes)
    {
        IReadOnlyList<DecodedPicture> pictures = _data.End();
        if (_data.SinkException is { } e) fault = new(DecodeFaultKind.SinkFailed, $"A picture could not be written: {e.Message}", e);
        return new(
            fault,
            bodyBytes,
            _fields.Integer(RootField.Created),
            _fields.Text(RootField.OutputFormat),
            _fields.Text(RootField.Quality),
            _fields.Text(RootField.Size),
            _fields.Json(RootField.Usage),
            _fields.Json(RootField.Error),
            pictures);
    }

    public void Dispose() => _data.Dispose();

    /// <summary>Keeps as much of a name as tells it from those we know, none of which is as long as the buffer.</summary>
    private void AppendName(ReadOnlySpan<byte> piece)
    {
        piece = piece[..Math.Min(piece.Length, _name.Length - _nameLength)];
        piece.CopyTo(_name.AsSpan(_nameLength));
        _nameLength += piece.Length;
    }

    private void EndName()
    {
        ReadOnlySpan<byte> name = _name.AsSpan(0, _nameLength);
        _nameLength = 0;
        if (_scanner.Depth == 1) _field = _fields.Begin(name);
        else if (_field == RootField.Data) _data.Name(name, _scanner.Depth);
    }

    private void Value(JsonToken token, ReadOnlySpan<byte> piece)
    {
        if (_field == RootField.Data) _data.Value(token, piece, _scanner.Depth);
        bool ended = _scanner.Depth == 1 && token is not (JsonToken.Text or JsonToken.ObjectStart);
        if (ended) _fields.End();
    }
}
