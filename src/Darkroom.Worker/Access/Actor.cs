using System.Net;

namespace Darkroom.Worker.Access;

/// <summary>Who administers, as the audit log names them.</summary>
/// <param name="Name">Of the key, or of the person.</param>
/// <param name="KeyId">Null where no key acts.</param>
/// <param name="Address">Where the request came from: behind a configured proxy, what the proxy says.</param>
internal sealed record Actor(string Name, Guid? KeyId, Guid? ProjectId, string? Address)
{
    /// <summary>What the configuration makes happen at a start.</summary>
    public static readonly Actor Configuration = new("configuration", null, null, null);

    public static Actor Of(HttpContext http) =>
        new(http.User.Identity?.Name ?? "unknown", http.User.KeyId(), http.User.ProjectId(), Text(http.Connection.RemoteIpAddress));

    static string? Text(IPAddress? address) => (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString();
}
