namespace Darkroom.Worker.Decoding;

/// <summary>Finds the frame header (SOFn) of a JPEG as its bytes pass: it follows segments (EXIF, colour profiles) of any length.</summary>
internal sealed class JpegFrame
{
    private readonly byte[] _segment = new byte[9];
    private int _held;
    private int _skip = 2;
    private bool _done;

    /// <summary>Pixels; 0 until the frame header was seen.</summary>
    public int Width { get; private set; }

    public int Height { get; private set; }

    public void See(ReadOnlySpan<byte> bytes)
    {
        while (!_done && !bytes.IsEmpty)
        {
            int skipped = Math.Min(_skip, bytes.Length);
            _skip -= skipped;
            bytes = bytes[skipped..];
            if (bytes.IsEmpty) return;
            Take(bytes[0]);
            bytes = bytes[1..];
        }
    }

    private void Take(byte next)
    {
        // FF may be repeated before a marker's second byte.
        if (_held == 2 && _segment[1] == 0xFF) _held = 1;
        _segment[_held++] = next;
        switch (_held)
        {
            case 1:
                _done = next != 0xFF;
                break;
            case 2:
                // TEM and RSTn stand alone; after a start of scan or the end of the image no frame header can follow.
                if (next is 0x01 or >= 0xD0 and <= 0xD7) _held = 0;
                _done = next is 0x00 or 0xD8 or 0xD9 or 0xDA;
                break;
            case 4 when !IsFrame(_segment[1]):
                _skip = ((_segment[2] << 8) | _segment[3]) - 2;
                _done = _skip < 0;
                _held = 0;
                break;
            case 9:
                Height = (_segment[5] << 8) | _segment[6];
                Width = (_segment[7] << 8) | _segment[8];
                _done = true;
                break;
        }
    }

    /// <summary>C0 to CF but for Huffman tables (C4), JPG (C8) and arithmetic conditioning (CC).</summary>
    private static bool IsFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);
}
