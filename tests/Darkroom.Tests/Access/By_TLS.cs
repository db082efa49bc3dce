using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Darkroom.Tests.Api;
using Darkroom.Worker.Api;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Darkroom.Tests.Access;

public sealed class By_TLS : IDisposable
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("darkroom-tls-");

    [Fact]
    public async Task A_certificate_in_the_configuration_is_served_and_browsers_are_kept_to_it()
    {
        var (certificate, key, thumbprint) = Make("darkroom.example.com");
        await using var host = await ApiHost.StartAsync(
            ("Kestrel:Endpoints:Https:Url", "https://127.0.0.1:0"),
            ("Kestrel:Certificates:Default:Path", certificate), ("Kestrel:Certificates:Default:KeyPath", key));
        string? served = null;
        using var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                TargetHost = "darkroom.example.com",
                RemoteCertificateValidationCallback = (_, presented, _, _) => (served = presented!.GetCertHashString()) == thumbprint,
            },
        })
        { BaseAddress = host.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/jobs") { Headers = { Host = "darkroom.example.com" } };
        request.Headers.Authorization = new("Bearer", ApiHost.AdminKey);

        using var answer = await client.SendAsync(request, Cancel);

        Assert.True(answer.IsSuccessStatusCode);
        Assert.Equal((Uri.UriSchemeHttps, thumbprint), (host.Address.Scheme, served));
        Assert.Equal("max-age=2592000", Assert.Single(answer.Headers.GetValues("Strict-Transport-Security")));
    }

    [Fact]
    public void A_certificate_that_cannot_be_used_is_named_by_its_setting()
    {
        var (certificate, key, _) = Make("one.example.com");
        var (_, another, _) = Make("two.example.com");
        var nonsense = Path.Combine(folder.FullName, "nonsense.pfx");
        File.WriteAllText(nonsense, "nonsense");

        Assert.Empty(Mistakes(("Kestrel:Certificates:Default:Path", certificate), ("Kestrel:Certificates:Default:KeyPath", key)));
        Assert.Contains("Kestrel:Certificates:Default must name a certificate", Only(("Kestrel:Certificates:Default:Password", "x")));
        Assert.Contains("Kestrel:Endpoints:A:Certificate names the file /nowhere.pem", Only(("Kestrel:Endpoints:A:Certificate:Path", "/nowhere.pem")));
        Assert.Contains("Kestrel:Endpoints:A:Sni:*.example.com:Certificate cannot be read", Only(("Kestrel:Endpoints:A:Sni:*.example.com:Certificate:Path", nonsense)));
        Assert.Contains("cannot be read", Only(("Kestrel:Certificates:Default:Path", certificate), ("Kestrel:Certificates:Default:KeyPath", another)));
        var said = Only(("Kestrel:Certificates:Default:Path", nonsense), ("Kestrel:Certificates:Default:Password", "a-secret-word"));
        Assert.DoesNotContain("a-secret-word", said, StringComparison.Ordinal);

        static string Only(params (string, string)[] settings) => Assert.Single(Mistakes(settings));

        static List<string> Mistakes(params (string Key, string Value)[] settings) => [.. Certificates.Mistakes(
            new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value))).Build())];
    }

    [Fact]
    public void Every_mistake_is_named_with_what_would_be_right()
    {
        var options = new HttpOptions
        {
            TrustedProxies = ["10.0.0.1", "fd00::/8", "proxy.example.com", "10.0.0.0/99"],
            Hsts = TimeSpan.FromDays(731),
            MaxHeaderBytes = 100,
            HeaderTimeout = TimeSpan.Zero,
        };

        Assert.Equal(
            [
                "Darkroom:Http:TrustedProxies must be addresses or networks such as 10.0.0.5 or 10.0.0.0/8, not 'proxy.example.com'.",
                "Darkroom:Http:TrustedProxies must be addresses or networks such as 10.0.0.5 or 10.0.0.0/8, not '10.0.0.0/99'.",
                "Darkroom:Http:Hsts must be 0 to 730 days, not 731.00:00:00.",
                "Darkroom:Http:MaxHeaderBytes must be 4096 to 1048576, not 100.",
                "Darkroom:Http:HeaderTimeout must be 1 second to 10 minutes, not 00:00:00.",
            ],
            new HttpOptionsRules(new ConfigurationBuilder().Build()).Validate(null, options).Failures);
        Assert.True(new HttpOptionsRules(new ConfigurationBuilder().Build()).Validate(null, new()).Succeeded);
    }

    (string Certificate, string Key, string Thumbprint) Make(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var (pem, pemKey) = (Path.Combine(folder.FullName, $"{name}.pem"), Path.Combine(folder.FullName, $"{name}.key"));
        File.WriteAllText(pem, certificate.ExportCertificatePem());
        File.WriteAllText(pemKey, key.ExportPkcs8PrivateKeyPem());
        return (pem, pemKey, certificate.Thumbprint);
    }

    public void Dispose() => folder.Delete(recursive: true);
}
