using Darkroom.Migrations.Rows;
using Darkroom.Worker.Endpoint;
using Xunit;

namespace Darkroom.Tests.Endpoint;

public sealed class The_failure_table
{
    public static IEnumerable<object[]> Kinds => Enum.GetValues<FailureKind>().Select(kind => new object[] { kind });

    [Theory]
    [MemberData(nameof(Kinds))]
    internal void Never_contradicts_itself(FailureKind kind)
    {
        var traits = FailureTable.Of(kind);

        Assert.Equal(traits.Billing, traits.AttemptStatus switch
        {
            AttemptStatus.Unknown => Billing.Unknown,
            AttemptStatus.Failed => Billing.Yes,
            AttemptStatus.Rejected or AttemptStatus.Throttled or AttemptStatus.Undelivered => Billing.No,
            var other => throw new InvalidOperationException(other),
        });
        // Whatever may have cost money is counted and capped; whatever is not counted must wait for something.
        Assert.Equal(traits.Billing != Billing.No, traits.CountsAsUnknown);
        Assert.True(traits.Counts || traits.Retry == RetryClass.WhenEndpointAllows);
        Assert.True(traits.Retry != RetryClass.WhenEndpointAllows || traits.Billing == Billing.No);
    }

    [Theory]
    [InlineData(100, FailureKind.UnexpectedStatus)]
    [InlineData(201, FailureKind.UnexpectedStatus)]
    [InlineData(204, FailureKind.UnexpectedStatus)]
    [InlineData(206, FailureKind.UnexpectedStatus)]
    [InlineData(300, FailureKind.Redirected)]
    [InlineData(304, FailureKind.Redirected)]
    [InlineData(308, FailureKind.Redirected)]
    [InlineData(400, FailureKind.InvalidRequest)]
    [InlineData(401, FailureKind.KeyRefused)]
    [InlineData(402, FailureKind.OutOfMoney)]
    [InlineData(403, FailureKind.Forbidden)]
    [InlineData(404, FailureKind.InvalidRequest)]
    [InlineData(405, FailureKind.UnexpectedStatus)]
    [InlineData(408, FailureKind.GatewayError)]
    [InlineData(409, FailureKind.InvalidRequest)]
    [InlineData(413, FailureKind.InvalidRequest)]
    [InlineData(415, FailureKind.InvalidRequest)]
    [InlineData(418, FailureKind.UnexpectedStatus)]
    [InlineData(422, FailureKind.InvalidRequest)]
    [InlineData(429, FailureKind.RateLimited)]
    [InlineData(451, FailureKind.InvalidRequest)]
    [InlineData(500, FailureKind.ServerError)]
    [InlineData(501, FailureKind.UnexpectedStatus)]
    [InlineData(502, FailureKind.GatewayError)]
    [InlineData(503, FailureKind.Busy)]
    [InlineData(504, FailureKind.GatewayError)]
    [InlineData(519, FailureKind.UnexpectedStatus)]
    [InlineData(520, FailureKind.GatewayError)]
    [InlineData(529, FailureKind.GatewayError)]
    [InlineData(530, FailureKind.UnexpectedStatus)]
    internal void Knows_every_status(int status, FailureKind kind) => Assert.Equal(kind, StatusFailure.KindOf(status, ErrorBody.Empty));

    [Theory]
    [InlineData(429, "insufficient_quota")]
    [InlineData(429, "credit_balance_exhausted")]
    [InlineData(429, "billing_hard_limit_reached")]
    [InlineData(429, "project_spend_limit_exceeded")]
    [InlineData(429, "organization_usage_limit_exceeded")]
    [InlineData(400, "billing_hard_limit_reached")]
    [InlineData(403, "insufficient_quota")]
    internal void Tells_no_money_from_too_fast_by_the_code(int status, string code)
    {
        Assert.Equal(FailureKind.OutOfMoney, StatusFailure.KindOf(status, new ErrorBody(code, null, null)));
        Assert.Equal(FailureKind.OutOfMoney, StatusFailure.KindOf(status, new ErrorBody(null, code, null)));
        Assert.Equal(FailureKind.RateLimited, StatusFailure.KindOf(429, new ErrorBody("rate_limit_exceeded", code, null)));
    }

    [Fact]
    public void Names_a_kind_by_its_code() => Assert.Equal("connect_failed", CallFailure.CodeOf(FailureKind.ConnectFailed));
}
