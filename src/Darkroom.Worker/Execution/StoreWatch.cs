namespace Darkroom.Worker.Execution;

/// <summary>A store that has failed for a minute stops the node from taking more work; the first put that works lets it go on.</summary>
internal sealed class StoreWatch(NodeCondition condition, TimeProvider clock)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    const string Part = "store";

    readonly Lock change = new();
    long? failingSince;

    public void Failed(string message)
    {
        lock (change)
        {
            failingSince ??= clock.GetTimestamp();
            if (clock.GetElapsedTime(failingSince.Value) >= Patience)
                condition.Set(Part, $"the image store is failing: {message}");
        }
    }

    public void Worked()
    {
        lock (change)
        {
            failingSince = null;
            condition.Set(Part, null);
        }
    }
}
