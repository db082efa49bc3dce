using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;
using Darkroom.Worker.Webhooks;

namespace Darkroom.Worker.Dashboard.Webhooks;

/// <summary>The log's filter as the page's URL holds it. Empty fields, which a form sends too, filter nothing.</summary>
/// <param name="Receiver">A registered one; <see cref="OwnUrls"/> for URLs that jobs and batches named themselves.</param>
/// <param name="After">The page begins behind this delivery.</param>
public sealed record DeliveriesQuery(string[] Statuses, Guid? Receiver, string? Type, Guid? Job, Guid? After)
{
    /// <summary>In the URL, <c>own</c>.</summary>
    public static readonly Guid OwnUrls = Guid.Empty;

    const string Own = "own";

    public static readonly string[] Types = [.. WebhookEvents.All, WebhookEvents.Test];

    /// <summary>What was asked for and means nothing; such a field filters nothing, and the page says so.</summary>
    public IReadOnlyList<string> Objections { get; init; } = [];

    public bool IsEmpty => this with { After = null } is { Statuses: [], Receiver: null, Type: null, Job: null };

    internal static DeliveriesQuery Parse(IQueryCollection query)
    {
        var objections = new List<string>();
        T? Read<T>(string name, Func<string, T?> parse, string expected)
        {
            var text = query[name].ToString().Trim();
            var value = text is "" ? default : parse(text);
            if (text is not "" && value is null)
                objections.Add($"'{text}' is no {expected}, and filters nothing.");
            return value;
        }

        string[] asked = [.. query["status"].SelectMany(v => (v ?? "").Split(',')).Where(v => v != "").Distinct()];
        objections.AddRange(asked.Except(WebhookStatus.All).Select(s => $"'{s}' is no status, and filters nothing."));
        return new DeliveriesQuery(
            [.. asked.Intersect(WebhookStatus.All)],
            Read<Guid?>("receiver", text => text == Own ? OwnUrls : Id(WireId.WebhookEndpoint, text), "receiver (whe_...)"),
            Read("type", text => Array.Find(Types, t => t == text), "type of event"),
            Read("job", text => Id(WireId.Job, text), "job id (job_...)"),
            Read("after", text => Id(WireId.Delivery, text), "delivery (msg_...)"))
        { Objections = objections };
    }

    static Guid? Id(WireId kind, string text) => kind.TryParse(text, out var id) ? id : null;

    public static string Field(Guid receiver) => receiver == OwnUrls ? Own : WireId.WebhookEndpoint.Format(receiver);

    /// <summary>The one spelling of this filter, with its question mark; empty where it filters nothing.</summary>
    public override string ToString()
    {
        (string Name, string? Value)[] fields =
        [
            ("status", Statuses is [] ? null : string.Join(',', Statuses)), ("receiver", Receiver is { } receiver ? Field(receiver) : null), ("type", Type),
            ("job", Job is { } job ? WireId.Job.Format(job) : null), ("after", After is { } after ? WireId.Delivery.Format(after) : null),
        ];
        return QueryString.Create(fields.Where(f => f.Value is not null).Select(f => KeyValuePair.Create(f.Name, f.Value))).ToString();
    }
}
