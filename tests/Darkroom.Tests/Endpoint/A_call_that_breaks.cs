using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Endpoint;
using Xunit;

namespace Darkroom.Tests.Endpoint;

/// <summary>Where it matters whether anything was sent, and that nothing is sent twice.</summary>
public sealed class A_call_that_breaks
{
    static int UnusedPort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    [Fact]
    public async Task By_a_refused_connection_was_never_sent()
    {
        var port = UnusedPort();
        using var endpoint = new OneEndpoint(new Uri($"http://127.0.0.1:{port}"));
        var failure = (await endpoint.FailAsync()).Failure;
        Assert.Equal(
            (FailureKind.ConnectFailed, AttemptStatus.Undelivered, EndpointEffect.Gate),
            (failure.Kind, failure.Traits.AttemptStatus, failure.Traits.Effect));
        Assert.Equal($"No connection to 127.0.0.1:{port}: ConnectionRefused. Nothing was sent.", failure.Message);
    }

    [Fact]
    public async Task By_an_unknown_name_was_never_sent()
    {
        using var endpoint = new OneEndpoint(new Uri("http://no-such-host.invalid"));
        var failure = (await endpoint.FailAsync()).Failure;
        Assert.Equal((FailureKind.NameNotResolved, AttemptStatus.Undelivered), (failure.Kind, failure.Traits.AttemptStatus));
        Assert.Contains("no-such-host.invalid", failure.Message);
    }

    [Fact]
    public async Task By_an_untrusted_certificate_was_never_sent()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        var decrypted = 0;
        await using var server = new RawServer(async connection =>
        {
            await using var tls = new SslStream(connection.Stream);
            try
            {
                await tls.AuthenticateAsServerAsync(certificate);
                decrypted += await tls.ReadAsync(new byte[1], connection.Stopping);
            }
            catch (Exception e) when (e is System.Security.Authentication.AuthenticationException)
            {
            }
        });
        using var endpoint = new OneEndpoint(server.SecureAddress);

        var failure = (await endpoint.FailAsync()).Failure;

        Assert.Equal(
            (FailureKind.TlsFailed, AttemptStatus.Undelivered, "tls"),
            (failure.Kind, failure.Traits.AttemptStatus, failure.Traits.StageName));
        Assert.Equal(0, decrypted);
    }

    [Fact]
    public async Task By_a_server_without_TLS_was_never_sent()
    {
        await using var server = new RawServer(connection => connection.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"));
        using var endpoint = new OneEndpoint(server.SecureAddress);
        Assert.Equal(FailureKind.TlsFailed, (await endpoint.FailAsync()).Failure.Kind);
    }

    [Fact]
    public async Task By_a_handshake_that_hangs_was_never_sent()
    {
        await using var server = new RawServer(connection => connection.WaitForCloseAsync());
        using var endpoint = new OneEndpoint(server.SecureAddress, configure: options => options.ConnectTimeout = TimeSpan.FromSeconds(1));
        var failure = (await endpoint.FailAsync()).Failure;
        Assert.Equal(FailureKind.ConnectFailed, failure.Kind);
        Assert.EndsWith("within 1 s. Nothing was sent.", failure.Message);
    }

    [Fact]
    public async Task By_a_close_before_the_request_was_read_may_have_been_sent_and_is_not_sent_again()
    {
        await using var server = new RawServer(_ => Task.CompletedTask);
        using var endpoint = new OneEndpoint(server.Address);
        var failure = (await endpoint.FailAsync()).Failure;
        Assert.True(failure.Kind is FailureKind.ConnectionLost or FailureKind.SendBroken);
        Assert.Equal((AttemptStatus.Unknown, 1), (failure.Traits.AttemptStatus, server.Connections));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task By_a_close_after_the_request_was_read_is_not_sent_again(bool reset)
    {
        await using var server = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            if (reset)
                connection.Reset();
        });
        using var endpoint = new OneEndpoint(server.Address);
        var failure = (await endpoint.FailAsync()).Failure;
        Assert.Equal(
            (FailureKind.ConnectionLost, AttemptStatus.Unknown, 1), (failure.Kind, failure.Traits.AttemptStatus, server.Connections));
    }

    [Fact]
    public async Task By_a_reset_in_the_middle_of_a_long_prompt_may_have_been_sent()
    {
        await using var server = new RawServer(async connection =>
        {
            await connection.Stream.ReadExactlyAsync(new byte[1000]);
            connection.Reset();
        });
        using var endpoint = new OneEndpoint(server.Address);
        var failure = (await endpoint.FailAsync(new string('x', 16 << 20))).Failure;
        Assert.Equal((FailureKind.SendBroken, "send", 1), (failure.Kind, failure.Traits.StageName, server.Connections));
    }

    [Theory]
    [InlineData("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n", FailureKind.KeyRefused)]
    [InlineData("HTTP/1.1 407 Proxy\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", FailureKind.UnexpectedStatus)]
    [InlineData("HTTP/1.1 307 Temporary Redirect\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n", FailureKind.Redirected)]
    [InlineData("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", FailureKind.GatewayError)]
    [InlineData("HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n", FailureKind.UnexpectedStatus)]
    [InlineData("SSH-2.0-OpenSSH_9.9\r\n", FailureKind.NotHttp)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 2\r\n\r\n{}", FailureKind.BodyUnreadable)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", FailureKind.BodyUnreadable)]
    internal async Task By_any_answer_is_sent_once(string answer, FailureKind kind)
    {
        await using var server = RawServer.Answering(answer);
        using var endpoint = new OneEndpoint(server.Address);
        Assert.Equal(kind, (await endpoint.FailAsync()).Failure.Kind);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task Leaves_no_connection_that_the_next_call_could_stumble_over()
    {
        await using var server = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 503 Busy\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n{}");
            await connection.WaitForCloseAsync();
        });
        using var endpoint = new OneEndpoint(server.Address);
        for (var calls = 1; calls <= 3; calls++)
        {
            Assert.Equal(FailureKind.Busy, (await endpoint.FailAsync()).Failure.Kind);
            Assert.Equal(calls, server.Connections);
        }
    }

    [Fact]
    public async Task Can_not_be_sent_twice_by_any_part_of_the_HTTP_stack()
    {
        using var content = new GenerationContent(new GenerationCall("default", Guid.Empty, "m", "p", "low", 1, "auto"));
        await content.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<InvalidOperationException>(() => content.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task By_a_full_disk_keeps_the_usage()
    {
        await using var simulator = await Darkroom.Simulator.SimulatorHost.StartAsync();
        using var endpoint = new OneEndpoint(simulator.BaseAddress, openPicture: _ => throw new IOException("No space left on device"));
        var failure = (await endpoint.FailAsync()).Failure;
        Assert.Equal((FailureKind.SpoolFailed, AttemptStatus.Unknown), (failure.Kind, failure.Traits.AttemptStatus));
        Assert.Contains("No space left on device", failure.Message);
        Assert.Contains("output_tokens", failure.UsageJson);
    }

    [Fact]
    public async Task For_an_endpoint_this_node_does_not_know_was_never_sent()
    {
        using var endpoint = new OneEndpoint(new Uri("http://127.0.0.1:1"));
        var failed = Assert.IsType<CallOutcome.Failed>(await endpoint.CallAsync(endpoint: "other"));
        Assert.Equal((FailureKind.AbortedUnsent, EndpointEffect.None), (failed.Failure.Kind, failed.Failure.Traits.Effect));
    }
}
