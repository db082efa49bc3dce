using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Darkroom.Worker.Database;

internal static partial class DatabaseSetup
{
    /// <summary>Any number, the same in every version.</summary>
    const long MigrationLock = 0x4461726B726F6F6D;

    public static IServiceCollection AddDatabase(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<IValidateOptions<DatabaseSettings>, DatabaseSettingsRules>();
        services.AddOptions<DatabaseSettings>()
            .Configure(settings => settings.ConnectionString = configuration.GetConnectionString("Darkroom") ?? "")
            .ValidateOnStart();
        services.AddSingleton(provider => NpgsqlDataSource.Create(provider.GetRequiredService<IOptions<DatabaseSettings>>().Value.ForOurRows()));
        services.AddPooledDbContextFactory<DarkroomDb>((provider, options) => options.UseDarkroom(provider.GetRequiredService<NpgsqlDataSource>()));
        services.AddSingleton<DatabaseRetry>();
        return services;
    }

    /// <summary>
    /// Applies pending migrations, one process at a time, and does what else a start needs of the database. Waits a minute for one that is
    /// still starting, or starting again.
    /// </summary>
    /// <param name="then">May be done more than once.</param>
    /// <exception cref="StartException">It did not come up, or refuses us.</exception>
    public static async Task MigrateAsync(this IServiceProvider services, Func<Task> then, CancellationToken ct)
    {
        var clock = services.GetRequiredService<TimeProvider>();
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(DatabaseSetup));
        var started = clock.GetTimestamp();
        for (var again = false; ; again = true)
        {
            try
            {
                await MigrateOnceAsync(services, ct);
                await then();
                return;
            }
            catch (Exception e) when (DatabaseOutage.Explains(e) && clock.GetElapsedTime(started) < TimeSpan.FromMinutes(1))
            {
                if (!again)
                    Log.Waiting(logger, e.GetBaseException().Message);
                await Task.Delay(TimeSpan.FromSeconds(1), clock, ct);
            }
            catch (Exception e) when (e is NpgsqlException or InvalidOperationException { InnerException: NpgsqlException })
            {
                throw new StartException($"The database of {DatabaseSettings.Key} cannot be used: {e.GetBaseException().Message}");
            }
        }
    }

    /// <summary>
    /// EF Core's own lock ends with each migration, so that nodes started at the same moment were seen to run the next one twice. Ours lasts
    /// for all of them, on a connection of its own: the server drops it with a process that dies.
    /// </summary>
    static async Task MigrateOnceAsync(IServiceProvider services, CancellationToken ct)
    {
        await using var alone = await services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(ct);
        await using (var take = new NpgsqlCommand($"SELECT pg_advisory_lock({MigrationLock})", alone))
            await take.ExecuteNonQueryAsync(ct);
        await using var db = await services.GetRequiredService<IDbContextFactory<DarkroomDb>>().CreateDbContextAsync(ct);
        await db.Database.MigrateAsync(ct);
        await using var release = new NpgsqlCommand($"SELECT pg_advisory_unlock({MigrationLock})", alone);
        await release.ExecuteNonQueryAsync(ct);
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The database cannot be reached ({Reason}); trying for a minute.")]
        public static partial void Waiting(ILogger logger, string reason);
    }
}

/// <summary>The process cannot start, for a reason that its operator can mend; the message is all that is shown.</summary>
public sealed class StartException(string message) : Exception(message);
