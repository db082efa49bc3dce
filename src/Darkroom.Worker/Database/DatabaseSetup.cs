using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Darkroom.Worker.Database;

internal static partial class DatabaseSetup
{
    public static IServiceCollection AddDatabase(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<IValidateOptions<DatabaseSettings>, DatabaseSettingsRules>();
        services.AddOptions<DatabaseSettings>()
            .Bind(configuration.GetSection(DatabaseSettings.Section))
            .Configure(settings => settings.ConnectionString = configuration.GetConnectionString("Darkroom") ?? "")
            .ValidateOnStart();
        services.AddSingleton(provider => NpgsqlDataSource.Create(provider.GetRequiredService<IOptions<DatabaseSettings>>().Value.ForOurRows()));
        services.AddPooledDbContextFactory<DarkroomDb>((provider, options) => options.UseDarkroom(provider.GetRequiredService<NpgsqlDataSource>()));
        services.AddSingleton<DatabaseRetry>();
        services.AddSingleton<SchemaMigration>();
        return services;
    }

    /// <summary>
    /// Applies pending migrations, one process at a time, and does what else a start needs of the database. Waits a minute, from its first
    /// failure, for one that is still starting, or starting again.
    /// </summary>
    /// <param name="migrates">False: a schema that is not up to date ends the start.</param>
    /// <param name="then">May be done more than once.</param>
    /// <exception cref="StartException">It did not come up, or refuses us, or its schema is not for this version.</exception>
    public static async Task PrepareDatabaseAsync(this IServiceProvider services, bool migrates, Func<Task> then, CancellationToken ct)
    {
        var migration = services.GetRequiredService<SchemaMigration>();
        var clock = services.GetRequiredService<TimeProvider>();
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(DatabaseSetup));
        long? failing = null;
        while (true)
        {
            try
            {
                await migration.RunAsync(migrates, ct);
                await then();
                return;
            }
            catch (Exception e) when (DatabaseOutage.Explains(e) && (failing is null || clock.GetElapsedTime(failing.Value) < TimeSpan.FromMinutes(1)))
            {
                if (failing is null)
                    Log.Waiting(logger, e.GetBaseException().Message);
                failing ??= clock.GetTimestamp();
                await Task.Delay(TimeSpan.FromSeconds(1), clock, ct);
            }
            catch (Exception e) when (e is NpgsqlException or InvalidOperationException { InnerException: NpgsqlException })
            {
                throw new StartException($"The database of {DatabaseSettings.Key} cannot be used: {e.GetBaseException().Message}");
            }
        }
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The database cannot be used yet ({Reason}); trying for a minute.")]
        public static partial void Waiting(ILogger logger, string reason);
    }
}

/// <summary>The process cannot start, for a reason that its operator can mend; the message is all that is shown.</summary>
public sealed class StartException(string message) : Exception(message);
