using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Net.Http.Headers;

namespace Darkroom.Worker.Storage;

/// <summary>The part of a file that a request asks for (RFC 9110, 14). A length of 0: nothing it asks for exists.</summary>
internal readonly record struct ByteRange(long Offset, long Length, bool Partial)
{
    /// <summary>Several ranges, other units and a part of another version are answered with the whole, as the RFC allows.</summary>
    /// <param name="length">Of the whole file.</param>
    public static ByteRange Of(HttpRequest request, EntityTagHeaderValue tag, long length)
    {
        var whole = new ByteRange(0, length, Partial: false);
        var headers = request.GetTypedHeaders();
        if (headers.Range is not { Ranges.Count: 1 } asked || asked.Unit != "bytes" || IsForAnother(headers, request, tag))
            return whole;
        var range = asked.Ranges.Single();
        var from = range.From ?? Math.Max(0, length - range.To!.Value);
        var to = Math.Min(range.From is null ? length - 1 : range.To ?? length - 1, length - 1);
        return new(from, Math.Max(0, to - from + 1), Partial: true);
    }

    static bool IsForAnother(RequestHeaders headers, HttpRequest request, EntityTagHeaderValue tag) =>
        request.Headers.ContainsKey(HeaderNames.IfRange) && headers.IfRange?.EntityTag?.Compare(tag, useStrongComparison: true) is not true;
}
