using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;

namespace Darkroom.Worker.Decoding;

/// <summary>
/// Base64 fed in pieces cut anywhere. As <c>Convert.FromBase64String</c> it is blind to white space (a picture that is paid for
/// is not lost to line breaks) and to the bits that padding leaves over, but wants the padding.
/// </summary>
internal struct Base64Text
{
    private static readonly SearchValues<byte> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8);

    private uint _quantum;
    private int _held;
    private int _padding;

    /// <summary>Whether the text may end here.</summary>
    public readonly bool IsWhole => _held == 0;

    /// <summary>
    /// Decodes as much of <paramref name="text"/> as <paramref name="output"/>, of 3 bytes or more, has room for, and moves it
    /// past that. False at a character that may not stand there.
    /// </summary>
    public bool Decode(ref ReadOnlySpan<byte> text, Span<byte> output, out int written)
    {
        written = 0;
        while (!text.IsEmpty && output.Length - written >= 3)
        {
            int run = _held == 0 && _padding == 0 ? WholeQuanta(text, output.Length - written) : 0;
            if (run > 0)
            {
                Base64.DecodeFromUtf8(text[..run], output[written..], out _, out int bytes, isFinalBlock: false);
                written += bytes;
                text = text[run..];
                continue;
            }

            if (!Take(text[0])) return false;
            text = text[1..];
            if (_held == 4) written += DecodeHeld(output[written..]);
        }

        return true;
    }

    private static int WholeQuanta(ReadOnlySpan<byte> text, int room)
    {
        int run = text.IndexOfAnyExcept(Alphabet);
        return Math.Min(run < 0 ? text.Length : run, room / 3 * 4) & ~3;
    }

    /// <summary>The characters around cuts, escapes, white space and the end: one by one, into a quantum of four.</summary>
    private bool Take(byte next)
    {
        if (next is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n') return true;
        bool isPadding = next == '=';
        bool mayStand = isPadding ? _held >= 2 : _padding == 0 && Alphabet.Contains(next);
        if (!mayStand) return false;
        if (isPadding) _padding++;
        // Padding is decoded as zero bits, whose bytes are then left out.
        _quantum |= (uint)(isPadding ? 'A' : next) << (8 * _held++);
        return true;
    }

    private int DecodeHeld(Span<byte> output)
    {
        Span<byte> quantum = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(quantum, _quantum);
        (_quantum, _held) = (0, 0);
        Base64.DecodeFromUtf8(quantum, output, out _, out int bytes);
        return bytes - _padding;
    }
}
