using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Api;

/// <summary><c>Darkroom</c>, what concerns every answer.</summary>
internal sealed class LinkOptions
{
    public const string Section = "Darkroom";

    /// <summary>
    /// Where callers reach Darkroom, in front of every link in answers: an absolute http or https URL, a path is kept. None by default: links
    /// then carry the host of the request. Needed behind a proxy, and for links in webhooks, which answer no request.
    /// </summary>
    public string? PublicUrl { get; set; }
}

internal sealed class LinkOptionsRules : IValidateOptions<LinkOptions>
{
    public ValidateOptionsResult Validate(string? name, LinkOptions options) =>
        string.IsNullOrEmpty(options.PublicUrl)
        || (Uri.TryCreate(options.PublicUrl, UriKind.Absolute, out var url)
            && url is { Scheme: "http" or "https", Host.Length: > 0, UserInfo: "", Query: "", Fragment: "" })
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"{LinkOptions.Section}:PublicUrl must be an absolute http or https URL without user, query or fragment, such as https://darkroom.example.com.");
}

/// <summary>Makes the links in answers absolute.</summary>
internal sealed class Links(IOptions<LinkOptions> options, IServer server)
{
    readonly string? publicUrl = options.Value.PublicUrl is { Length: > 0 } url ? url.TrimEnd('/') : null;

    /// <summary>For what answers no request: by <c>PublicUrl</c>, else by the first address this process listens on.</summary>
    public string Absolute(string path) =>
        (publicUrl ?? server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()?.TrimEnd('/') ?? "http://localhost") + path;

    /// <param name="path">From the root, with its leading slash.</param>
    public string Absolute(string path, HttpRequest request) => (publicUrl ?? $"{request.Scheme}://{request.Host}{request.PathBase}") + path;
}
