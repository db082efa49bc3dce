using System.Buffers;

namespace Darkroom.Worker.Decoding;

internal enum JsonTextPart
{
    NeedMore,
    Piece,
    End,
    Illegal,
}

/// <summary>
/// The inside of one JSON string, fed in chunks: escapes undone, UTF-8 checked. A character outside ASCII comes out as U+FFFD,
/// for names we know and base64 are ASCII, and nobody else reads pieces.
/// </summary>
internal struct JsonText
{
    private static readonly SearchValues<byte> Plain =
        SearchValues.Create([.. Enumerable.Range(0x20, 0x60).Select(b => (byte)b).Except("\"\\"u8.ToArray())]);

    private static readonly byte[] Ascii = [.. Enumerable.Range(0, 0x80).Select(b => (byte)b)];

    private Mode _mode;
    private int _left;
    private int _code;
    private int _lowest;
    private int _highest;

    private enum Mode
    {
        Plain,
        Escape,
        Hex,
        Utf8,
    }

    private static ReadOnlySpan<byte> Other => "\uFFFD"u8;

    public JsonTextPart Read(ref ReadOnlySpan<byte> input, out ReadOnlySpan<byte> piece)
    {
        piece = default;
        while (!input.IsEmpty)
        {
            if (_mode == Mode.Plain)
            {
                int run = input.IndexOfAnyExcept(Plain);
                if (run != 0)
                {
                    piece = run < 0 ? input : input[..run];
                    input = input[piece.Length..];
                    return JsonTextPart.Piece;
                }
            }

            byte next = input[0];
            if (_mode == Mode.Plain && next == '"')
            {
                input = input[1..];
                return JsonTextPart.End;
            }

            if (!Take(next, out piece)) return JsonTextPart.Illegal;
            input = input[1..];
            if (!piece.IsEmpty) return JsonTextPart.Piece;
        }

        return JsonTextPart.NeedMore;
    }

    private bool Take(byte next, out ReadOnlySpan<byte> piece)
    {
        piece = default;
        switch (_mode)
        {
            case Mode.Plain when next == '\\':
                _mode = Mode.Escape;
                return true;
            case Mode.Plain:
                _mode = Mode.Utf8;
                return BeginsUtf8(next);
            case Mode.Escape when next == 'u':
                (_mode, _left, _code) = (Mode.Hex, 4, 0);
                return true;
            case Mode.Escape:
                _mode = Mode.Plain;
                return Escaped(next, out piece);
            case Mode.Hex:
                if (!char.IsAsciiHexDigit((char)next)) return false;
                _code = (_code << 4) | (next <= '9' ? next - '0' : (next | 0x20) - 'a' + 10);
                if (--_left > 0) return true;
                _mode = Mode.Plain;
                piece = _code < 0x80 ? Ascii.AsSpan(_code, 1) : Other;
                return true;
            default:
                if (next < _lowest || next > _highest) return false;
                (_lowest, _highest) = (0x80, 0xBF);
                if (--_left > 0) return true;
                _mode = Mode.Plain;
                piece = Other;
                return true;
        }
    }

    /// <summary>Table 3-7 of the Unicode standard: what may follow a lead byte, so that overlong forms and surrogates are refused.</summary>
    private bool BeginsUtf8(byte lead)
    {
        (_left, _lowest, _highest) = lead switch
        {
            >= 0xC2 and <= 0xDF => (1, 0x80, 0xBF),
            0xE0 => (2, 0xA0, 0xBF),
            0xED => (2, 0x80, 0x9F),
            >= 0xE1 and <= 0xEF => (2, 0x80, 0xBF),
            0xF0 => (3, 0x90, 0xBF),
            >= 0xF1 and <= 0xF3 => (3, 0x80, 0xBF),
            0xF4 => (3, 0x80, 0x8F),
            _ => (0, 0, 0),
        };
        return _left > 0;
    }

    private static bool Escaped(byte letter, out ReadOnlySpan<byte> piece)
    {
        piece = letter switch
        {
            (byte)'"' or (byte)'\\' or (byte)'/' => Ascii.AsSpan(letter, 1),
            (byte)'b' => "\b"u8,
            (byte)'f' => "\f"u8,
            (byte)'n' => "\n"u8,
            (byte)'r' => "\r"u8,
            (byte)'t' => "\t"u8,
            _ => default,
        };
        return !piece.IsEmpty;
    }
}
