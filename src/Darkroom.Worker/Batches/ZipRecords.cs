using System.Buffers.Binary;
using System.Text;

namespace Darkroom.Worker.Batches;

/// <summary>One file in an archive, as it is known before a byte of it is read.</summary>
/// <param name="Name">UTF-8 on the wire; at most 65,535 bytes.</param>
internal sealed record ZipEntry(string Name, long Length, uint Crc32)
{
    public int NameBytes => Encoding.UTF8.GetByteCount(Name);
}

/// <summary>
/// The records of a ZIP archive (APPNOTE 6.3.10) whose files are stored and not deflated: every length is known from the names and lengths of
/// its files. ZIP64 where an offset or a number needs it, and only there: older programs read all others.
/// </summary>
internal static class ZipRecords
{
    const int LocalHeader = 30, CentralHeader = 46, Zip64Offset = 12, End = 22, Zip64End = 56 + 20;
    const ushort Plain = 20, Zip64 = 45, Utf8Names = 1 << 11;

    /// <summary>Deterministic: the same archive has the same bytes on every node and every day.</summary>
    const ushort Midnight = 0, FirstOf1980 = (1 << 5) | 1;

    public static int LocalLength(ZipEntry entry) => LocalHeader + entry.NameBytes;

    public static int CentralLength(ZipEntry entry, long offset) => CentralHeader + entry.NameBytes + (NeedsZip64(offset) ? Zip64Offset : 0);

    public static int EndLength(long entries, long centralOffset, long centralLength) =>
        (NeedsZip64(entries, centralOffset, centralLength) ? Zip64End : 0) + End;

    public static byte[] Local(ZipEntry entry)
    {
        var record = new Record(LocalLength(entry));
        record.Int(0x04034b50);
        Common(ref record, entry, Plain);
        record.Short(0);
        record.Text(entry.Name);
        return record.Bytes;
    }

    /// <param name="offset">Of its local record.</param>
    public static byte[] Central(ZipEntry entry, long offset)
    {
        var large = NeedsZip64(offset);
        var record = new Record(CentralLength(entry, offset));
        record.Int(0x02014b50);
        record.Short(Zip64);
        Common(ref record, entry, large ? Zip64 : Plain);
        record.Short((ushort)(large ? Zip64Offset : 0));
        record.Short(0); // Comment.
        record.Short(0); // Disk.
        record.Short(0);
        record.Int(0);
        record.Int(large ? uint.MaxValue : (uint)offset);
        record.Text(entry.Name);
        if (large)
        {
            record.Short(1);
            record.Short(8);
            record.Long(offset);
        }
        return record.Bytes;
    }

    public static byte[] EndOf(long entries, long centralOffset, long centralLength)
    {
        var large = NeedsZip64(entries, centralOffset, centralLength);
        var record = new Record(EndLength(entries, centralOffset, centralLength));
        if (large)
        {
            record.Int(0x06064b50);
            record.Long(44);
            record.Short(Zip64);
            record.Short(Zip64);
            record.Int(0);
            record.Int(0);
            record.Long(entries);
            record.Long(entries);
            record.Long(centralLength);
            record.Long(centralOffset);
            record.Int(0x07064b50);
            record.Int(0);
            record.Long(centralOffset + centralLength);
            record.Int(1);
        }
        record.Int(0x06054b50);
        record.Int(0);
        record.Short(large ? ushort.MaxValue : (ushort)entries);
        record.Short(large ? ushort.MaxValue : (ushort)entries);
        record.Int(large ? uint.MaxValue : (uint)centralLength);
        record.Int(large ? uint.MaxValue : (uint)centralOffset);
        record.Short(0);
        return record.Bytes;
    }

    /// <summary>What local and central records have in common, from the version needed to the length of the name.</summary>
    static void Common(ref Record record, ZipEntry entry, ushort version)
    {
        record.Short(version);
        record.Short(Utf8Names);
        record.Short(0); // Stored.
        record.Short(Midnight);
        record.Short(FirstOf1980);
        record.Int(entry.Crc32);
        record.Int((uint)entry.Length);
        record.Int((uint)entry.Length);
        record.Short((ushort)entry.NameBytes);
    }

    static bool NeedsZip64(long offset) => offset >= uint.MaxValue;

    static bool NeedsZip64(long entries, long centralOffset, long centralLength) =>
        entries >= ushort.MaxValue || NeedsZip64(centralOffset) || NeedsZip64(centralLength);

    struct Record(int length)
    {
        int at;

        public byte[] Bytes { get; } = new byte[length];

        public void Short(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Next(2), value);

        public void Int(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Next(4), value);

        public void Long(long value) => BinaryPrimitives.WriteInt64LittleEndian(Next(8), value);

        public void Text(string value) => Encoding.UTF8.GetBytes(value, Next(Encoding.UTF8.GetByteCount(value)));

        Span<byte> Next(int count)
        {
            at += count;
            return Bytes.AsSpan(at - count, count);
        }
    }
}
