using Darkroom.Worker.Jobs;
using Darkroom.Worker.Usage;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Execution;

internal static class ExecutionSetup
{
    /// <summary>What every process needs: transitions, and tickets to hand out.</summary>
    public static IServiceCollection AddJobs(this IServiceCollection services)
    {
        services.AddSingleton<JobTransitions>();
        services.AddSingleton<Pricing>();
        services.AddSingleton<NodeIdentity>();
        services.AddSingleton<NodeCondition>();
        return services;
    }

    /// <summary>A node that makes calls. Services stop in the reverse of this order: the heartbeat outlives the last call.</summary>
    public static IServiceCollection AddExecution(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<IValidateOptions<WorkerOptions>, WorkerOptionsRules>();
        services.AddOptions<WorkerOptions>().Bind(configuration.GetSection(WorkerOptions.Section)).ValidateOnStart();
        services.AddOptions<HostOptions>().Configure<IServiceProvider>(GiveTimeToDrain);
        services.AddSingleton<DrainTime>();
        services.AddSingleton<NodeLifetime>();
        services.AddHostedService(provider => provider.GetRequiredService<NodeLifetime>());
        services.AddSingleton<RunningCalls>();
        services.AddSingleton<Spool>();
        services.AddSingleton<StoreWatch>();
        services.AddSingleton<ResultFinisher>();
        services.AddSingleton<AttemptEndings>();
        services.AddSingleton<JobRunner>();
        services.AddSingleton<Rescue>();
        services.AddSingleton<NodeWatch>();
        // Before the node says that it takes work.
        services.AddHostedService<SpoolWatch>();
        services.AddHostedService<Heartbeat>();
        services.AddHostedService<SpoolAdoption>();
        services.AddTicketServer();
        return services;
    }

    static void GiveTimeToDrain(HostOptions host, IServiceProvider services)
    {
        try
        {
            host.ShutdownTimeout = services.GetRequiredService<DrainTime>().Value + NodeLifetime.LastWords + TimeSpan.FromSeconds(10);
        }
        catch (Exception e) when (e is OptionsValidationException or InvalidOperationException)
        {
            // The host asks while it is being built. What is wrong with the configuration is said right after, with every other mistake.
        }
    }
}
