using System.ComponentModel.DataAnnotations;

namespace Darkroom.Worker.Decoding;

/// <summary>Bounds on what one answer of an endpoint may hold. They guard disk and patience, not memory: that is bounded by design.</summary>
internal sealed class DecodingOptions
{
    /// <summary>
    /// Longest body, in bytes after decompression; default 256 MiB, 1 KiB to 16 GiB. Ten high-quality pictures are 25 to 45 MB,
    /// so the default leaves room for models with larger pictures and still ends an endless or maliciously compressed body.
    /// </summary>
    [Range(1024, 16L << 30)]
    public long MaxBodyBytes { get; set; } = 256L << 20;

    /// <summary>
    /// Largest picture, in decoded bytes; default 64 MiB, 1 KiB to 16 GiB. A 1024x1024 PNG is 0.8 to 3.3 MB; the default is
    /// 4096x4096 in four uncompressed channels.
    /// </summary>
    [Range(1024, 16L << 30)]
    public long MaxPictureBytes { get; set; } = 64L << 20;

    /// <summary>Most pictures kept of one answer; default 10, the endpoint's highest <c>n</c>; 1 to 100. Those beyond it are read over.</summary>
    [Range(1, 100)]
    public int MaxPictures { get; set; } = 10;

    /// <summary>
    /// Longest <c>usage</c> or <c>error</c> kept, in bytes of JSON; default 16 KiB, 256 bytes to 1 MiB. The documented usage is
    /// under 200 bytes. A longer one is read over: cut in two it would be no JSON.
    /// </summary>
    [Range(256, 1 << 20)]
    public int MaxFieldBytes { get; set; } = 16 << 10;
}
