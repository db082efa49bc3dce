using System.Diagnostics.Metrics;
using Darkroom.Worker.Execution;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Observability;

/// <summary>How this one worker node is.</summary>
internal sealed class NodeGauges
{
    public NodeGauges(IMeterFactory meters, NodeCondition condition, RunningCalls running, Spool spool, IOptions<WorkerOptions> options)
    {
        var meter = meters.Create(DarkroomMetrics.MeterName);
        meter.CreateObservableGauge("darkroom.node.calls", () => running.Count, "{call}", "Jobs that this node has in hand.");
        meter.CreateObservableGauge("darkroom.node.slots", () => options.Value.Slots, "{call}", "Jobs that this node can have in hand at once.");
        meter.CreateObservableGauge("darkroom.node.accepting", () => condition.Accepting ? 1 : 0, description: "1 while this node takes work; /health/ready says why not.");
        meter.CreateObservableGauge("darkroom.node.heartbeat_age", () => condition.SinceHeartbeat.TotalSeconds, "s", "Since this node last told the database that it is alive.");
        meter.CreateObservableGauge("darkroom.spool.results", () => spool.Own.Waiting().Results, "{result}", "Answers that wait in this node's spool for the store.");
        meter.CreateObservableGauge("darkroom.spool.used", () => spool.Own.Waiting().Bytes, "By", "Bytes in this node's spool, of answers still arriving included.");
        meter.CreateObservableGauge("darkroom.spool.limit", () => options.Value.SpoolMaxBytes, "By", "Bytes in the spool from which on this node takes no more work.");
        meter.CreateObservableGauge("darkroom.spool.disk_free", () => new DriveInfo(spool.Root).AvailableFreeSpace, "By", "Free bytes of the spool's disk.");
    }
}
