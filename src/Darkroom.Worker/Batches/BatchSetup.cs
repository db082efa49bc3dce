using Darkroom.Worker.Admission;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Batches;

internal static class BatchSetup
{
    /// <summary>What wakes those who see to batches, and those who read new ones.</summary>
    public const string Wake = "batches", NewBatches = "new batches";

    /// <summary>For every process that makes, changes and shows batches.</summary>
    public static IServiceCollection AddBatches(this IServiceCollection services) => services
        .AddSingleton<BatchTransitions>().AddSingleton<BatchIntake>().AddSingleton<BatchFigures>().AddSingleton<BatchView>()
        .AddSingleton<BatchLines>().AddSingleton<BatchResultWriter>()
        .AddSingleton<LineEnds>().AddSingleton<BatchResultsAnswer>().AddSingleton<BatchRetry>()
        .AddSingleton<ArchiveContent>().AddSingleton<BatchArchive>();

    /// <summary>For a node that sees to them.</summary>
    public static IServiceCollection AddBatchWork(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<BatchOptions>, BatchOptionsRules>();
        services.AddOptions<BatchOptions>().BindConfiguration(BatchOptions.Section).ValidateOnStart();
        services.AddKeyedSingleton<AdmissionWake>(Wake);
        services.AddKeyedSingleton<AdmissionWake>(NewBatches);
        services.AddSingleton<BatchSweep>().AddSingleton<BatchOutput>().AddSingleton<BatchFinisher>();
        services.AddHostedService(provider => provider.GetRequiredService<BatchSweep>());
        services.AddHostedService(provider => provider.GetRequiredService<BatchFinisher>());
        services.AddSingleton<BatchFile>().AddSingleton<LineCopy>().AddSingleton<BatchReader>();
        services.AddHostedService<BatchReading>();
        return services;
    }
}
