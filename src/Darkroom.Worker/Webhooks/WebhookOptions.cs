using System.Net;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Webhooks;

/// <summary>How deliveries are made; <c>Darkroom:Webhooks</c>.</summary>
internal sealed class WebhookOptions
{
    public const string Section = "Darkroom:Webhooks";

    /// <summary>
    /// Networks (CIDR, such as <c>10.0.0.0/8</c> or <c>::1/128</c>) that may receive although they are not public. Default none: a caller
    /// who may name a URL must not reach what only this machine can.
    /// </summary>
    public string[] AllowedNetworks { get; set; } = [];

    /// <summary>Deliver to <c>http</c> URLs too. Default false: bodies hold prompts and links that open pictures.</summary>
    public bool AllowHttp { get; set; }

    /// <summary>For one attempt, from the first packet to the answer's end. Default 15 seconds, 1 second to 2 minutes.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Waits before the second and each later attempt; after the last the delivery has failed. Default 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h,
    /// 20 h, 24 h, as Standard Webhooks has it; each up to a tenth longer by chance. 0 to 30 waits of 0 to 7 days.
    /// </summary>
    public TimeSpan[]? Schedule { get; set; }

    /// <summary>A registered receiver to which nothing has got through for so long is disabled. Default 5 days, 1 hour to 365 days.</summary>
    public TimeSpan DisableAfter { get; set; } = TimeSpan.FromDays(5);

    /// <summary>How long a secret signs beside its successor after a rotation. Default 1 day, 0 to 30 days.</summary>
    public TimeSpan SecretOverlap { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// Deliveries under way at once on this node. Default 100, 2 to 500: each is a thread that costs some 60 KB, and receivers not known to work,
    /// and soon, which may take all of the time-out, have half of them.
    /// </summary>
    public int Senders { get; set; } = 100;

    /// <summary>
    /// Deliveries under way at once to one receiver, registered or an origin within a project, by all nodes. Default 25, 1 to 500: at a quarter of a second for
    /// each, from pick to record, as many as <see cref="MaxPerSecondPerReceiver"/> lets begin.
    /// </summary>
    public int MaxInFlightPerReceiver { get; set; } = 25;

    /// <summary>
    /// Deliveries begun per second to one receiver, so that one back from an outage is not run over. Default 100, 1 to 10,000: above the
    /// fastest account's completions, or telling of them would fall behind.
    /// </summary>
    public int MaxPerSecondPerReceiver { get; set; } = 100;

    /// <summary>How long the log keeps finished deliveries. Default 30 days, 1 hour to 10 years.</summary>
    public TimeSpan KeepDeliveries { get; set; } = TimeSpan.FromDays(30);

    public IReadOnlyList<TimeSpan> Waits => Schedule ?? Standard;

    static readonly TimeSpan[] Standard =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5),
        TimeSpan.FromHours(10), TimeSpan.FromHours(14), TimeSpan.FromHours(20), TimeSpan.FromHours(24),
    ];
}

internal sealed class WebhookOptionsRules : IValidateOptions<WebhookOptions>
{
    public ValidateOptionsResult Validate(string? name, WebhookOptions options)
    {
        var mistakes = new List<string>();
        void Require(bool holds, string key, string rule, object? value)
        {
            if (!holds)
                mistakes.Add($"{WebhookOptions.Section}:{key} must be {rule}, not {value}.");
        }
        void Between<T>(T value, T least, T most, string key, string range) where T : IComparable<T> =>
            Require(value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0, key, range, value);

        foreach (var network in options.AllowedNetworks)
            Require(IPNetwork.TryParse(network, out _), nameof(options.AllowedNetworks), "networks such as 10.0.0.0/8 or ::1/128", $"'{network}'");
        Between(options.Timeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2), nameof(options.Timeout), "1 second to 2 minutes");
        Require(options.Waits.Count <= 30, nameof(options.Schedule), "30 waits at most", options.Waits.Count);
        foreach (var wait in options.Waits)
            Between(wait, TimeSpan.Zero, TimeSpan.FromDays(7), nameof(options.Schedule), "waits of 0 to 7 days");
        Between(options.DisableAfter, TimeSpan.FromHours(1), TimeSpan.FromDays(365), nameof(options.DisableAfter), "1 hour to 365 days");
        Between(options.SecretOverlap, TimeSpan.Zero, TimeSpan.FromDays(30), nameof(options.SecretOverlap), "0 to 30 days");
        Between(options.Senders, 2, 500, nameof(options.Senders), "2 to 500");
        Between(options.MaxInFlightPerReceiver, 1, 500, nameof(options.MaxInFlightPerReceiver), "1 to 500");
        Between(options.MaxPerSecondPerReceiver, 1, 10_000, nameof(options.MaxPerSecondPerReceiver), "1 to 10000");
        Between(options.KeepDeliveries, TimeSpan.FromHours(1), TimeSpan.FromDays(3650), nameof(options.KeepDeliveries), "1 hour to 3650 days");
        return mistakes.Count > 0 ? ValidateOptionsResult.Fail(mistakes) : ValidateOptionsResult.Success;
    }
}
