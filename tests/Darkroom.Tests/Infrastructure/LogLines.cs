using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Darkroom.Tests.Infrastructure;

/// <summary>Keeps every log line, exceptions included, for a test to search.</summary>
public sealed class LogLines : ILoggerProvider, ILogger
{
    readonly ConcurrentQueue<(LogLevel Level, string Text)> lines = new();

    event Action<string>? Written;

    public IEnumerable<string> All => lines.Select(line => line.Text);

    public IEnumerable<string> AtLeast(LogLevel level) => lines.Where(line => line.Level >= level).Select(line => line.Text);

    /// <summary>Returns once a line holds this text, written before or after the call.</summary>
    public async Task WaitForAsync(string text, CancellationToken ct)
    {
        var found = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look(string line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
                found.TrySetResult();
        }

        Written += Look;
        try
        {
            foreach (var line in All)
                Look(line);
            await found.Task.WaitAsync(TimeSpan.FromSeconds(60), ct);
        }
        finally
        {
            Written -= Look;
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var text = $"{formatter(state, exception)} {exception}";
        lines.Enqueue((logLevel, text));
        Written?.Invoke(text);
    }

    public void Dispose()
    {
    }
}
