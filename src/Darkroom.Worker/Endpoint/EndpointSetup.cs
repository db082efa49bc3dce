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
            .ValidateDataAnnotations().Validate<IConfiguration>(KeepsAll, TooFewPictures).ValidateOnStart();
        services.AddSingleton(provider => new ResponseDecoder(provider.GetRequiredService<IOptions<DecodingOptions>>().Value));
        services.AddSingleton<EndpointClient>();
        services.AddSingleton<EndpointStates>();
        services.AddSingleton<EndpointEffects>();
        services.AddSingleton<EndpointReport>();
        return services;
    }

    const string TooFewPictures = "Darkroom:Decoding:MaxPictures must be at least the MaxN of each of Darkroom:Models: pictures beyond it would be paid for and not kept.";

    /// <summary>Read from the configuration: the models' own rules tell of their own mistakes.</summary>
    static bool KeepsAll(DecodingOptions decoding, IConfiguration configuration) =>
        configuration.GetSection(EndpointSettings.Section).Get<EndpointSettings>() is not { } settings
        || settings.Models.TrueForAll(model => model.MaxN <= decoding.MaxPictures);
}
