namespace Darkroom.Worker.Decoding;

/// <summary>
/// The value of the root's <c>data</c>: an array with an element for each picture. Of two <c>b64_json</c> in one element the
/// first counts.
/// </summary>
internal sealed class DataElements(DecodingOptions options, Func<int, Stream> openPicture) : IDisposable
{
    /// <summary>Depths between the brackets of <c>data</c>, and between the braces of one of its elements.</summary>
    private const int InArray = 2, InElement = 3;

    private readonly List<DecodedPicture> _pictures = [];
    private bool _isArray;
    private int _index;
    private bool _isOpen;
    private Member _member;
    private bool _hasPicture;
    private bool _hasUrl;
    private PictureFault _fault;
    private DecodedPicture? _picture;
    private PictureWriter? _writer;

    private enum Member
    {
        Other,
        Picture,
        Url,
    }

    /// <summary>The first failure to write a picture; none is written after it.</summary>
    public Exception? SinkException { get; private set; }

    public void Name(ReadOnlySpan<byte> name, int depth)
    {
        if (!_isArray || depth != InElement) return;
        _member = Member.Other;
        if (name.SequenceEqual("url"u8)) _member = Member.Url;
        if (_hasPicture || !name.SequenceEqual("b64_json"u8)) return;
        _hasPicture = true;
        if (_index < options.MaxPictures) _member = Member.Picture;
    }

    public void Value(JsonToken token, ReadOnlySpan<byte> piece, int depth)
    {
        bool starts = token is JsonToken.ObjectStart or JsonToken.ArrayStart;
        switch (depth)
        {
            case InArray when starts:
                _isArray = token == JsonToken.ArrayStart;
                break;
            case InArray when _isArray && token != JsonToken.Text:
                EndElement(_isOpen ? _fault : PictureFault.Missing);
                break;
            case InElement when _isArray && starts:
                BeginElement();
                break;
            case InElement when _member != Member.Other && token == JsonToken.Text:
                Text(piece);
                break;
            case InElement when _member != Member.Other && token == JsonToken.TextEnd:
                EndText();
                break;
            case InElement or InElement + 1 when _member != Member.Other:
                if (_member == Member.Picture && token != JsonToken.Null) _fault = PictureFault.NotText;
                _member = Member.Other;
                break;
        }
    }

    public void EndChunk() => _writer?.EndChunk();

    /// <summary>What came, the body having ended here, well or not.</summary>
    public IReadOnlyList<DecodedPicture> End()
    {
        if (_writer is not null) EndPicture(PictureFault.Cut);
        if (_isOpen) EndElement(_hasPicture && _member != Member.Picture ? _fault : PictureFault.Cut);
        return _pictures;
    }

    public void Dispose() => _writer?.Dispose();

    private void BeginElement()
    {
        _isOpen = true;
        _member = Member.Other;
        (_hasPicture, _hasUrl, _picture) = (false, false, null);
        _fault = PictureFault.Missing;
    }

    private void Text(ReadOnlySpan<byte> piece)
    {
        if (_member == Member.Url) _hasUrl = true;
        else if (SinkException is not null) _fault = PictureFault.NotWritten;
        else
        {
            _writer ??= new PictureWriter(_index, options.MaxPictureBytes, openPicture);
            _writer.Write(piece);
        }
    }

    private void EndText()
    {
        if (_writer is not null) EndPicture(null);
        else if (_member == Member.Picture && _fault == PictureFault.Missing) _fault = PictureFault.Empty;
        _member = Member.Other;
    }

    private void EndPicture(PictureFault? fault)
    {
        _picture = _writer!.End(fault);
        SinkException = _writer.SinkException;
        _writer.Dispose();
        _writer = null;
    }

    private void EndElement(PictureFault fault)
    {
        if (fault == PictureFault.Missing && _isOpen && _hasUrl) fault = PictureFault.UrlOnly;
        if (_index < options.MaxPictures) _pictures.Add(_picture ?? new DecodedPicture(_index, fault, null, 0, [], 0, 0, 0));
        _index++;
        (_isOpen, _picture) = (false, null);
    }
}
