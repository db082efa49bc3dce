using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Darkroom.CrashTests;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

/// <summary>
/// Ends or freezes a real worker exactly at a step of a job's path, without a line in the product for it: .NET calls this before the
/// <c>Main</c> of a program started with <c>DOTNET_STARTUP_HOOKS</c> set to this assembly (its name and signature are .NET's), and EF Core
/// tells every listener in the process of each statement and commit.
/// </summary>
internal static partial class StartupHook
{
    public const string StepVariable = "DARKROOM_CRASH_STEP", SignalVariable = "DARKROOM_CRASH_SIGNAL";

    public static void Initialize()
    {
        var step = Enum.Parse<Step>(Environment.GetEnvironmentVariable(StepVariable)!);
        var signal = int.Parse(Environment.GetEnvironmentVariable(SignalVariable)!, CultureInfo.InvariantCulture);
        DiagnosticListener.AllListeners.Subscribe(new Each<DiagnosticListener>(listener =>
        {
            if (listener.Name == DbLoggerCategory)
                listener.Subscribe(new Each<KeyValuePair<string, object?>>(new StepWatch(step, () => _ = Raise(signal)).See));
        }));
    }

    const string DbLoggerCategory = "Microsoft.EntityFrameworkCore";

    /// <summary>To the thread that calls: sent to the process, a stop is taken by any thread, and this one runs on until then.</summary>
    [LibraryImport("libc", EntryPoint = "raise")]
    private static partial int Raise(int signal);

    sealed class Each<T>(Action<T> see) : IObserver<T>
    {
        public void OnNext(T value) => see(value);

        public void OnError(Exception error)
        {
        }

        public void OnCompleted()
        {
        }
    }

    /// <summary>Sees statements and commits go by; acts at the first that is the step.</summary>
    sealed class StepWatch(Step step, Action act)
    {
        DbContextId? admitting, recording, raising;
        int done;

        public void See(KeyValuePair<string, object?> seen)
        {
            if (Of(seen.Key, seen.Value) == step && Interlocked.Exchange(ref done, 1) == 0)
                act();
        }

        Step? Of(string name, object? data)
        {
            if (data is CommandExecutedEventData { Command.CommandText: var executed } after)
                return Executed(executed, after.Context?.ContextId);
            if (data is CommandEventData { Command.CommandText: var executing } && name == RelationalEventId.CommandExecuting.Name)
                return Receives(executing) ? Step.ManifestWritten : Records(executing) ? Step.Stored : null;
            if (data is TransactionEndEventData { Context.ContextId: var context } && name == RelationalEventId.TransactionCommitted.Name)
                return context == admitting ? Step.Admitted : context == recording ? Step.Recorded : context == raising ? Step.Raised : null;
            return null;
        }

        Step? Executed(string sql, DbContextId? context)
        {
            if (sql.Contains("WITH chosen AS", StringComparison.Ordinal))
                admitting = context;
            if (sql.Contains("INSERT INTO darkroom.images", StringComparison.Ordinal))
            {
                recording = context;
                return Step.Recording;
            }
            if (sql.Contains("INSERT INTO darkroom.webhook_deliveries", StringComparison.Ordinal) && context != recording)
            {
                raising = context;
                return Step.Raising;
            }
            return sql.Contains("INSERT INTO darkroom.attempts", StringComparison.Ordinal) ? Step.Claimed : Receives(sql) ? Step.Received : null;
        }

        static bool Receives(string sql) => sql.StartsWith("UPDATE darkroom.attempts", StringComparison.Ordinal) && sql.Contains("received_at =", StringComparison.Ordinal);

        static bool Records(string sql) => sql.Contains("SELECT job_id FROM darkroom.attempts", StringComparison.Ordinal);
    }
}
