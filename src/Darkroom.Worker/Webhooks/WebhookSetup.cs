using Darkroom.Worker.Admission;
using Darkroom.Worker.Execution;
using Hangfire;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Webhooks;

internal static class WebhookSetup
{
    /// <summary>Hangfire's queue of deliveries.</summary>
    public const string Queue = "webhooks";

    /// <summary>For every process that judges URLs and answers for deliveries.</summary>
    public static IServiceCollection AddWebhooks(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<WebhookOptions>, WebhookOptionsRules>();
        services.AddOptions<WebhookOptions>().BindConfiguration(WebhookOptions.Section).ValidateOnStart();
        services.AddSingleton<Receivers>().AddSingleton<WebhookSecrets>().AddSingleton<DeliveryLog>().AddSingleton<ReceiverRegistry>();
        services.AddKeyedSingleton<AdmissionWake>(Queue);
        return services;
    }

    /// <summary>For a node that sends.</summary>
    public static IServiceCollection AddDeliveries(this IServiceCollection services)
    {
        services.AddSingleton<WebhookPayload>().AddSingleton<BatchPayload>().AddSingleton<ReceiverConnections>().AddSingleton<DeliverySender>();
        services.AddSingleton<DeliveryRunner>().AddSingleton<DeliveryPass>();
        services.AddHostedService<DeliveryLoop>();
        services.AddHangfireServer((provider, server) =>
        {
            server.ServerName = provider.GetRequiredService<NodeIdentity>().Name + ":webhooks";
            server.Queues = [Queue];
            server.WorkerCount = provider.GetRequiredService<IOptions<WebhookOptions>>().Value.Senders;
            server.CancellationCheckInterval = TimeSpan.FromMinutes(1);
        });
        return services;
    }
}
