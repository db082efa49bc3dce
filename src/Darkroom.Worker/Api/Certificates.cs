using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Darkroom.Worker.Api;

/// <summary>
/// Judges Kestrel's certificates before Kestrel does: its own exceptions name no setting, and come after the database has been migrated.
/// </summary>
internal static class Certificates
{
    const string Kestrel = "Kestrel", Default = Kestrel + ":Certificates:Default";

    /// <summary>Every certificate in the configuration that cannot be used.</summary>
    public static IEnumerable<string> Mistakes(IConfiguration configuration)
    {
        foreach (var certificate in Sections(configuration.GetSection(Kestrel)).Where(IsCertificate))
        {
            if (Objection(certificate) is { } objection)
                yield return $"{certificate.Path} {objection}";
        }
    }

    static string? Objection(IConfigurationSection certificate)
    {
        if (certificate["Path"] is not { Length: > 0 } path)
            return certificate["Subject"] is { Length: > 0 } ? null : "must name a certificate by Path.";
        var files = new[] { path, certificate["KeyPath"] }.OfType<string>().Where(f => f.Length > 0);
        // Relative to the settings' folder, as Kestrel has it.
        if (files.Select(f => Path.Combine(AppContext.BaseDirectory, f)).FirstOrDefault(f => !File.Exists(f)) is { } missing)
            return $"names the file {missing}, which is not there or may not be read.";
        try
        {
            using var loaded = Load(certificate, path);
            return loaded.HasPrivateKey ? null : "has no private key: set KeyPath too.";
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            return $"cannot be read: {e.Message}";
        }
    }

    static X509Certificate2 Load(IConfigurationSection certificate, string path)
    {
        path = Path.Combine(AppContext.BaseDirectory, path);
        var (key, password) = (certificate["KeyPath"], certificate["Password"]);
        if (string.IsNullOrEmpty(key))
            return X509CertificateLoader.LoadPkcs12FromFile(path, password);
        key = Path.Combine(AppContext.BaseDirectory, key);
        return string.IsNullOrEmpty(password)
            ? X509Certificate2.CreateFromPemFile(path, key)
            : X509Certificate2.CreateFromEncryptedPemFile(path, password, key);
    }

    static bool IsCertificate(IConfigurationSection section) =>
        section.Path.Equals(Default, StringComparison.OrdinalIgnoreCase) || section.Key.Equals("Certificate", StringComparison.OrdinalIgnoreCase);

    static IEnumerable<IConfigurationSection> Sections(IConfigurationSection section) =>
        section.GetChildren().SelectMany(child => Sections(child).Prepend(child));
}
