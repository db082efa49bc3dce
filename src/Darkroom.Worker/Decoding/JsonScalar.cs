namespace Darkroom.Worker.Decoding;

/// <summary>A number, <c>true</c>, <c>false</c> or <c>null</c>, fed byte by byte against the grammar of RFC 8259.</summary>
internal struct JsonScalar
{
    private byte[]? _word;
    private int _matched;
    private Number _number;

    private static readonly byte[] True = "true"u8.ToArray();
    private static readonly byte[] False = "false"u8.ToArray();
    private static readonly byte[] NullWord = "null"u8.ToArray();

    private enum Number
    {
        None,
        Minus,
        Zero,
        Whole,
        Point,
        Fraction,
        E,
        ESign,
        Exponent,
    }

    public readonly bool IsNull => _word == NullWord;

    /// <summary>Whether it may end here. A word ends by itself, a number where the next byte is none of its own.</summary>
    public readonly bool MayEnd =>
        _word is null ? _number is Number.Zero or Number.Whole or Number.Fraction or Number.Exponent : _matched == _word.Length;

    /// <summary>Starts at its first byte; false when no scalar starts so.</summary>
    public bool Begin(byte first)
    {
        _word = first switch { (byte)'t' => True, (byte)'f' => False, (byte)'n' => NullWord, _ => null };
        _matched = 0;
        _number = Number.None;
        return Take(first);
    }

    /// <summary>Takes the next byte; false when it is no part of it.</summary>
    public bool Take(byte next)
    {
        if (_word is not null)
        {
            if (_matched == _word.Length || next != _word[_matched]) return false;
            _matched++;
            return true;
        }

        Number after = Step(_number, next);
        if (after == Number.None) return false;
        _number = after;
        return true;
    }

    private static Number Step(Number at, byte next) => (at, next) switch
    {
        (Number.None, (byte)'-') => Number.Minus,
        (Number.None or Number.Minus, (byte)'0') => Number.Zero,
        (Number.None or Number.Minus or Number.Whole, >= (byte)'0' and <= (byte)'9') => Number.Whole,
        (Number.Zero or Number.Whole, (byte)'.') => Number.Point,
        (Number.Point or Number.Fraction, >= (byte)'0' and <= (byte)'9') => Number.Fraction,
        (Number.Zero or Number.Whole or Number.Fraction, (byte)'e' or (byte)'E') => Number.E,
        (Number.E, (byte)'+' or (byte)'-') => Number.ESign,
        (Number.E or Number.ESign or Number.Exponent, >= (byte)'0' and <= (byte)'9') => Number.Exponent,
        _ => Number.None,
    };
}
