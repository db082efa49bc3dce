using Darkroom.Simulator.Contract;

namespace Darkroom.Simulator.Accounting;

/// <summary>Every call the simulator got since the last reset, and what was really billed. Safe for use from any thread.</summary>
public sealed class Account : IDisposable
{
    private readonly Lock _sync = new();
    private readonly SimulatorOptions _options;
    private readonly CallLog? _log;
    private readonly List<Call> _calls = [];
    private readonly List<Waiter> _waiters = [];
    private int _firstNumber = 1;

    internal Account(SimulatorOptions options)
    {
        _options = options;
        _log = options.CallLog is { Length: > 0 } path ? new CallLog(path) : null;
    }

    /// <summary>A snapshot of all calls, in the order of arrival.</summary>
    public IReadOnlyList<Call> Calls
    {
        get { lock (_sync) return _calls.ToArray(); }
    }

    /// <summary>Calls that have arrived and not ended.</summary>
    public int InFlight
    {
        get { lock (_sync) return _inFlight; }
    }
    private int _inFlight;

    public int PeakInFlight
    {
        get { lock (_sync) return _peakInFlight; }
    }
    private int _peakInFlight;

    public Bill Bill => Bill.Of(Calls);

    /// <summary>US$ billed since the last reset.</summary>
    internal decimal Billed
    {
        get { lock (_sync) return _billed; }
    }
    private decimal _billed;

    /// <summary>Ends when this many calls have arrived since the last reset.</summary>
    public Task WaitForCallsAsync(int arrived, CancellationToken cancel) => WaitForCallsAsync(calls => calls.Count >= arrived, cancel);

    /// <summary>Ends when this many calls are in flight at once.</summary>
    public Task WaitForInFlightAsync(int count, CancellationToken cancel) =>
        WaitForCallsAsync(calls => calls.Count(call => call.FinishedAt is null) >= count, cancel);

    /// <summary>Ends when this many calls are held at once.</summary>
    public Task WaitForHeldAsync(int count, CancellationToken cancel) =>
        WaitForCallsAsync(calls => calls.Count(call => call.Held) >= count, cancel);

    /// <summary>Ends when the calls satisfy the condition, which is tried now and at every change.</summary>
    public async Task WaitForCallsAsync(Func<IReadOnlyList<Call>, bool> condition, CancellationToken cancel)
    {
        var waiter = new Waiter(condition, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_sync)
        {
            if (condition(_calls.ToArray()))
                return;
            _waiters.Add(waiter);
        }
        try
        {
            await waiter.Done.Task.WaitAsync(cancel);
        }
        finally
        {
            lock (_sync)
                _waiters.Remove(waiter);
        }
    }

    internal Call Arrive(string? clientRequestId)
    {
        lock (_sync)
        {
            var call = new Call
            {
                Number = _firstNumber + _calls.Count,
                ClientRequestId = clientRequestId,
                RequestId = $"req_{Guid.NewGuid():N}",
                ArrivedAt = _options.TimeProvider.GetUtcNow(),
            };
            _calls.Add(call);
            _peakInFlight = Math.Max(_peakInFlight, ++_inFlight);
            _log?.Write("arrived", call);
            Signal();
            return call;
        }
    }

    internal void Describe(int number, GenerationRequest request) => Change(number, null, call => call with
    {
        Prompt = request.Prompt,
        PromptHash = request.PromptHash,
        Model = request.Model.Name,
        Quality = request.Quality,
        Size = request.Size,
        N = request.N,
    });

    internal void Strike(int number, IReadOnlyList<string> faults) => Change(number, null, call => call with { Faults = faults });

    internal void Hold(int number, bool held) => Change(number, null, call => call with { Held = held });

    internal void Abort(int number) => Change(number, null, call => call with { ClientAborted = true });

    internal void Charge(int number, GenerationRequest request)
    {
        var usage = TokenUsage.Of(request);
        Change(number, "billed", call =>
        {
            var cost = usage.Cost(request.Model);
            _billed += cost ?? 0;
            return call with { Billed = true, Usage = usage, Cost = cost };
        });
    }

    internal void Finish(int number, int? status, long bytesSent, bool clientAborted) => Change(number, "finished", call =>
    {
        _inFlight--;
        return call with
        {
            FinishedAt = _options.TimeProvider.GetUtcNow(),
            Status = status,
            BytesSent = bytesSent,
            ClientAborted = clientAborted,
        };
    });

    /// <summary>Forgets all calls. Those still in flight are not counted when they end.</summary>
    public void Reset()
    {
        lock (_sync)
        {
            _firstNumber += _calls.Count;
            _calls.Clear();
            (_inFlight, _peakInFlight, _billed) = (0, 0, 0);
            Signal();
        }
    }

    private void Change(int number, string? logged, Func<Call, Call> change)
    {
        lock (_sync)
        {
            if (number < _firstNumber)
                return;
            var call = _calls[number - _firstNumber] = change(_calls[number - _firstNumber]);
            if (logged is not null)
                _log?.Write(logged, call);
            Signal();
        }
    }

    private void Signal()
    {
        if (_waiters.Count == 0)
            return;
        var calls = _calls.ToArray();
        foreach (var waiter in _waiters)
            waiter.Try(calls);
    }

    public void Dispose() => _log?.Dispose();

    private sealed record Waiter(Func<IReadOnlyList<Call>, bool> Condition, TaskCompletionSource Done)
    {
        // A condition that throws is its owner's failure, not that of the call that happened to change.
        public void Try(IReadOnlyList<Call> calls)
        {
            try
            {
                if (Condition(calls))
                    Done.TrySetResult();
            }
            catch (Exception failure)
            {
                Done.TrySetException(failure);
            }
        }
    }
}
