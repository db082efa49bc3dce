using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Darkroom.Worker.Database;

/// <summary>Brings the schema to this version, or says why it must not be used.</summary>
internal sealed partial class SchemaMigration(
    IOptions<DatabaseSettings> settings, IDbContextFactory<DarkroomDb> databases, TimeProvider clock, ILogger<SchemaMigration> logger)
{
    /// <summary>Any number, the same in every version.</summary>
    const long LockKey = 0x4461726B726F6F6D;

    static readonly TimeSpan Asking = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// EF Core's own lock ends with each migration, so that nodes started at the same moment were seen to run the next one twice. Ours lasts
    /// for all of them, on a connection of its own that no pool keeps: the server drops it with the connection, however that ends.
    /// </summary>
    /// <exception cref="StartException">The schema is not for this version.</exception>
    public async Task RunAsync(bool migrates, CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        await db.Database.OpenConnectionAsync(ct);
        var schema = await ReadAsync(db, ct);
        await using var alone = schema.Lacking.Count > 0 ? await TakeLockAsync(ct) : null;
        // Whoever had the lock before may have brought it up to date.
        if (alone is not null)
            schema = await ReadAsync(db, ct);
        if (schema.Objection(migrates) is { } objection)
            throw new StartException(objection);
        if (schema.Newer.Count > 0)
            Log.Newer(logger, string.Join(", ", schema.Newer));
        if (schema.Lacking.Count > 0)
            await ApplyAsync(db, schema, ct);
    }

    static async Task<Schema> ReadAsync(DarkroomDb db, CancellationToken ct)
    {
        var marks = await db.Database.SqlQuery<bool>($"SELECT to_regprocedure({Contraction.Function}) IS NOT NULL AS \"Value\"").SingleAsync(ct);
        return new Schema(
            [.. db.Database.GetMigrations()],
            [.. await db.Database.GetAppliedMigrationsAsync(ct)],
            marks ? await db.Database.SqlQueryRaw<string>($"SELECT {Contraction.Function} AS \"Value\"").SingleAsync(ct) : null);
    }

    /// <summary>
    /// Asks again and again: a statement that waits for the lock has a snapshot, for whose end <see cref="TableLocks.CreateIndexConcurrently"/>
    /// of the lock's holder would wait, each for the other and unseen by the server.
    /// </summary>
    async Task<NpgsqlConnection> TakeLockAsync(CancellationToken ct)
    {
        var alone = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(settings.Value.ForOurRows()) { Pooling = false }.ConnectionString);
        try
        {
            await alone.OpenAsync(ct);
            await using var take = new NpgsqlCommand($"SELECT pg_try_advisory_lock({LockKey})", alone);
            for (var waiting = false; await take.ExecuteScalarAsync(ct) is not true; waiting = true)
            {
                if (!waiting)
                    Log.WaitingForAnother(logger);
                await Task.Delay(Asking, clock, ct);
            }
            return alone;
        }
        catch
        {
            await alone.DisposeAsync();
            throw;
        }
    }

    async Task ApplyAsync(DarkroomDb db, Schema schema, CancellationToken ct)
    {
        // However long one takes on a large table.
        db.Database.SetCommandTimeout(0);
        await db.Database.ExecuteSqlRawAsync(TableLocks.Patience, ct);
        await db.Database.MigrateAsync(ct);
        Log.Migrated(logger, string.Join(", ", schema.Lacking));
    }

    /// <summary>
    /// SQL that brings any earlier schema, or an empty database, to this version, for administrators who let no program change theirs.
    /// It may be applied again, and takes the same lock as <see cref="RunAsync"/>. No database is contacted.
    /// </summary>
    public static string Script()
    {
        using var db = new DesignTimeDarkroomDb().CreateDbContext([]);
        var sql = db.GetService<IMigrator>().GenerateScript(options: MigrationsSqlGenerationOptions.Idempotent);
        return $"SELECT pg_advisory_lock({LockKey});\n{TableLocks.Patience};\n\n{sql.ReplaceLineEndings("\n").Trim()}\n\nRESET lock_timeout;\nSELECT pg_advisory_unlock({LockKey});\n";
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "The database's schema was brought to this version: {Migrations}.")]
        public static partial void Migrated(ILogger logger, string migrations);

        [LoggerMessage(LogLevel.Warning, "The database's schema is newer than this version, which it still serves: it holds {Migrations} too.")]
        public static partial void Newer(ILogger logger, string migrations);

        [LoggerMessage(LogLevel.Information, "Another process migrates the database; waiting for it.")]
        public static partial void WaitingForAnother(ILogger logger);
    }
}
