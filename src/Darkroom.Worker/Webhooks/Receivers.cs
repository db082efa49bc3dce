using System.Net;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Webhooks;

/// <summary>Who may receive. A URL is judged when it is named, and the address behind it each time a connection is made.</summary>
internal sealed class Receivers(IOptions<WebhookOptions> options)
{
    public const int LongestUrl = 2048;

    readonly IPNetwork[] allowed = Array.ConvertAll(options.Value.AllowedNetworks, network => IPNetwork.Parse(network));

    /// <summary>Why this URL may not be told, as the end of a sentence that begins with the field's name; null where it may.</summary>
    public string? Refuse(string url)
    {
        if (url.Length > LongestUrl)
            return $"must have at most {LongestUrl} characters, not {url.Length}";
        if (url.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))
            // Uri reads more spellings than a person means, such as https:\\host; SQL and the log take the text as it stands.
            || !(url.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || url.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            || !Uri.TryCreate(url, UriKind.Absolute, out var uri)
            || uri.Host.Length == 0)
            return "must be an absolute http or https URL";
        if (uri.UserInfo.Length > 0)
            return "must not carry credentials: deliveries are signed instead";
        if (uri.Scheme == Uri.UriSchemeHttp && !options.Value.AllowHttp)
            return "must be an https URL (Darkroom:Webhooks:AllowHttp allows http)";
        return IsPrivate(uri) ? "must not point into a private network (Darkroom:Webhooks:AllowedNetworks allows some)" : null;
    }

    /// <summary>What the URL itself says; a name that leads to a private address is found out when it is connected to.</summary>
    bool IsPrivate(Uri url) =>
        IPAddress.TryParse(url.IdnHost, out var address) ? !Allows(address)
        : url.IdnHost is "localhost" || url.IdnHost.EndsWith(".localhost", StringComparison.Ordinal) ? !Allows(IPAddress.Loopback)
        : false;

    /// <summary>Scheme, host and port, for people who read logs and traces: a path may be a secret.</summary>
    public static string Origin(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) ? uri.GetLeftPart(UriPartial.Authority) : url;

    public bool Allows(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return PublicAddress.Is(address) || Array.Exists(allowed, network => network.Contains(address));
    }
}
