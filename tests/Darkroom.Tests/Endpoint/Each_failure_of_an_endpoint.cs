using Darkroom.Migrations.Rows;
using Darkroom.Simulator;
using Darkroom.Worker.Endpoint;
using Xunit;

namespace Darkroom.Tests.Endpoint;

/// <summary>The failure table of the endpoint page, row by row, over real sockets.</summary>
public sealed class Each_failure_of_an_endpoint(Each_failure_of_an_endpoint.Simulated simulated)
    : IClassFixture<Each_failure_of_an_endpoint.Simulated>
{
    const string Wrong = "rejected, billed No, counts 'a', Never, None";
    const string NotOurs = "rejected, billed No, counts 'a', Never, PauseAfterThree";
    const string Pauses = "rejected, billed No, counts '', WhenEndpointAllows, Pause";
    const string HoldsBack = "throttled, billed No, counts '', WhenEndpointAllows, HoldBack";
    const string MayBeBilled = "unknown, billed Unknown, counts 'au', AfterBackoff, None";
    const string BilledAndUseless = "failed, billed Yes, counts 'au', AfterBackoff, None";

    public sealed class Simulated : IAsyncLifetime
    {
        internal SimulatorHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await SimulatorHost.StartAsync();

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }

    [Theory]
    [InlineData("moderation_blocked", FailureKind.ModerationBlocked, 400, Wrong, "safety system refused")]
    [InlineData("http_400", FailureKind.InvalidRequest, 400, Wrong, "status 400")]
    [InlineData("http_404", FailureKind.InvalidRequest, 404, Wrong, "status 404")]
    [InlineData("http_451", FailureKind.InvalidRequest, 451, Wrong, "status 451")]
    [InlineData("invalid_api_key", FailureKind.KeyRefused, 401, Pauses, "ApiKey of endpoint 'default'")]
    [InlineData("forbidden", FailureKind.Forbidden, 403, NotOurs, "forbids")]
    [InlineData("payment_required", FailureKind.OutOfMoney, 402, Pauses, "no money left")]
    [InlineData("insufficient_quota", FailureKind.OutOfMoney, 429, Pauses, "no money left")]
    [InlineData("credit_balance_exhausted", FailureKind.OutOfMoney, 429, Pauses, "no money left")]
    [InlineData("billing_hard_limit_reached", FailureKind.OutOfMoney, 429, Pauses, "no money left")]
    [InlineData("user_spend_limit_exceeded", FailureKind.OutOfMoney, 429, Pauses, "no money left")]
    [InlineData("organization_usage_limit_exceeded", FailureKind.OutOfMoney, 429, Pauses, "no money left")]
    [InlineData("rate_limit_exceeded", FailureKind.RateLimited, 429, HoldsBack, "too fast")]
    [InlineData("slow_down", FailureKind.RateLimited, 429, HoldsBack, "too fast")]
    [InlineData("busy", FailureKind.Busy, 503, HoldsBack, "busy")]
    [InlineData("redirect", FailureKind.Redirected, 302, Pauses, "to /elsewhere")]
    [InlineData("http_408", FailureKind.GatewayError, 408, MayBeBilled, "status 408")]
    [InlineData("http_500", FailureKind.ServerError, 500, MayBeBilled, "status 500")]
    [InlineData("html_error", FailureKind.GatewayError, 502, MayBeBilled, "Bad gateway")]
    [InlineData("text_error", FailureKind.GatewayError, 502, MayBeBilled, "upstream connect error")]
    [InlineData("empty_error", FailureKind.GatewayError, 502, MayBeBilled, "status 502")]
    [InlineData("other_json_error", FailureKind.GatewayError, 502, MayBeBilled, "upstream failed")]
    [InlineData("endless_error", FailureKind.ServerError, 500, MayBeBilled, "and so on")]
    [InlineData("http_504", FailureKind.GatewayError, 504, MayBeBilled, "status 504")]
    [InlineData("http_524", FailureKind.GatewayError, 524, MayBeBilled, "status 524")]
    [InlineData("http_418", FailureKind.UnexpectedStatus, 418, MayBeBilled, "status 418")]
    [InlineData("http_204", FailureKind.UnexpectedStatus, 204, MayBeBilled, "status 204")]
    [InlineData("reset_before_headers", FailureKind.ConnectionLost, null, MayBeBilled, "broke after the request was sent")]
    [InlineData("closed_mid_body", FailureKind.BodyCut, 200, MayBeBilled, "cannot be used")]
    [InlineData("truncated_body", FailureKind.BodyCut, 200, MayBeBilled, "cannot be used")]
    [InlineData("truncated_chunked", FailureKind.BodyCut, 200, MayBeBilled, "cannot be used")]
    [InlineData("empty_200", FailureKind.BodyCut, 200, MayBeBilled, "cannot be used")]
    [InlineData("html_200", FailureKind.BodyUnreadable, 200, MayBeBilled, "cannot be used")]
    [InlineData("endless_body", FailureKind.BodyTooLarge, 200, MayBeBilled, "Darkroom:Decoding")]
    [InlineData("error_200", FailureKind.ErrorInBody, 200, BilledAndUseless, "The generation failed.")]
    [InlineData("no_pictures", FailureKind.NoPictures, 200, BilledAndUseless, "without pictures")]
    [InlineData("no_data", FailureKind.NoPictures, 200, BilledAndUseless, "without pictures")]
    [InlineData("null_picture", FailureKind.NoGoodPicture, 200, BilledAndUseless, "no picture is whole")]
    [InlineData("empty_picture", FailureKind.NoGoodPicture, 200, BilledAndUseless, "no picture is whole")]
    [InlineData("bad_base64", FailureKind.NoGoodPicture, 200, BilledAndUseless, "BadBase64")]
    [InlineData("garbage_picture", FailureKind.NoGoodPicture, 200, BilledAndUseless, "UnknownFormat")]
    [InlineData("truncated_picture", FailureKind.NoGoodPicture, 200, BilledAndUseless, "BadEnd")]
    internal async Task Is_told_apart(string fault, FailureKind kind, int? status, string row, string words)
    {
        using var endpoint = new OneEndpoint(simulated.Host.BaseAddress);

        var failed = await endpoint.FailAsync($"a cat [[fault:{fault}]]");

        var failure = failed.Failure;
        Assert.Equal((kind, status), (failure.Kind, failure.HttpStatus));
        var traits = failure.Traits;
        var counts = (traits.Counts ? "a" : "") + (traits.CountsAsUnknown ? "u" : "");
        Assert.Equal(row, $"{traits.AttemptStatus}, billed {traits.Billing}, counts '{counts}', {traits.Retry}, {traits.Effect}");
        Assert.Contains(words, failure.Message);
        Assert.InRange(failure.Message.Length, 10, 1400);
        Assert.Equal(status is not null, failure.RequestId is not null);
        // One call is one call, whatever came of it.
        Assert.Single(simulated.Host.Account.Calls, call => call.ClientRequestId == endpoint.AttemptId.ToString());
    }

    [Theory]
    [InlineData("reset_after_headers")]
    [InlineData("reset_mid_body")]
    public async Task Within_the_answer_may_be_billed_however_much_of_it_the_reset_left(string fault)
    {
        using var endpoint = new OneEndpoint(simulated.Host.BaseAddress);
        var failure = (await endpoint.FailAsync($"a cat [[fault:{fault}]]")).Failure;
        // A reset may overtake what was sent before it.
        Assert.True(failure.Kind is FailureKind.BodyCut or FailureKind.ConnectionLost);
        Assert.Equal(AttemptStatus.Unknown, failure.Traits.AttemptStatus);
    }

    [Theory]
    [InlineData("moderation_blocked", "moderation_blocked")]
    [InlineData("forbidden", "model_not_found")]
    [InlineData("project_spend_limit_exceeded", "project_spend_limit_exceeded")]
    [InlineData("error_200", "generation_failed")]
    [InlineData("http_500", "server_error")]
    [InlineData("html_error", "gateway_error")]
    [InlineData("reset_before_headers", "connection_lost")]
    public async Task Keeps_the_endpoints_code_or_has_ours(string fault, string code)
    {
        using var endpoint = new OneEndpoint(simulated.Host.BaseAddress);
        Assert.Equal(code, (await endpoint.FailAsync($"a cat [[fault:{fault}]]")).Failure.Code);
    }

    [Theory]
    [InlineData("retry_after=3", 3.0)]
    [InlineData("retry_after_ms=1500", 1.5)]
    [InlineData("retry_after=86400", 3600.0)]
    [InlineData("reset=6m0s", 360.0)]
    [InlineData("retry_after=none", null)]
    public async Task Says_how_long_to_wait(string hint, double? seconds)
    {
        using var endpoint = new OneEndpoint(simulated.Host.BaseAddress);
        var failure = (await endpoint.FailAsync($"a cat [[fault:rate_limit_exceeded {hint}]]")).Failure;
        Assert.Equal(seconds, failure.RetryAfter?.TotalSeconds);
    }

    [Theory]
    [InlineData("odd_json")]
    [InlineData("no_usage")]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("raw_deflate")]
    [InlineData("wrong_size_picture")]
    public async Task Is_not_seen_in_what_is_only_odd(string fault)
    {
        using var endpoint = new OneEndpoint(simulated.Host.BaseAddress);

        var answered = Assert.IsType<CallOutcome.Answered>(await endpoint.CallAsync($"a cat [[fault:{fault}]]", n: 2));

        Assert.All(answered.Body.Pictures, picture => Assert.Equal(picture.Bytes, endpoint.Pictures[picture.Index].ToArray().Length));
        Assert.Equal((2, fault == "no_usage"), (answered.Body.Pictures.Count, answered.Body.UsageJson is null));
        Assert.NotNull(answered.RequestId);
    }

    [Fact]
    public async Task Leaves_a_partial_result_a_success()
    {
        using var endpoint = new OneEndpoint(simulated.Host.BaseAddress);
        var answered = Assert.IsType<CallOutcome.Answered>(await endpoint.CallAsync("a cat [[fault:partial index=1]]", n: 3));
        Assert.Equal([true, false, true], answered.Body.Pictures.Select(picture => picture.Fault is null));
    }

    [Fact]
    public async Task Keeps_the_usage_of_a_useless_answer()
    {
        using var endpoint = new OneEndpoint(simulated.Host.BaseAddress);
        Assert.Contains(
            "\"output_tokens\":272", (await endpoint.FailAsync("a cat [[fault:garbage_picture]]")).Failure.UsageJson!.Replace(" ", ""));
    }
}
