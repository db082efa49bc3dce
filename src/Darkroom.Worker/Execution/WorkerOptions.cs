using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Execution;

/// <summary>How this node works; <c>Darkroom:Worker</c>.</summary>
internal sealed class WorkerOptions
{
    public const string Section = "Darkroom:Worker";

    /// <summary>
    /// Calls in flight on this node at once, each on a Hangfire worker of its own. Default 200; 1 to 2000. A slot costs about 60 KB of
    /// memory while idle; 250 images a minute at two to three minutes each fill 525 to 810 of them.
    /// </summary>
    public int Slots { get; set; } = 200;

    /// <summary>
    /// How long SIGTERM waits for calls in flight before it gives them up as unknown. Default: the longest endpoint <c>Timeout</c> and
    /// 30 seconds; 0 seconds to 1 hour. Whatever stops the process must wait longer than this.
    /// </summary>
    public TimeSpan? DrainTimeout { get; set; }

    /// <summary>
    /// Where answers are written as they arrive; one folder per process inside it. Default <c>.darkroom/spool</c> below the program's folder.
    /// Put it on a disk that outlives the process, and that all workers of a machine share, so that one adopts what another left.
    /// </summary>
    public string SpoolPath { get; set; } = ".darkroom/spool";

    /// <summary>Finished results that may wait for the store before the node takes no more work. Default 2000; 1 to 1,000,000.</summary>
    public int SpoolMaxResults { get; set; } = 2000;

    /// <summary>Bytes that may wait for the store before the node takes no more work. Default 20 GiB; 100 MiB or more.</summary>
    public long SpoolMaxBytes { get; set; } = 20L << 30;

    /// <summary>
    /// Free bytes below which the node takes no more work: on the spool's disk, and on that of the pictures where they are stored as files.
    /// Default 1 GiB, some 25 answers of ten large pictures; 0 turns the check off.
    /// </summary>
    public long SpoolMinFreeBytes { get; set; } = 1L << 30;

    /// <summary>How often a node says it is alive. Default 3 seconds; 0.1 to 10 seconds.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Silence after which another node takes a node for dead. Default 15 seconds; at least 3 heartbeats, so that one lost packet kills
    /// nobody, and at most 10 minutes. A node that has not reached the database for two thirds of it makes no call.
    /// </summary>
    public TimeSpan RescueAfter { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Above this age of the last good heartbeat no call is sent: others may be about to take this node for dead.</summary>
    public TimeSpan FreshFor => RescueAfter * (2.0 / 3);
}

internal sealed class WorkerOptionsRules : IValidateOptions<WorkerOptions>
{
    public ValidateOptionsResult Validate(string? name, WorkerOptions options)
    {
        var mistakes = new List<string>();
        void Require(bool holds, string key, string rule, object? value)
        {
            if (!holds)
                mistakes.Add($"{WorkerOptions.Section}:{key} must be {rule}, not {value}.");
        }

        Require(options.Slots is >= 1 and <= 2000, nameof(options.Slots), "1 to 2000", options.Slots);
        Require(options.DrainTimeout is null || (options.DrainTimeout >= TimeSpan.Zero && options.DrainTimeout <= TimeSpan.FromHours(1)),
            nameof(options.DrainTimeout), "0 seconds to 1 hour", options.DrainTimeout);
        Require(!string.IsNullOrWhiteSpace(options.SpoolPath), nameof(options.SpoolPath), "a folder", "empty");
        Require(options.SpoolMaxResults is >= 1 and <= 1_000_000, nameof(options.SpoolMaxResults), "1 to 1000000", options.SpoolMaxResults);
        Require(options.SpoolMaxBytes >= 100L << 20, nameof(options.SpoolMaxBytes), "at least 104857600 (100 MiB)", options.SpoolMaxBytes);
        Require(options.SpoolMinFreeBytes >= 0, nameof(options.SpoolMinFreeBytes), "0 or more", options.SpoolMinFreeBytes);
        Require(options.HeartbeatInterval >= TimeSpan.FromSeconds(0.1) && options.HeartbeatInterval <= TimeSpan.FromSeconds(10),
            nameof(options.HeartbeatInterval), "0.1 to 10 seconds", options.HeartbeatInterval);
        Require(options.RescueAfter >= 3 * options.HeartbeatInterval && options.RescueAfter <= TimeSpan.FromMinutes(10),
            nameof(options.RescueAfter), "at least 3 heartbeats and at most 10 minutes", options.RescueAfter);
        return mistakes.Count > 0 ? ValidateOptionsResult.Fail(mistakes) : ValidateOptionsResult.Success;
    }
}
