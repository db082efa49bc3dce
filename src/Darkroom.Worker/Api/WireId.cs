using System.Diagnostics.CodeAnalysis;

namespace Darkroom.Worker.Api;

/// <summary>
/// Ids on the wire: a prefix that names the kind, then the UUID's 32 lowercase hexadecimal digits, which sort by time. There is one
/// spelling of an id, so that an id is also a cache key and a path segment.
/// </summary>
internal readonly record struct WireId(string Prefix)
{
    public static readonly WireId Job = new("job_");
    public static readonly WireId Attempt = new("att_");
    public static readonly WireId Batch = new("batch_");
    public static readonly WireId File = new("file-");
    public static readonly WireId Project = new("proj_");
    public static readonly WireId Key = new("key_");
    public static readonly WireId Audit = new("aud_");
    public static readonly WireId WebhookEndpoint = new("whe_");
    public static readonly WireId Delivery = new("msg_");

    public string Format(Guid id) => Prefix + id.ToString("n");

    public bool TryParse([NotNullWhen(true)] string? text, out Guid id)
    {
        id = Guid.Empty;
        return text is not null
            && text.StartsWith(Prefix, StringComparison.Ordinal)
            && !text.AsSpan(Prefix.Length).ContainsAnyInRange('A', 'F')
            && Guid.TryParseExact(text.AsSpan(Prefix.Length), "n", out id);
    }
}
