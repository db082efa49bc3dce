using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Darkroom.Worker.Decoding;

internal enum RootField
{
    Unknown,
    Data,
    Created,
    OutputFormat,
    Quality,
    Size,
    Usage,
    Error,
}

/// <summary>The root's fields beside <c>data</c>, kept as the JSON text they came in. Of two of one name the first counts.</summary>
internal sealed class KeptFields(int maxBytes)
{
    private const int MaxTextBytes = 128;

    private readonly byte[]?[] _kept = new byte[]?[(int)RootField.Error + 1];
    private readonly ArrayBufferWriter<byte> _value = new(256);
    private int _seen;
    private RootField _field;
    private bool _tooLong;

    /// <summary>Which field a name begins: <see cref="RootField.Unknown"/> too when it has been there before.</summary>
    public RootField Begin(ReadOnlySpan<byte> name)
    {
        RootField field = FieldOf(name);
        if ((_seen & (1 << (int)field)) != 0) field = RootField.Unknown;
        _seen |= 1 << (int)field;
        _field = field == RootField.Data ? RootField.Unknown : field;
        _value.ResetWrittenCount();
        _tooLong = false;
        return field;
    }

    /// <summary>Takes the body's own bytes after the name, up to the value's last.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_field == RootField.Unknown || _tooLong) return;
        if (_value.WrittenCount == 0) bytes = bytes.TrimStart(": \t\r\n"u8);
        _tooLong = _value.WrittenCount + bytes.Length > maxBytes;
        if (!_tooLong) _value.Write(bytes);
    }

    public void End()
    {
        if (_field != RootField.Unknown && !_tooLong) _kept[(int)_field] = _value.WrittenSpan.ToArray();
        _field = RootField.Unknown;
    }

    /// <summary>The JSON text as sent; null when there was none, or a <c>null</c>.</summary>
    public string? Json(RootField field) =>
        _kept[(int)field] is { } json && !json.AsSpan().SequenceEqual("null"u8) ? Encoding.UTF8.GetString(json) : null;

    public long? Integer(RootField field)
    {
        using JsonDocument? value = Parse(field);
        return value?.RootElement is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out long integer) ? integer : null;
    }

    public string? Text(RootField field)
    {
        using JsonDocument? value = Parse(field);
        if (value?.RootElement is not { ValueKind: JsonValueKind.String } text) return null;
        try
        {
            string read = text.GetString()!;
            return Encoding.UTF8.GetByteCount(read) > MaxTextBytes || read.Any(char.IsControl) ? null : read;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: legal JSON, but no text.
            return null;
        }
    }

    private JsonDocument? Parse(RootField field) => _kept[(int)field] is { } json ? JsonDocument.Parse(json) : null;

    private static RootField FieldOf(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("data"u8) ? RootField.Data
        : name.SequenceEqual("created"u8) ? RootField.Created
        : name.SequenceEqual("output_format"u8) ? RootField.OutputFormat
        : name.SequenceEqual("quality"u8) ? RootField.Quality
        : name.SequenceEqual("size"u8) ? RootField.Size
        : name.SequenceEqual("usage"u8) ? RootField.Usage
        : name.SequenceEqual("error"u8) ? RootField.Error
        : RootField.Unknown;
}
