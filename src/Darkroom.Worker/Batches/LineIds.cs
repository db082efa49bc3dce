using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Darkroom.Worker.Batches;

/// <summary>
/// Ids of the lines of one file that ascend in its order, as the output is written. A UUIDv7 whose 12 bits after the millisecond count
/// (RFC 9562, 6.2, method 1): 4096 lines share a millisecond.
/// </summary>
internal sealed class LineIds(DateTimeOffset from)
{
    long next = from.ToUnixTimeMilliseconds() << 12;

    public Guid Next()
    {
        Span<byte> id = stackalloc byte[16];
        RandomNumberGenerator.Fill(id[8..]);
        BinaryPrimitives.WriteInt64BigEndian(id, ((next >> 12) << 16) | 0x7000 | (next & 0xFFF));
        id[8] = (byte)(0x80 | (id[8] & 0x3F));
        next++;
        return new Guid(id, bigEndian: true);
    }
}
