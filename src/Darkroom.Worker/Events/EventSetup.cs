namespace Darkroom.Worker.Events;

internal static class EventSetup
{
    /// <summary>For every process that answers requests.</summary>
    public static IServiceCollection AddEvents(this IServiceCollection services)
    {
        services.AddSingleton<RestoredEvents>();
        services.AddSingleton<EventTail>();
        services.AddSingleton<EventStreams>();
        services.AddHostedService(provider => provider.GetRequiredService<EventTail>());
        return services;
    }
}
