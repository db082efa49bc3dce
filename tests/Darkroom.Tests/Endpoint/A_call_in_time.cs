using System.Threading.Channels;
using Darkroom.Tests.Simulator;
using Darkroom.Worker.Endpoint;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Darkroom.Tests.Endpoint;

/// <summary>Time-outs by a controlled clock, with bodies sent piece by piece.</summary>
public sealed class A_call_in_time
{
    const string Headers = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    const string Usage = """{"output_tokens":272}""";

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A sink that says when some of its picture has come.</summary>
    sealed class Watched : MemoryStream
    {
        readonly Signal written = new();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            base.Write(buffer);
            written.Raise();
        }

        public Task WrittenAsync() => written.WaitAsync(Ct).WaitAsync(TimeSpan.FromSeconds(30), Ct);
    }

    /// <summary>As often as it is raised, as often it lets a waiter go on.</summary>
    sealed class Signal
    {
        readonly Channel<bool> raised = Channel.CreateUnbounded<bool>();

        public void Raise() => raised.Writer.TryWrite(true);

        public async Task WaitAsync(CancellationToken ct) => await raised.Reader.ReadAsync(ct);
    }

    /// <summary>A picture of which any number of pieces may come, each of them enough to be written at once.</summary>
    static string Piece(bool first) => Convert.ToBase64String(first
        ? [0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n', .. new byte[292]] : new byte[300]);

    readonly FakeTimeProvider clock = new();
    readonly TaskCompletionSource received = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Signal next = new();

    /// <summary>Sends headers, then a piece of a body for each raise of <see cref="next"/>, for ever.</summary>
    RawServer Dripping() => new(async connection =>
    {
        await connection.ReadRequestAsync();
        await connection.SendAsync(Headers);
        received.SetResult();
        for (var pieces = 0; ; pieces++)
        {
            await next.WaitAsync(connection.Stopping);
            await connection.SendAsync(
                pieces == 0 ? $$"""{"usage":{{Usage}},"data":[{"b64_json":"{{Piece(first: true)}}""" : Piece(first: false));
        }
    });

    [Theory]
    [InlineData(359, FailureKind.Busy, "The endpoint is busy (503).")]
    [InlineData(360, FailureKind.TimedOut, "No answer within 360 s.")]
    internal async Task Waits_its_time_for_an_answer_and_no_longer(int seconds, FailureKind kind, string message)
    {
        await using var server = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            received.SetResult();
            await next.WaitAsync(connection.Stopping);
            await connection.SendAsync("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
        });
        using var endpoint = new OneEndpoint(server.Address, clock);
        var call = endpoint.CallAsync();
        await received.Task.WaitAsync(Ct);
        clock.Advance(TimeSpan.FromSeconds(seconds));
        if (kind == FailureKind.Busy)
            next.Raise();
        Assert.Equal((kind, message), Ended(await call));
    }

    [Fact]
    public async Task Waits_as_long_for_the_first_byte_of_the_body()
    {
        await using var server = Dripping();
        using var endpoint = new OneEndpoint(server.Address, clock);
        var call = endpoint.CallAsync();
        await received.Task.WaitAsync(Ct);
        clock.Advance(TimeSpan.FromSeconds(360));
        Assert.Equal((FailureKind.TimedOut, "No answer within 360 s."), Ended(await call));
    }

    [Fact]
    public async Task Gives_up_a_body_that_stalls_and_keeps_its_usage()
    {
        var sink = new Watched();
        await using var server = Dripping();
        using var endpoint = new OneEndpoint(server.Address, clock, openPicture: _ => sink);
        var call = endpoint.CallAsync();
        await received.Task.WaitAsync(Ct);
        foreach (var seconds in new[] { 359, 59, 59 })
        {
            // Each time just early enough: that a piece more arrives shows that the call lives.
            clock.Advance(TimeSpan.FromSeconds(seconds));
            next.Raise();
            await sink.WrittenAsync();
        }
        clock.Advance(TimeSpan.FromSeconds(60));

        var outcome = await call;
        Assert.Equal((FailureKind.BodyStalled, "The answer stopped coming for 60 s."), Ended(outcome));
        Assert.Equal(Usage, ((CallOutcome.Failed)outcome).Failure.UsageJson);
    }

    [Fact]
    public async Task Gives_up_a_body_that_trickles_on_after_twice_the_time()
    {
        var sink = new Watched();
        await using var server = Dripping();
        using var endpoint = new OneEndpoint(server.Address, clock, openPicture: _ => sink);
        var call = endpoint.CallAsync();
        await received.Task.WaitAsync(Ct);
        foreach (var seconds in Enumerable.Repeat(50, 14).Append(19))
        {
            clock.Advance(TimeSpan.FromSeconds(seconds));
            next.Raise();
            await sink.WrittenAsync();
        }
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((FailureKind.BodyOverdue, "The answer was still coming after 720 s."), Ended(await call));
    }

    [Fact]
    public async Task Has_little_patience_with_the_words_of_an_error()
    {
        await using var server = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\nno: ");
            received.SetResult();
            await connection.WaitForCloseAsync();
        });
        var ticking = new SignallingClock();
        using var endpoint = new OneEndpoint(server.Address, ticking);
        var call = endpoint.CallAsync();
        await ticking.WaitForTimerAsync(Ct);
        await ticking.WaitForTimerAsync(Ct);
        ticking.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(FailureKind.InvalidRequest, Ended(await call).Kind);
    }

    [Theory]
    [InlineData(true, FailureKind.Canceled)]
    [InlineData(false, FailureKind.ShutDown)]
    internal async Task Ends_at_once_when_cancelled_or_stopped_and_may_have_been_billed(bool byPerson, FailureKind kind)
    {
        await using var server = Dripping();
        using var endpoint = new OneEndpoint(server.Address, clock);
        using var canceled = new CancellationTokenSource();
        using var stopping = new CancellationTokenSource();
        var call = endpoint.CallAsync(canceled: canceled.Token, stopping: stopping.Token);
        await received.Task.WaitAsync(Ct);
        await (byPerson ? canceled : stopping).CancelAsync();
        Assert.Equal(kind, Ended(await call).Kind);
    }

    [Fact]
    public async Task Cancelled_before_it_was_sent_costs_nothing()
    {
        await using var server = Dripping();
        using var endpoint = new OneEndpoint(server.Address, clock);
        Assert.Equal(
            (FailureKind.AbortedUnsent, "The call was given up before anything was sent."),
            Ended(await endpoint.CallAsync(canceled: new CancellationToken(canceled: true))));
    }

    static (FailureKind Kind, string Message) Ended(CallOutcome outcome)
    {
        var failure = Assert.IsType<CallOutcome.Failed>(outcome).Failure;
        return (failure.Kind, failure.Message);
    }
}
