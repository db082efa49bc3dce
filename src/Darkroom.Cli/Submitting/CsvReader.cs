using System.Buffers;
using System.Text;

namespace Darkroom.Cli.Submitting;

/// <summary>One field of a record, and where it begins. Lines and columns count from 1.</summary>
internal sealed record CsvField(string Text, int Line, int Column);

/// <summary>The file is no CSV from here on.</summary>
internal sealed class CsvException(int line, int column, string message) : Exception(message)
{
    public int Line => line;
    public int Column => column;
}

/// <summary>RFC 4180, read as a stream: fields in quotes hold delimiters, line breaks and doubled quotes. Lines end with CRLF or LF.</summary>
internal sealed class CsvReader(Stream stream, char delimiter)
{
    /// <summary>A quote that is never closed must not swallow the file into memory.</summary>
    const int LongestField = 1024 * 1024;

    const int End = -1;

    static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    readonly ArrayBufferWriter<byte> text = new();
    Queue<byte> unread = [];
    int ahead, line = 1, column;
    bool begun;

    /// <summary>Where the record that was read last begins.</summary>
    public int RecordLine { get; private set; }

    /// <returns>Null at the end of the file. An empty line is a record of one empty field.</returns>
    /// <exception cref="CsvException">What is there is no record.</exception>
    public List<CsvField>? ReadRecord()
    {
        Begin();
        if (ahead == End)
            return null;
        RecordLine = line;
        var record = new List<CsvField>();
        do
        {
            record.Add(ReadField());
        }
        while (Take(delimiter));
        if (ahead == '\r')
            Advance();
        if (ahead is not ('\n' or End))
            throw new CsvException(line, column, "a line break inside a field needs quotes around the field.");
        if (ahead == '\n')
            Advance();
        return record;
    }

    void Begin()
    {
        if (begun)
            return;
        begun = true;
        var head = new byte[ByteOrderMark.Length];
        var length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        if (!head.AsSpan(0, length).SequenceEqual(ByteOrderMark))
            unread = new(head.Take(length));
        Advance();
    }

    CsvField ReadField()
    {
        var (startLine, startColumn) = (line, column);
        text.ResetWrittenCount();
        if (Take('"'))
            ReadQuoted(startLine, startColumn);
        else
            while (ahead != delimiter && ahead is not ('\r' or '\n' or End))
            {
                if (ahead == '"')
                    throw new CsvException(line, column, "a quote inside a field: put quotes around the field and double this one.");
                Keep(startLine, startColumn);
            }
        try
        {
            return new(Strict.GetString(text.WrittenSpan), startLine, startColumn);
        }
        catch (DecoderFallbackException)
        {
            throw new CsvException(startLine, startColumn, "this field is not UTF-8; save the file as UTF-8.");
        }
    }

    void ReadQuoted(int startLine, int startColumn)
    {
        while (true)
        {
            if (ahead == End)
                throw new CsvException(startLine, startColumn, "the quote that opens here is never closed.");
            if (!Take('"') || ahead == '"')
                Keep(startLine, startColumn);
            else
                break;
        }
        if (ahead != delimiter && ahead is not ('\r' or '\n' or End))
            throw new CsvException(line, column, "text after a closing quote; a quote inside a quoted field is doubled.");
    }

    void Keep(int startLine, int startColumn)
    {
        if (text.WrittenCount == LongestField)
            throw new CsvException(startLine, startColumn, "this field is longer than 1 MB; is a quote not closed?");
        text.GetSpan(1)[0] = (byte)ahead;
        text.Advance(1);
        Advance();
    }

    bool Take(char expected)
    {
        if (ahead != expected)
            return false;
        Advance();
        return true;
    }

    void Advance()
    {
        if (ahead == '\n' && column > 0)
            (line, column) = (line + 1, 0);
        ahead = unread.TryDequeue(out var first) ? first : stream.ReadByte();
        if ((ahead & 0xC0) != 0x80)
            column++;
    }
}
