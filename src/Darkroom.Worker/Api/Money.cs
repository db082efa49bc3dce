namespace Darkroom.Worker.Api;

/// <summary>Amounts on the wire.</summary>
internal static class Money
{
    /// <summary>Prices are configured in US dollars.</summary>
    public const string Currency = "USD";

    /// <summary>Without the trailing zeros that a column's scale adds: 0.042, not 0.04200000.</summary>
    public static decimal? Plain(decimal? amount) => amount / 1.0000000000000000000000000000m;
}
