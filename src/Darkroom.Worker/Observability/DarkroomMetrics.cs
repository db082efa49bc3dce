using System.Diagnostics;
using System.Diagnostics.Metrics;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Webhooks;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Observability;

/// <summary>
/// What this process has done, counted as it happens; Prometheus sums over processes. Labels are of closed sets alone: an endpoint's own
/// words never become one. What the whole cluster holds at a moment is in <see cref="ClusterGauges"/>.
/// </summary>
internal sealed class DarkroomMetrics
{
    public const string MeterName = "Darkroom";

    /// <summary>Of the semantic conventions, and longer ones: pictures take 10 to 300 s.</summary>
    static readonly double[] CallSeconds = [0.01, 0.04, 0.16, 0.64, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 120, 163.84, 240, 327.68, 655.36];

    static readonly double[] StepSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];

    static readonly double[] Tokens = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144];

    readonly Counter<long> submitted, admitted, attempts, ended, retries, images, receivedBytes, storedBytes, storeFailures, webhooks;
    readonly Counter<double> cost, possibleCost;
    readonly Histogram<double> steps, callDuration, webhookDuration, webhookLag;
    readonly Histogram<long> tokens;

    public DarkroomMetrics(IMeterFactory meters, IOptions<EndpointSettings> settings)
    {
        var meter = meters.Create(MeterName);
        submitted = meter.CreateCounter<long>("darkroom.jobs.submitted", "{job}", "Jobs taken in by this process.");
        admitted = meter.CreateCounter<long>("darkroom.jobs.admitted", "{job}", "Tickets handed to Hangfire by this process, those issued again included.");
        attempts = meter.CreateCounter<long>("darkroom.attempts", "{attempt}", "Attempts ended by this process, by outcome and reason.");
        ended = meter.CreateCounter<long>("darkroom.jobs.ended", "{job}", "Jobs ended or held by this process, by what they became: by an attempt, a person, a deadline or the end of a batch.");
        retries = meter.CreateCounter<long>("darkroom.retries", "{attempt}", "Attempts after which the job is tried again, by reason.");
        images = meter.CreateCounter<long>("darkroom.images", "{image}", "Good pictures, stored and recorded.");
        receivedBytes = meter.CreateCounter<long>("darkroom.received", "By", "Bytes of answers read from endpoints, after decompression.");
        storedBytes = meter.CreateCounter<long>("darkroom.stored", "By", "Bytes of pictures stored.");
        storeFailures = meter.CreateCounter<long>("darkroom.store.failures", "{failure}", "Puts of a picture that failed; most are tried again.");
        cost = meter.CreateCounter<double>("darkroom.cost.usd", "{USD}", "Known cost by configured prices. The ledger (GET /v1/usage) is exact over restarts.");
        possibleCost = meter.CreateCounter<double>("darkroom.cost.possible.usd", "{USD}", "What attempts of unknown outcome may have cost.");
        steps = Seconds(meter, "darkroom.attempt.step.duration", "Parts of an attempt: wait, first_byte, body, keep, store, record.", StepSeconds);
        callDuration = Seconds(meter, "gen_ai.client.operation.duration", "Calls to the endpoint, from the first byte sent to the last received.", CallSeconds);
        tokens = meter.CreateHistogram<long>("gen_ai.client.token.usage", "{token}", "Tokens of a call, as the endpoint counted them.",
            advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [.. Tokens.Select(t => (long)t)] });
        webhooks = meter.CreateCounter<long>("darkroom.webhook.attempts", "{attempt}", "Requests to receivers, by event and outcome.");
        webhookDuration = Seconds(meter, "darkroom.webhook.duration", "Requests to receivers.", StepSeconds);
        webhookLag = Seconds(meter, "darkroom.webhook.lag", "From an event to the end of its first request, by the database's clock and this node's.", StepSeconds);
        foreach (var endpoint in settings.Value.Endpoints)
            BeginAtZero(endpoint.Name, settings.Value.Models.Select(m => m.Name).Where(endpoint.Serves));
    }

    static Histogram<double> Seconds(Meter meter, string name, string description, double[] buckets) =>
        meter.CreateHistogram(name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = buckets });

    /// <summary>A series that begins with its first event at 1 shows no increase: of rare events the first would be missed by every alert.</summary>
    void BeginAtZero(string endpoint, IEnumerable<string> models)
    {
        var place = new KeyValuePair<string, object?>("endpoint", endpoint);
        foreach (var reason in Enum.GetValues<FailureKind>())
        {
            attempts.Add(0, place, new("outcome", FailureTable.Of(reason).AttemptStatus), new("reason", CallFailure.CodeOf(reason)));
            retries.Add(0, place, new("reason", CallFailure.CodeOf(reason)));
        }
        foreach (var reason in (string[])["spool_lost", "spool_damaged"])
            attempts.Add(0, place, new("outcome", "unknown"), new("reason", reason));
        attempts.Add(0, place, new("outcome", "succeeded"), new("reason", "none"));
        attempts.Add(0, place, new("outcome", "superseded"), new("reason", "none"));
        foreach (var status in (string[])["succeeded", "failed", "held", "canceled"])
            ended.Add(0, place, new("status", status));
        foreach (var outcome in (string[])["delivered", "retry", "given_up"])
        {
            foreach (var type in WebhookEvents.All)
                webhooks.Add(0, new("event", type), new("outcome", outcome));
        }
        foreach (var model in models)
        {
            submitted.Add(0, place, new("model", model));
            foreach (var outcome in (string[])["succeeded", "failed", "superseded", "unknown"])
                cost.Add(0, place, new("model", model), new("outcome", outcome));
            possibleCost.Add(0, place, new("model", model));
        }
        foreach (var counter in (Counter<long>[])[images, receivedBytes, storedBytes])
            counter.Add(0, place);
        storeFailures.Add(0);
        admitted.Add(0);
    }

    /// <summary>Taken in and committed: one by one, or the lines of a batch.</summary>
    public void JobsSubmitted(string endpoint, string model, int count) => submitted.Add(count, new("endpoint", endpoint), new("model", model));

    /// <summary>Committed, by an attempt or without one.</summary>
    public void JobsEnded(string endpoint, string status, int count) => ended.Add(count, new("endpoint", endpoint), new("status", status));

    public void JobAdmitted() => admitted.Add(1);

    public void StoreFailed() => storeFailures.Add(1);

    /// <summary>A call was made, however it ended; by the GenAI conventions.</summary>
    public void CallEnded(TagList conventions, TimeSpan duration, string? reason)
    {
        if (reason is not null)
            conventions.Add("error.type", reason);
        callDuration.Record(duration.TotalSeconds, conventions);
    }

    /// <summary>An attempt stands in the ledger.</summary>
    public void AttemptEnded(AttemptFacts facts, TagList conventions)
    {
        var place = new KeyValuePair<string, object?>("endpoint", facts.Endpoint);
        attempts.Add(1, place, new("outcome", facts.Outcome), new("reason", facts.Reason));
        if (facts.JobStatus == "queued")
            retries.Add(1, place, new("reason", facts.Reason));
        else if (facts.JobStatus is { } status)
            JobsEnded(facts.Endpoint, status, 1);
        receivedBytes.Add(facts.BodyBytes, place);
        if (facts.Outcome == "succeeded")
        {
            images.Add(facts.Images, place);
            storedBytes.Add(facts.PictureBytes, place);
        }
        var (endpoint, model) = (place, new KeyValuePair<string, object?>("model", facts.Model));
        if (facts.Cost is > 0)
            cost.Add((double)facts.Cost, endpoint, model, new("outcome", facts.Outcome));
        if (facts.PossibleCost is > 0)
            possibleCost.Add((double)facts.PossibleCost, endpoint, model);
        if (facts.Usage is { } usage)
        {
            RecordTokens("input", usage.Input, conventions);
            RecordTokens("output", usage.Output, conventions);
        }
        foreach (var (step, duration) in facts.Steps)
            steps.Record(duration.TotalSeconds, place, new("step", step));
    }

    void RecordTokens(string type, long count, TagList conventions)
    {
        conventions.Add("gen_ai.token.type", type);
        tokens.Record(count, conventions);
    }

    public void WebhookSent(string type, string outcome, TimeSpan duration, TimeSpan? lag)
    {
        webhooks.Add(1, new("event", type), new("outcome", outcome));
        webhookDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("event", type));
        if (lag is { } late)
            webhookLag.Record(Math.Max(0, late.TotalSeconds), new KeyValuePair<string, object?>("event", type));
    }
}
