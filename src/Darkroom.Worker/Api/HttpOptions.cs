using System.Net;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Api;

/// <summary>How requests reach us; <c>Darkroom:Http</c>. Addresses and certificates are Kestrel's own settings.</summary>
internal sealed class HttpOptions
{
    public const string Section = "Darkroom:Http";

    /// <summary>
    /// Addresses or networks (CIDR) of the proxies in front, whose <c>X-Forwarded-For</c>, <c>-Proto</c> and <c>-Host</c> are believed.
    /// Default none: from anybody else they are ignored, since whoever calls could write them.
    /// </summary>
    public string[] TrustedProxies { get; set; } = [];

    /// <summary>
    /// How long browsers insist on TLS after a visit by TLS, or to an https <c>PublicUrl</c>. Default 30 days, to 2 years; 0 turns it off.
    /// Never told for localhost.
    /// </summary>
    public TimeSpan Hsts { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Bytes of all headers of one request. Default 32768, 4096 to 1 MiB.</summary>
    public int MaxHeaderBytes { get; set; } = 32_768;

    /// <summary>Until a request's headers must have come. Default 30 seconds, 1 second to 10 minutes.</summary>
    public TimeSpan HeaderTimeout { get; set; } = TimeSpan.FromSeconds(30);

    public IEnumerable<IPNetwork> TrustedNetworks() => TrustedProxies.Select(proxy => Network(proxy) ?? throw new FormatException(proxy));

    /// <summary>A single address is the network of itself alone.</summary>
    public static IPNetwork? Network(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : null;
}

internal sealed class HttpOptionsRules(IConfiguration configuration) : IValidateOptions<HttpOptions>
{
    public ValidateOptionsResult Validate(string? name, HttpOptions options)
    {
        var mistakes = new List<string>();
        void Require(bool holds, string key, string rule, object value)
        {
            if (!holds)
                mistakes.Add($"{HttpOptions.Section}:{key} must be {rule}, not {value}.");
        }

        foreach (var proxy in options.TrustedProxies)
        {
            Require(
                HttpOptions.Network(proxy) is not null, nameof(options.TrustedProxies), "addresses or networks such as 10.0.0.5 or 10.0.0.0/8",
                $"'{proxy}'");
        }
        Require(options.Hsts >= TimeSpan.Zero && options.Hsts <= TimeSpan.FromDays(730), nameof(options.Hsts), "0 to 730 days", options.Hsts);
        Require(options.MaxHeaderBytes is >= 4096 and <= 1 << 20, nameof(options.MaxHeaderBytes), "4096 to 1048576", options.MaxHeaderBytes);
        Require(options.HeaderTimeout >= TimeSpan.FromSeconds(1) && options.HeaderTimeout <= TimeSpan.FromMinutes(10),
            nameof(options.HeaderTimeout), "1 second to 10 minutes", options.HeaderTimeout);
        mistakes.AddRange(Certificates.Mistakes(configuration));
        return mistakes.Count > 0 ? ValidateOptionsResult.Fail(mistakes) : ValidateOptionsResult.Success;
    }
}
