using Darkroom.Worker.Admission;

namespace Darkroom.Worker.Batches;

internal static class BatchSetup
{
    /// <summary>What wakes those who see to batches.</summary>
    public const string Wake = "batches";

    /// <summary>For every process that changes batches.</summary>
    public static IServiceCollection AddBatches(this IServiceCollection services) => services
        .AddSingleton<BatchTransitions>().AddSingleton<BatchFigures>().AddSingleton<BatchView>()
        .AddSingleton<BatchLines>().AddSingleton<BatchResultWriter>();

    /// <summary>For a node that sees to them.</summary>
    public static IServiceCollection AddBatchWork(this IServiceCollection services)
    {
        services.AddKeyedSingleton<AdmissionWake>(Wake);
        services.AddSingleton<BatchSweep>().AddSingleton<BatchOutput>().AddSingleton<BatchFinisher>();
        services.AddHostedService(provider => provider.GetRequiredService<BatchSweep>());
        services.AddHostedService(provider => provider.GetRequiredService<BatchFinisher>());
        return services;
    }
}
