namespace Darkroom.Simulator.Generation;

/// <summary>Holds calls in flight until they are released, oldest first.</summary>
internal sealed class Gate
{
    private readonly Lock _sync = new();
    private readonly List<TaskCompletionSource> _waiting = [];
    private string? _holding;

    /// <summary>From now on calls wait, all of them or those whose prompt contains the text.</summary>
    public void Hold(string? promptContains)
    {
        lock (_sync)
            _holding = promptContains ?? "";
    }

    /// <summary>Lets this many waiting calls through and goes on holding; or all, and holds no more.</summary>
    public void Release(int? count)
    {
        List<TaskCompletionSource> released;
        lock (_sync)
        {
            if (count is null)
                _holding = null;
            released = _waiting.Take(count ?? int.MaxValue).ToList();
            _waiting.RemoveRange(0, released.Count);
        }
        released.ForEach(call => call.TrySetResult());
    }

    public Task WaitAsync(string prompt, CancellationToken cancel)
    {
        lock (_sync)
        {
            if (_holding is null || !prompt.Contains(_holding, StringComparison.Ordinal))
                return Task.CompletedTask;
            var call = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add(call);
            return call.Task.WaitAsync(cancel);
        }
    }
}
