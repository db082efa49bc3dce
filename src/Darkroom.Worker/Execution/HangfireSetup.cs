using Darkroom.Worker.Access;
using Darkroom.Worker.Database;
using Darkroom.Worker.Webhooks;
using Hangfire;
using Hangfire.AspNetCore;
using Hangfire.Common;
using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;
using Hangfire.States;
using Hangfire.Storage;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Execution;

/// <summary>
/// Hangfire executes tickets and nothing depends on it being right: our rows are the truth. Its connections therefore give up durability
/// for speed, which ours must never do, and its workers wait to be woken instead of polling.
/// </summary>
internal static class HangfireSetup
{
    public const string GenerateQueue = "generate";

    public static IServiceCollection AddTickets(this IServiceCollection services)
    {
        services.AddSingleton(provider => new TicketQueue(GenerateQueue, provider.GetRequiredService<NodeCondition>()));
        // A node that takes no more calls still tells of those that have ended.
        services.AddKeyedSingleton(WebhookSetup.Queue, (_, _) => new TicketQueue(WebhookSetup.Queue, node: null));
        services.AddSingleton<JobStorage>(CreateStorage);
        // Left to itself, Hangfire takes the activator of the newest host in the process: one worker would run another's tickets.
        services.AddSingleton<JobActivator>(provider => new AspNetCoreJobActivator(provider.GetRequiredService<IServiceScopeFactory>()));
        services.AddHangfire((provider, hangfire) => hangfire
            .UseStorage(provider.GetRequiredService<JobStorage>())
            .UseSimpleAssemblyNameTypeSerializer()
            .UseRecommendedSerializerSettings()
            .UseFilter(new TicketsExpire()));
        return services;
    }

    public static IServiceCollection AddTicketServer(this IServiceCollection services) => services.AddHangfireServer((provider, server) =>
    {
        var options = provider.GetRequiredService<IOptions<WorkerOptions>>().Value;
        var drain = provider.GetRequiredService<DrainTime>().Value;
        server.ServerName = provider.GetRequiredService<NodeIdentity>().Name;
        server.Queues = [GenerateQueue];
        server.WorkerCount = options.Slots;
        // The drain time rules: Hangfire would cancel jobs half a second after SIGTERM and leave after fifteen.
        server.StopTimeout = drain + NodeLifetime.LastWords;
        server.ShutdownTimeout = drain + NodeLifetime.LastWords;
        server.CancellationCheckInterval = TimeSpan.FromMinutes(1);
    });

    /// <summary>Hangfire's own pages, for administrators: what became of tickets. Our access rules replace its local-only rule.</summary>
    public static void MapTicketPages(this IEndpointRouteBuilder routes) => routes
        .MapHangfireDashboard("/hangfire", new DashboardOptions { Authorization = [], AppPath = null, DashboardTitle = "Darkroom tickets" })
        .RequireAuthorization(Scopes.Pages);

    static JobStorage CreateStorage(IServiceProvider provider)
    {
        // Retries are rows with a later due time; Hangfire's own would run stale tickets.
        GlobalJobFilters.Filters.Remove<AutomaticRetryAttribute>();
        var options = new PostgreSqlStorageOptions
        {
            SchemaName = "hangfire",
            // Idle workers are woken (TicketQueue). This is only for a wake that was lost with nothing to follow it.
            QueuePollInterval = TimeSpan.FromMinutes(5),
            EnableTransactionScopeEnlistment = false,
            JobExpirationCheckInterval = TimeSpan.FromMinutes(5),
            DistributedLockTimeout = TimeSpan.FromMinutes(1),
        };
        var storage = new PostgreSqlStorage(new NpgsqlConnectionFactory(provider.GetRequiredService<IOptions<DatabaseSettings>>().Value.ForTickets(), options), options);
        provider.GetRequiredService<TicketQueue>().AttachTo(storage, options);
        provider.GetRequiredKeyedService<TicketQueue>(WebhookSetup.Queue).AttachTo(storage, options);
        return storage;
    }

    /// <summary>Used tickets are of no interest soon after; the job's own row tells its story.</summary>
    sealed class TicketsExpire : JobFilterAttribute, IApplyStateFilter
    {
        static readonly TimeSpan After = TimeSpan.FromMinutes(30);

        public void OnStateApplied(ApplyStateContext context, IWriteOnlyTransaction transaction) => context.JobExpirationTimeout = After;

        public void OnStateUnapplied(ApplyStateContext context, IWriteOnlyTransaction transaction) => context.JobExpirationTimeout = After;
    }
}
