using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Darkroom.Worker.Dashboard;

/// <summary>
/// Style, scripts and icon, as resources of the assembly: they are there however the worker is run, published or hosted. Their addresses
/// carry a hash of the content, so that a browser keeps them for good and takes the new ones after an update.
/// </summary>
internal static class PageFiles
{
    static readonly Dictionary<string, (string Path, string ContentType)> Known = new()
    {
        ["dashboard.css"] = ("/dashboard.css", "text/css; charset=utf-8"),
        ["dashboard.js"] = ("/dashboard.js", "text/javascript; charset=utf-8"),
        ["favicon.svg"] = ("/favicon.svg", "image/svg+xml"),
        // Blazor's own script expects to be loaded from here.
        ["blazor.web.js"] = ("/_framework/blazor.web.js", "text/javascript; charset=utf-8"),
    };

    static readonly Dictionary<string, (byte[] Bytes, string Hash)> Loaded = Known.Keys.ToDictionary(name => name, Load);

    /// <summary>Paths that need no session: the sign-in page uses them too.</summary>
    public static IEnumerable<string> Paths => Known.Values.Select(known => known.Path);

    public static string Url(string name) => $"{Known[name].Path}?v={Loaded[name].Hash}";

    public static void Map(RouteGroupBuilder pages)
    {
        foreach (var (name, (path, contentType)) in Known)
            pages.MapGet(path, (HttpContext http) =>
            {
                http.Response.Headers.CacheControl = http.Request.Query["v"] == Loaded[name].Hash ? "public, max-age=31536000, immutable" : "no-cache";
                return TypedResults.Bytes(Loaded[name].Bytes, contentType, entityTag: new EntityTagHeaderValue($"\"{Loaded[name].Hash}\""));
            }).AllowAnonymous();
    }

    static (byte[], string) Load(string name)
    {
        using var resource = typeof(PageFiles).Assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return (bytes, Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]);
    }
}
