namespace Darkroom.Worker.Decoding;

internal enum JsonToken
{
    NeedMore,
    ObjectStart,
    ObjectEnd,
    ArrayStart,
    ArrayEnd,

    /// <summary>A piece of a member's name; <see cref="NameEnd"/> follows the last.</summary>
    Name,
    NameEnd,

    /// <summary>A piece of a string value; <see cref="TextEnd"/> follows the last.</summary>
    Text,
    TextEnd,
    Null,

    /// <summary>The end of a number, <c>true</c> or <c>false</c>.</summary>
    Scalar,
    TooDeep,
    Illegal,
}

/// <summary>
/// A strict JSON reader for one object, fed in chunks cut anywhere, that holds nothing of what it reads: a value of any length
/// passes in constant memory. (<c>Utf8JsonReader</c> needs a whole string in its buffer.)
/// </summary>
internal sealed class JsonScanner
{
    /// <summary>Levels, as many as System.Text.Json allows; each is one bit of <see cref="_objects"/>.</summary>
    public const int MaxDepth = 64;

    private Expect _expect;
    private int _mark;
    private ulong _objects;
    private JsonText _text;
    private JsonScalar _scalar;

    private enum Expect
    {
        ByteOrderMark,
        Root,
        NameOrEnd,
        Name,
        NameText,
        Colon,
        Value,
        ValueOrEnd,
        Text,
        Scalar,
        CommaOrEnd,
        Nothing,
    }

    /// <summary>Objects and arrays open around the place reached.</summary>
    public int Depth { get; private set; }

    /// <summary>Whether the root object has been closed: only white space may follow.</summary>
    public bool IsComplete => _expect == Expect.Nothing;

    private static ReadOnlySpan<byte> Mark => [0xEF, 0xBB, 0xBF];

    private bool InObject => (_objects & (1UL << (Depth - 1))) != 0;

    /// <summary>
    /// The next token of <paramref name="input"/>, which moves past it; <see cref="JsonToken.NeedMore"/> when it is used up. At an
    /// illegal byte it stays there, and the scanner is of no further use.
    /// </summary>
    public JsonToken Next(ref ReadOnlySpan<byte> input, out ReadOnlySpan<byte> piece)
    {
        piece = default;
        while (true)
        {
            if (_expect is Expect.NameText or Expect.Text) return ReadText(ref input, out piece);
            if (_expect == Expect.Scalar) return ReadScalar(ref input);
            if (_expect != Expect.ByteOrderMark) input = input.TrimStart(" \t\r\n"u8);
            if (input.IsEmpty) return JsonToken.NeedMore;

            JsonToken token = Take(input[0], out bool taken);
            if (taken) input = input[1..];
            if (token != JsonToken.NeedMore) return token;
        }
    }

    /// <summary>One byte outside strings and scalars; <see cref="JsonToken.NeedMore"/> when it makes no token by itself.</summary>
    private JsonToken Take(byte next, out bool taken)
    {
        taken = true;
        switch (_expect, next)
        {
            case (Expect.ByteOrderMark, _) when next == Mark[_mark]:
                if (++_mark == Mark.Length) _expect = Expect.Root;
                return JsonToken.NeedMore;
            case (Expect.ByteOrderMark, _) when _mark == 0:
                taken = false;
                _expect = Expect.Root;
                return JsonToken.NeedMore;
            case (Expect.Root or Expect.Value or Expect.ValueOrEnd, (byte)'{'):
                return Open(isObject: true);
            case (Expect.Value or Expect.ValueOrEnd, (byte)'['):
                return Open(isObject: false);
            case (Expect.Value or Expect.ValueOrEnd, (byte)'"'):
                return Begin(Expect.Text);
            case (Expect.Name or Expect.NameOrEnd, (byte)'"'):
                return Begin(Expect.NameText);
            case (Expect.NameOrEnd, (byte)'}') or (Expect.ValueOrEnd, (byte)']'):
                return Close();
            case (Expect.CommaOrEnd, (byte)'}' or (byte)']') when InObject == (next == '}'):
                return Close();
            case (Expect.CommaOrEnd, (byte)','):
                return Begin(InObject ? Expect.Name : Expect.Value);
            case (Expect.Colon, (byte)':'):
                return Begin(Expect.Value);
            case (Expect.Value or Expect.ValueOrEnd, _) when _scalar.Begin(next):
                return Begin(Expect.Scalar);
            default:
                taken = false;
                return JsonToken.Illegal;
        }
    }

    private JsonToken Begin(Expect expect)
    {
        _expect = expect;
        return JsonToken.NeedMore;
    }

    private JsonToken Open(bool isObject)
    {
        if (Depth == MaxDepth) return JsonToken.TooDeep;
        ulong level = 1UL << Depth++;
        _objects = isObject ? _objects | level : _objects & ~level;
        _expect = isObject ? Expect.NameOrEnd : Expect.ValueOrEnd;
        return isObject ? JsonToken.ObjectStart : JsonToken.ArrayStart;
    }

    private JsonToken Close()
    {
        JsonToken token = InObject ? JsonToken.ObjectEnd : JsonToken.ArrayEnd;
        _expect = --Depth == 0 ? Expect.Nothing : Expect.CommaOrEnd;
        return token;
    }

    private JsonToken ReadText(ref ReadOnlySpan<byte> input, out ReadOnlySpan<byte> piece)
    {
        bool isName = _expect == Expect.NameText;
        switch (_text.Read(ref input, out piece))
        {
            case JsonTextPart.Piece:
                return isName ? JsonToken.Name : JsonToken.Text;
            case JsonTextPart.End:
                _expect = isName ? Expect.Colon : Expect.CommaOrEnd;
                return isName ? JsonToken.NameEnd : JsonToken.TextEnd;
            case JsonTextPart.Illegal:
                return JsonToken.Illegal;
            default:
                return JsonToken.NeedMore;
        }
    }

    private JsonToken ReadScalar(ref ReadOnlySpan<byte> input)
    {
        int taken = 0;
        while (taken < input.Length && _scalar.Take(input[taken])) taken++;
        input = input[taken..];
        // At the chunk's end a number may go on in the next; so may a word, which then takes no more.
        if (input.IsEmpty) return JsonToken.NeedMore;
        if (!_scalar.MayEnd) return JsonToken.Illegal;
        _expect = Expect.CommaOrEnd;
        return _scalar.IsNull ? JsonToken.Null : JsonToken.Scalar;
    }
}
