using System.Net;
using Darkroom.Worker.Webhooks;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Webhooks;

public sealed class Public_addresses
{
    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("1.1.1.1")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("2a00:1450:4001:82b::200e")]
    [InlineData("::ffff:8.8.8.8")]
    public void Are_received_at(string address) => Assert.True(PublicAddress.Is(IPAddress.Parse(address)));

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("100.64.0.1")]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.0.0.192")]
    [InlineData("192.168.1.1")]
    [InlineData("198.18.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::127.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b:1::a00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2001::1")]
    [InlineData("2001:db8::1")]
    [InlineData("fc00::1")]
    [InlineData("fd12:3456::1")]
    [InlineData("fe80::1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    [InlineData("fd00:ec2::254")]
    public void Are_not_these(string address) => Assert.False(PublicAddress.Is(IPAddress.Parse(address)));

    [Theory]
    [InlineData("http://example.com/hook", "https")]
    [InlineData("https://127.0.0.1/hook", "private network")]
    [InlineData("https://2130706433/hook", "private network")]
    [InlineData("https://0x7f.1/hook", "private network")]
    [InlineData("https://[::1]/hook", "private network")]
    [InlineData("https://[::ffff:10.0.0.1]/hook", "private network")]
    [InlineData("https://localhost/hook", "private network")]
    [InlineData("https://hooks.localhost/hook", "private network")]
    [InlineData("https://169.254.169.254/latest/meta-data", "private network")]
    [InlineData("https://user:secret@example.com/hook", "credentials")]
    [InlineData("ftp://example.com", "absolute http or https")]
    [InlineData(@"https:\\example.com", "absolute http or https")]
    [InlineData(@"https:/\example.com/hook", "absolute http or https")]
    [InlineData("https:example.com", "absolute http or https")]
    [InlineData("/hook", "absolute http or https")]
    public void A_URL_that_leads_nowhere_public_is_refused_in_words(string url, string reason) =>
        Assert.Contains(reason, Of(new WebhookOptions()).Refuse(url), StringComparison.Ordinal);

    [Fact]
    public void A_URL_of_5_KB_is_refused() =>
        Assert.Contains("2048", Of(new WebhookOptions()).Refuse("https://example.com/" + new string('p', 5000)), StringComparison.Ordinal);

    [Fact]
    public void Allowed_networks_are_received_at_in_every_spelling_and_others_are_not()
    {
        var receivers = Of(new WebhookOptions { AllowedNetworks = ["10.0.0.0/8"], AllowHttp = true });

        Assert.Null(receivers.Refuse("http://10.1.2.3/hook"));
        Assert.Null(receivers.Refuse("http://[::ffff:10.1.2.3]/hook"));
        Assert.NotNull(receivers.Refuse("http://192.168.1.1/hook"));
        Assert.NotNull(receivers.Refuse("http://localhost/hook"));
    }

    static Receivers Of(WebhookOptions options) => new(Options.Create(options));
}
