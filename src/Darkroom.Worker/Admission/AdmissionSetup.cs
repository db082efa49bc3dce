using Darkroom.Worker.Usage;

namespace Darkroom.Worker.Admission;

internal static class AdmissionSetup
{
    /// <summary>For every process that changes what may be admitted.</summary>
    public static IServiceCollection AddWorkSignal(this IServiceCollection services)
    {
        services.AddSingleton<WorkSignal>();
        services.AddHostedService(provider => provider.GetRequiredService<WorkSignal>());
        return services;
    }

    public static IServiceCollection AddAdmission(this IServiceCollection services)
    {
        services.AddSingleton<AdmissionWake>();
        services.AddSingleton<AdmissionLease>();
        services.AddSingleton<AdmissionPass>();
        services.AddSingleton<TicketIssuer>();
        services.AddSingleton<UsageFold>();
        services.AddHostedService<NoticeListener>();
        services.AddHostedService<AdmissionLoop>();
        return services;
    }
}
