namespace Darkroom.Simulator.Answers;

/// <summary>When the next bytes of a body may go out.</summary>
internal sealed class Pace(TimeProvider time, Answer answer, long? length)
{
    private readonly long _start = time.GetTimestamp();

    public async Task WaitAsync(long sent, CancellationToken cancel)
    {
        if (answer.Trickle is { } trickle)
            await Task.Delay(trickle.Every, time, cancel);
        if (answer.BodyDuration == TimeSpan.Zero || length is not > 0)
            return;
        var ahead = answer.BodyDuration * ((double)sent / length.Value) - time.GetElapsedTime(_start);
        if (ahead > TimeSpan.Zero)
            await Task.Delay(ahead, time, cancel);
    }
}
