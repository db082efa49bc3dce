using System.Diagnostics.Metrics;
using Darkroom.Client;

namespace Darkroom.Worker.Observability;

/// <summary>
/// What the whole cluster holds now, the same from every process that is asked: queries take <c>max</c>, not <c>sum</c>. While the database
/// is away there are no figures, rather than old ones.
/// </summary>
internal sealed class ClusterGauges
{
    static readonly string[] States = ["active", "gated", "paused"];

    readonly ClusterFigures figures;
    readonly Meter meter;

    public ClusterGauges(IMeterFactory meters, ClusterFigures figures)
    {
        (this.figures, meter) = (figures, meters.Create(DarkroomMetrics.MeterName));
        meter.CreateObservableGauge("darkroom.database.reachable", () => figures.Read().Reached ? 1 : 0, description: "1 if this process could read the figures of the cluster.");
        Gauge("darkroom.jobs.queued", "{job}", "queued", "endpoint", $"Jobs that wait, later ones included; counted up to {ClusterFigures.MostCounted}.");
        Gauge("darkroom.jobs.due", "{job}", "due", "endpoint", $"Jobs that could be called now but for limits, pauses and slots; counted up to {ClusterFigures.MostCounted}.");
        Gauge("darkroom.queue.oldest_due", "s", "oldest_due", "endpoint", "How long the job has been due that waits longest.");
        Gauge("darkroom.tickets.waiting", "{job}", "admitted", null, "Jobs whose ticket is on its way through Hangfire.");
        Gauge("darkroom.jobs.held", "{job}", "held", null, "Jobs that wait for a person's decision.");
        Gauge("darkroom.calls.open", "{call}", "attempts", "status", "Calls in flight (dispatched), and answers on their way from spool to store (received).");
        Gauge("darkroom.results.oldest_received", "s", "oldest_received", null, "How long the answer has been waiting that waits longest for store and record.");
        Gauge("darkroom.nodes", "{node}", "nodes", "state", "Worker nodes; lost: within the last hour.");
        Gauge("darkroom.slots", "{call}", "slots", null, "Calls that the nodes taking work can have in flight at once.");
        Gauge("darkroom.lease.overdue", "s", "lease_overdue", "lease", "How long nobody has held the lease of admission, or of webhooks.");
        Gauge("darkroom.webhooks.waiting", "{delivery}", "deliveries", null, $"Deliveries that wait, retries included; counted up to {ClusterFigures.MostCounted}.");
        Gauge("darkroom.webhooks.oldest_due", "s", "deliveries_oldest_due", null, "How late the delivery is that has been due longest.");
        Gauge("darkroom.webhook.receivers.disabled", "{receiver}", "receivers_disabled", null, "Registered receivers that are told nothing any more, those that a person disabled left out.");
        Of("darkroom.jobs.running", "{job}", "Jobs with a call in flight or being brought home.", e => e.InFlight);
        Of("darkroom.endpoint.images_per_minute", "{image}", "The pace in force, configured or learned.", e => e.Limits.ImagesPerMinute);
        Of("darkroom.endpoint.held_back", "{endpoint}", "1 while the endpoint has asked for a wait.", e => e.Limits.HeldUntil is null ? 0 : 1);
        meter.CreateObservableGauge("darkroom.endpoint.state", ReadStates, "{endpoint}", "1 for the state an endpoint is in: active, gated or paused.");
        meter.CreateObservableGauge("darkroom.hangfire.jobs", ReadTickets, "{job}", "Hangfire's own counts of its jobs, tickets and deliveries together.");
        meter.CreateObservableGauge("darkroom.hangfire.servers", ReadServers, "{server}", "Hangfire's servers, two for each worker node.");
    }

    void Gauge(string name, string unit, string what, string? label, string description) => meter.CreateObservableGauge(
        name,
        () => figures.Read().Figures.Where(f => f.What == what).Select(f => label is null ? new Measurement<double>(f.Value) : new(f.Value, new KeyValuePair<string, object?>(label, f.Of))),
        unit, description);

    void Of(string name, string unit, string description, Func<EndpointStatus, double?> value) => meter.CreateObservableGauge(
        name,
        () => from endpoint in figures.Read().Endpoints
              where value(endpoint) is not null
              select new Measurement<double>(value(endpoint)!.Value, new KeyValuePair<string, object?>("endpoint", endpoint.Name)),
        unit, description);

    IEnumerable<Measurement<int>> ReadStates() =>
        from endpoint in figures.Read().Endpoints
        from state in States
        select new Measurement<int>(endpoint.State == state ? 1 : 0, new("endpoint", endpoint.Name), new("state", state));

    IEnumerable<Measurement<long>> ReadTickets() => figures.Read().Tickets is not { } tickets ? [] :
    [
        new(tickets.Enqueued, new KeyValuePair<string, object?>("state", "enqueued")),
        new(tickets.Processing, new KeyValuePair<string, object?>("state", "processing")),
        new(tickets.Succeeded, new KeyValuePair<string, object?>("state", "succeeded")),
        new(tickets.Failed, new KeyValuePair<string, object?>("state", "failed")),
    ];

    IEnumerable<Measurement<long>> ReadServers() => figures.Read().Tickets is { } tickets ? [new(tickets.Servers)] : [];
}
