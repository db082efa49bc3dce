namespace Darkroom.Worker.Decoding;

/// <summary>What a body held. Everything read before a fault is here: a picture or usage that arrived is never lost to what followed.</summary>
/// <param name="Fault">Null when the body was one legal JSON object and nothing of ours failed.</param>
/// <param name="BodyBytes">Bytes read, after decompression.</param>
/// <param name="Created">Unix seconds; null unless an integer.</param>
/// <param name="OutputFormat">As sent; not to be trusted, see <see cref="DecodedPicture.Format"/>. Null unless a string of at most 128 bytes without control characters, like the next two.</param>
/// <param name="UsageJson">The text of <c>usage</c> exactly as sent; null when absent, <c>null</c>, cut off, or over <see cref="DecodingOptions.MaxFieldBytes"/>.</param>
/// <param name="ErrorJson">The text of <c>error</c>, by the same rules.</param>
/// <param name="Pictures">One for each element of <c>data</c>, in its order, up to <see cref="DecodingOptions.MaxPictures"/>.</param>
internal sealed record Decoded(
    DecodeFault? Fault,
    long BodyBytes,
    long? Created,
    string? OutputFormat,
    string? Quality,
    string? Size,
    string? UsageJson,
    string? ErrorJson,
    IReadOnlyList<DecodedPicture> Pictures);

/// <summary>Why a body did not end well. <paramref name="Detail"/> is for people and holds nothing of the body itself.</summary>
internal sealed record DecodeFault(DecodeFaultKind Kind, string Detail, Exception? Exception = null);

internal enum DecodeFaultKind
{
    /// <summary>The endpoint's: the body ended, or its connection closed, before its JSON did. An empty body too.</summary>
    Truncated,

    /// <summary>The endpoint's: not one JSON object in UTF-8 (an HTML page, say), or something after it.</summary>
    NotJson,

    /// <summary>The endpoint's: JSON nested more than <see cref="JsonScanner.MaxDepth"/> levels deep.</summary>
    TooDeep,

    /// <summary>The endpoint's: more than <see cref="DecodingOptions.MaxBodyBytes"/>.</summary>
    TooLarge,

    /// <summary>The network's, or the compression's: the body stream threw.</summary>
    ReadFailed,

    /// <summary>The caller's: its token was cancelled, by a time-out or a person.</summary>
    Canceled,

    /// <summary>Ours: a picture could not be written. The rest of the body was still read, for its usage.</summary>
    SinkFailed,
}

/// <summary>One element of <c>data</c>.</summary>
/// <param name="Index">Its place in <c>data</c>, from 0.</param>
/// <param name="Fault">Null when the picture is good and whole in its sink; else what its sink holds, if anything, is of no use.</param>
/// <param name="Format">By its first bytes; null when they were not seen or are of no known format.</param>
/// <param name="Bytes">Written to the sink.</param>
/// <param name="Sha256">32 bytes; empty unless the picture is good.</param>
/// <param name="Crc32">As in zip archives; 0 unless the picture is good.</param>
/// <param name="Width">Pixels, by the picture's header; 0 unless the picture is good. So with the height.</param>
internal sealed record DecodedPicture(
    int Index, PictureFault? Fault, PictureFormat? Format, long Bytes, byte[] Sha256, uint Crc32, int Width, int Height);

internal enum PictureFault
{
    /// <summary>No <c>b64_json</c>, or it was <c>null</c>.</summary>
    Missing,

    /// <summary>A <c>url</c> instead of <c>b64_json</c>: the endpoint is set up for links, which we do not follow.</summary>
    UrlOnly,

    /// <summary>A <c>b64_json</c> that is no string.</summary>
    NotText,

    /// <summary>An empty <c>b64_json</c>.</summary>
    Empty,

    /// <summary>A character or a padding that base64 does not allow.</summary>
    BadBase64,

    /// <summary>More than <see cref="DecodingOptions.MaxPictureBytes"/>.</summary>
    TooLarge,

    /// <summary>The first bytes are of no format we know.</summary>
    UnknownFormat,

    /// <summary>The header gives no size in pixels.</summary>
    BadDimensions,

    /// <summary>The end marker, or the length in the header, says that bytes are missing or too many.</summary>
    BadEnd,

    /// <summary>The body ended within it.</summary>
    Cut,

    /// <summary>Ours: see <see cref="DecodeFaultKind.SinkFailed"/>.</summary>
    NotWritten,
}

/// <summary>A format, by the endpoint's name for it.</summary>
internal sealed record PictureFormat(string Name, string Extension, string ContentType)
{
    public static readonly PictureFormat Png = new("png", "png", "image/png");
    public static readonly PictureFormat WebP = new("webp", "webp", "image/webp");
    public static readonly PictureFormat Jpeg = new("jpeg", "jpg", "image/jpeg");
}
