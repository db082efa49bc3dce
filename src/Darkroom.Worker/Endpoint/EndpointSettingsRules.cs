using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Endpoint;

/// <summary>
/// Lists every mistake by its full key. No value that may be a secret is repeated: neither keys nor what stands in a URL before <c>@</c>.
/// </summary>
internal sealed partial class EndpointSettingsRules : IValidateOptions<EndpointSettings>
{
    public ValidateOptionsResult Validate(string? name, EndpointSettings options)
    {
        var mistakes = new List<string>();
        if (options.Endpoints.Count == 0)
            mistakes.Add("Darkroom:Endpoints must name at least one endpoint.");
        for (var i = 0; i < options.Endpoints.Count; i++)
            Check(options, i, new Keyed($"Darkroom:Endpoints:{i}", mistakes));

        if (options.Models.Count == 0)
            mistakes.Add("Darkroom:Models must name at least one model.");
        for (var i = 0; i < options.Models.Count; i++)
            Check(options.Models, i, new Keyed($"Darkroom:Models:{i}", mistakes));

        Check(options.Backoff, new Keyed("Darkroom:Backoff", mistakes));
        Check(options.Pace, new Keyed("Darkroom:Pace", mistakes));
        return mistakes.Count > 0 ? ValidateOptionsResult.Fail(mistakes) : ValidateOptionsResult.Success;
    }

    static void Check(EndpointSettings all, int index, Keyed keyed)
    {
        var endpoint = all.Endpoints[index];
        keyed.Require(NamePattern().IsMatch(endpoint.Name), "Name", "1 to 64 of a-z, 0-9, _ and -");
        keyed.Require(all.Endpoints.Take(index).All(e => e.Name != endpoint.Name), "Name", "unique among the endpoints");
        keyed.Require(IsBaseUrl(endpoint.BaseUrl), "BaseUrl", "an absolute http or https URL without user, query or fragment");
        if (endpoint.ApiKey.Length == 0)
            keyed.Add("ApiKey", "is required: the key of your account with this endpoint");
        else
            keyed.Require(endpoint.ApiKey.All(c => c is > ' ' and <= '~'), "ApiKey", "printable ASCII without spaces");
        keyed.Within("ImagesPerMinute", endpoint.ImagesPerMinute, double.Epsilon, 100_000, "above 0 and at most 100000");
        keyed.Within("TokensPerMinute", endpoint.TokensPerMinute, double.Epsilon, 1e9, "above 0 and at most 1000000000");
        keyed.Within("MaxInFlight", endpoint.MaxInFlight, 1, 100_000, "1 to 100000");
        keyed.Within("Timeout", endpoint.Timeout, Second, Hour, "1 second to 1 hour");
        keyed.Within("ConnectTimeout", endpoint.ConnectTimeout, Second, TimeSpan.FromMinutes(5), "1 second to 5 minutes");
        keyed.Within("IdleTimeout", endpoint.IdleTimeout, Second, Hour, "1 second to 1 hour");
        for (var i = 0; i < endpoint.Models.Count; i++)
            keyed.Require(all.Model(endpoint.Models[i]) is not null, $"Models:{i}", "one of the names in Darkroom:Models");
    }

    static void Check(List<ModelOptions> all, int index, Keyed keyed)
    {
        var model = all[index];
        keyed.Require(!string.IsNullOrWhiteSpace(model.Name), "Name", "a model's name");
        keyed.Require(all.Take(index).All(m => m.Name != model.Name), "Name", "unique among the models");
        keyed.Require(model.Sizes.Count > 0, "Sizes", "one or more sizes");
        for (var i = 0; i < model.Sizes.Count; i++)
            keyed.Require(SizePattern().IsMatch(model.Sizes[i]), $"Sizes:{i}", "{width}x{height} or auto");
        keyed.Require(model.Qualities.Count > 0 && model.Qualities.TrueForAll(q => q.Length > 0), "Qualities", "one or more qualities");
        keyed.Within("MaxPromptChars", model.MaxPromptChars, 1, 1_000_000, "1 to 1000000");
        keyed.Within("MaxN", model.MaxN, 1, 100, "1 to 100");
        foreach (var (quality, sizes) in model.OutputTokens)
        {
            foreach (var (size, tokens) in sizes)
                keyed.Within($"OutputTokens:{quality}:{size}", tokens, 1, 10_000_000, "1 to 10000000");
        }
        if (model.Prices is not { } prices)
            return;
        keyed.Within("Prices:TextInput", prices.TextInput, 0m, 100_000m, "0 to 100000");
        keyed.Within("Prices:TextInputCached", prices.TextInputCached, 0m, 100_000m, "0 to 100000");
        keyed.Within("Prices:ImageInput", prices.ImageInput, 0m, 100_000m, "0 to 100000");
        keyed.Within("Prices:ImageInputCached", prices.ImageInputCached, 0m, 100_000m, "0 to 100000");
        keyed.Within("Prices:ImageOutput", prices.ImageOutput, 0m, 100_000m, "0 to 100000");
    }

    static void Check(BackoffOptions backoff, Keyed keyed)
    {
        keyed.Within("Base", backoff.Base, TimeSpan.FromSeconds(0.1), Hour, "0.1 seconds to 1 hour");
        keyed.Within("Factor", backoff.Factor, 1.0, 10.0, "1 to 10");
        keyed.Within("Cap", backoff.Cap, backoff.Base, TimeSpan.FromHours(24), "Darkroom:Backoff:Base to 24 hours");
    }

    static void Check(PaceOptions pace, Keyed keyed)
    {
        keyed.Within("Start", pace.Start, double.Epsilon, 100_000, "above 0 and at most 100000");
        keyed.Within("Slowdown", pace.Slowdown, 0.1, 0.95, "0.1 to 0.95");
        keyed.Within("Floor", pace.Floor, double.Epsilon, 1000, "above 0 and at most 1000");
        keyed.Within("SpeedUp", pace.SpeedUp, 0.01, 1.0, "0.01 to 1");
        keyed.Within("SpeedUpAfter", pace.SpeedUpAfter, Second, Hour, "1 second to 1 hour");
        keyed.Within("LongestHold", pace.LongestHold, Second, TimeSpan.FromHours(24), "1 second to 24 hours");
        keyed.Within("FirstProbe", pace.FirstProbe, Second, Hour, "1 second to 1 hour");
        keyed.Within("LongestProbe", pace.LongestProbe, pace.FirstProbe, TimeSpan.FromHours(24), "Darkroom:Pace:FirstProbe to 24 hours");
    }

    static bool IsBaseUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
        && url is { Host.Length: > 0, UserInfo: "", Query: "", Fragment: "" };

    static TimeSpan Second => TimeSpan.FromSeconds(1);

    static TimeSpan Hour => TimeSpan.FromHours(1);

    [GeneratedRegex(@"\A[a-z0-9_-]{1,64}\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\A(auto|[1-9][0-9]{0,4}x[1-9][0-9]{0,4})\z")]
    private static partial Regex SizePattern();

    readonly record struct Keyed(string Prefix, List<string> Mistakes)
    {
        public void Add(string key, string mistake) => Mistakes.Add($"{Prefix}:{key} {mistake}.");

        public void Require(bool holds, string key, string rule)
        {
            if (!holds)
                Add(key, $"must be {rule}");
        }

        public void Within<T>(string key, T? value, T least, T most, string rule) where T : struct, IComparable<T>
        {
            if (value is { } v && !(v.CompareTo(least) >= 0 && v.CompareTo(most) <= 0))
                Add(key, $"must be {rule}, not {v}");
        }
    }
}
