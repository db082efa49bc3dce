using System.Collections.Concurrent;
using System.Diagnostics;

namespace Darkroom.Tests.Observability;

/// <summary>Every span of one trace that this process has ended, whichever of its hosts made it.</summary>
internal sealed class SeenSpans : IDisposable
{
    readonly ConcurrentQueue<Activity> ended = new();
    readonly ActivityListener listener;

    public SeenSpans(ActivityTraceId trace)
    {
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Darkroom" or "Microsoft.AspNetCore" or "System.Net.Http",
            Sample = (ref ActivityCreationOptions<ActivityContext> span) => span.Parent.TraceId == trace ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = span =>
            {
                if (span.TraceId == trace)
                    ended.Enqueue(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
    }

    public IReadOnlyList<Activity> All => [.. ended];

    public IReadOnlyList<Activity> Of(string name) => [.. ended.Where(span => span.OperationName == name)];

    public void Dispose() => listener.Dispose();
}
