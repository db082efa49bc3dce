using Darkroom.Worker.Decoding;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Endpoint;

internal static class EndpointSetup
{
    /// <summary>The endpoints, their models and limits, validated at start; calls, and what they do to the endpoint's state.</summary>
    public static IServiceCollection AddEndpoints(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<IValidateOptions<EndpointSettings>, EndpointSettingsRules>();
        services.AddOptions<EndpointSettings>().Bind(configuration.GetSection(EndpointSettings.Section)).ValidateOnStart();
        services.AddOptions<DecodingOptions>().Bind(configuration.GetSection("Darkroom:Decoding"))
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => new ResponseDecoder(provider.GetRequiredService<IOptions<DecodingOptions>>().Value));
        services.AddSingleton<EndpointClient>();
        services.AddSingleton<EndpointStates>();
        services.AddSingleton<EndpointEffects>();
        services.AddSingleton<EndpointReport>();
        return services;
    }
}
