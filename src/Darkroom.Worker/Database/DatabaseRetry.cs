namespace Darkroom.Worker.Database;

/// <summary>
/// Waits out an outage of the database with something that must be written: the end of a paid call. Only for writes that recognise
/// their own earlier commit.
/// </summary>
internal sealed partial class DatabaseRetry(TimeProvider clock, ILogger<DatabaseRetry> logger)
{
    static readonly TimeSpan First = TimeSpan.FromMilliseconds(200), Longest = TimeSpan.FromSeconds(5);

    /// <exception cref="OperationCanceledException">The process must end; what was not written is found by another node.</exception>
    public async Task<T> UntilWrittenAsync<T>(string what, Func<CancellationToken, Task<T>> write, CancellationToken giveUp)
    {
        for (var wait = First; ; wait = wait * 2 < Longest ? wait * 2 : Longest)
        {
            try
            {
                return await write(giveUp);
            }
            catch (Exception e) when (DatabaseOutage.Explains(e) && !giveUp.IsCancellationRequested)
            {
                Log.Waiting(logger, what, e.Message, wait.TotalSeconds);
                await Task.Delay(wait * (0.5 + Random.Shared.NextDouble() / 2), clock, giveUp);
            }
        }
    }

    /// <inheritdoc cref="UntilWrittenAsync{T}"/>
    public Task UntilWrittenAsync(string what, Func<CancellationToken, Task> write, CancellationToken giveUp) => UntilWrittenAsync(
        what,
        async ct =>
        {
            await write(ct);
            return true;
        },
        giveUp);

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The database cannot be written ({What}: {Reason}); trying again in {Seconds:0.#} s.")]
        public static partial void Waiting(ILogger logger, string what, string reason, double seconds);
    }
}
