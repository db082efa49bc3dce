using Microsoft.Extensions.Options;
using Npgsql;

namespace Darkroom.Worker.Database;

/// <summary>How Postgres is reached: <c>ConnectionStrings:Darkroom</c>, with what Darkroom relies on added to it; and <c>Darkroom:Database</c>.</summary>
internal sealed class DatabaseSettings
{
    public const string Key = "ConnectionStrings:Darkroom";

    public const string Section = "Darkroom:Database";

    /// <summary>Required. Npgsql's keywords; what it sets itself stands.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>
    /// Whether a start applies the migrations that the schema lacks. Default true. False where a step of its own does it (<c>migrate</c>), or
    /// where this role of Postgres may not: a start against an older schema then says so and ends.
    /// </summary>
    public bool MigrateAtStart { get; set; } = true;

    /// <summary>Stock durability: what a caller was told is committed is on disk. Only Hangfire's tickets may give that up.</summary>
    public string ForOurRows()
    {
        var ours = new NpgsqlConnectionStringBuilder(ConnectionString);
        SetUnlessGiven(ours, "Application Name", "darkroom");
        // A connection that died silently is noticed while it waits for notifications.
        SetUnlessGiven(ours, "Keepalive", 15);
        // Several nodes share the 100 connections of a stock server; a thousand calls in flight need few, and briefly.
        SetUnlessGiven(ours, "Maximum Pool Size", 30);
        SetUnlessGiven(ours, "Timeout", 15);
        // Kerberos probing was seen to abort a process at its exit.
        SetUnlessGiven(ours, "GSS Encryption Mode", "Disable");
        // The driver's metrics call a pool by its connection string.
        ours.PersistSecurityInfo = false;
        // A frozen node must not keep row locks: the server ends a transaction that stands idle.
        ours.Options = $"-c idle_in_transaction_session_timeout=5s {ours.Options}".Trim();
        return ours.ConnectionString;
    }

    /// <summary>
    /// Relaxed, for Hangfire alone: its tickets may be lost. No reset on close and prepared statements take its 40 statements a job to 34;
    /// a commit does not wait for the disk.
    /// </summary>
    public string ForTickets()
    {
        var tickets = new NpgsqlConnectionStringBuilder(ForOurRows())
        {
            ApplicationName = "darkroom tickets",
            NoResetOnClose = true,
            MaxAutoPrepare = 60,
            MaxPoolSize = 20,
            Enlist = false,
        };
        tickets.Options = $"{tickets.Options} -c synchronous_commit=off";
        return tickets.ConnectionString;
    }

    static void SetUnlessGiven(NpgsqlConnectionStringBuilder builder, string keyword, object value)
    {
        if (!builder.ContainsKey(keyword) || !builder.ShouldSerialize(keyword))
            builder[keyword] = value;
    }
}

internal sealed class DatabaseSettingsRules : IValidateOptions<DatabaseSettings>
{
    public ValidateOptionsResult Validate(string? name, DatabaseSettings options)
    {
        if (string.IsNullOrWhiteSpace(options.ConnectionString))
            return ValidateOptionsResult.Fail(
                $"{DatabaseSettings.Key} is missing: say where Postgres is, for example Host=127.0.0.1;Database=darkroom;Username=darkroom;Password=...");
        try
        {
            _ = new NpgsqlConnectionStringBuilder(options.ConnectionString);
            return ValidateOptionsResult.Success;
        }
        catch (ArgumentException e)
        {
            return ValidateOptionsResult.Fail($"{DatabaseSettings.Key} is no Npgsql connection string: {e.Message}");
        }
    }
}
