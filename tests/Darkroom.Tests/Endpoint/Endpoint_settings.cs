using Darkroom.Worker.Endpoint;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Darkroom.Tests.Endpoint;

public sealed class Endpoint_settings
{
    static EndpointSettings Shipped(params (string Key, string? Value)[] more)
    {
        var settings = new EndpointSettings();
        new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"))
            .AddInMemoryCollection(more.Select(m => KeyValuePair.Create(m.Key, m.Value))).Build()
            .GetSection(EndpointSettings.Section).Bind(settings);
        return settings;
    }

    static IEnumerable<string> Mistakes(EndpointSettings settings) => new EndpointSettingsRules().Validate(null, settings).Failures ?? [];

    [Fact]
    public void That_ship_lack_nothing_but_the_key()
    {
        Assert.Equal(["Darkroom:Endpoints:0:ApiKey is required: the key of your account with this endpoint."], Mistakes(Shipped()));
        Assert.Empty(Mistakes(Shipped(("Darkroom:Endpoints:0:ApiKey", "sk-1"))));
    }

    [Fact]
    public void That_ship_are_the_defaults_of_the_code()
    {
        var shipped = Assert.Single(Shipped().Endpoints);
        Assert.Equivalent(new EndpointOptions(), shipped, strict: true);
        Assert.Equivalent(new BackoffOptions(), Shipped().Backoff, strict: true);
        Assert.Equivalent(new PaceOptions(), Shipped().Pace, strict: true);
    }

    [Fact]
    public void Know_the_shipped_models_tokens_and_prices()
    {
        var model = Shipped().Model("gpt-image-1.5")!;
        int Tokens(string quality, string size) => model.OutputTokensOf(quality, size);
        Assert.Equal(
            (4160, 1568, 408),
            (Tokens("high", "1024x1024"), Tokens("medium", "1536x1024"), Tokens("low", "1024x1536")));
        Assert.Equal(
            (6240, 408, 6208),
            (Tokens("auto", "auto"), Tokens("low", "auto"), Tokens("auto", "1536x1024")));
        Assert.Equal(0, Tokens("ultra", "1024x1024"));
        Assert.Equal((2 * 272) + 10, model.TokensOf("low", "1024x1024", 2, promptChars: 40));
        Assert.Equal(
            (5, 1.25m, 8, 2, 32),
            model.Prices is { } p ? (p.TextInput, p.TextInputCached, p.ImageInput, p.ImageInputCached, p.ImageOutput) : default);
        Assert.Equal((32_000, 10), (model.MaxPromptChars, model.MaxN));
    }

    [Fact]
    public void Are_refused_with_every_mistake_by_its_full_key_and_no_secret()
    {
        var settings = Shipped(
            ("Darkroom:Endpoints:0:ApiKey", "sk secret"), ("Darkroom:Endpoints:0:BaseUrl", "https://user:hidden@example.test"),
            ("Darkroom:Endpoints:0:ImagesPerMinute", "0"), ("Darkroom:Endpoints:0:Timeout", "02:00:00"),
            ("Darkroom:Endpoints:0:Models:0", "dall-e-9"),
            ("Darkroom:Endpoints:1:Name", "default"), ("Darkroom:Endpoints:1:ApiKey", "k"),
            ("Darkroom:Models:0:Sizes:0", "huge"), ("Darkroom:Models:1:Prices:ImageOutput", "-1"), ("Darkroom:Models:1:MaxN", "0"),
            ("Darkroom:Backoff:Cap", "00:00:00.5"), ("Darkroom:Pace:Slowdown", "1"));

        Assert.Equal(
            [
                "Darkroom:Endpoints:0:BaseUrl must be an absolute http or https URL without user, query or fragment.",
                "Darkroom:Endpoints:0:ApiKey must be printable ASCII without spaces.",
                "Darkroom:Endpoints:0:ImagesPerMinute must be above 0 and at most 100000, not 0.",
                "Darkroom:Endpoints:0:Timeout must be 1 second to 1 hour, not 02:00:00.",
                "Darkroom:Endpoints:0:Models:0 must be one of the names in Darkroom:Models.",
                "Darkroom:Endpoints:1:Name must be unique among the endpoints.",
                "Darkroom:Models:0:Sizes:0 must be {width}x{height} or auto.",
                "Darkroom:Models:1:MaxN must be 1 to 100, not 0.",
                "Darkroom:Models:1:Prices:ImageOutput must be 0 to 100000, not -1.",
                "Darkroom:Backoff:Cap must be Darkroom:Backoff:Base to 24 hours, not 00:00:00.5000000.",
                "Darkroom:Pace:Slowdown must be 0.1 to 0.95, not 1.",
            ],
            Mistakes(settings));
    }

    [Fact]
    public void Need_an_endpoint_and_a_model() => Assert.Equal(
        ["Darkroom:Endpoints must name at least one endpoint.", "Darkroom:Models must name at least one model."],
        Mistakes(new EndpointSettings()));

    [Theory]
    [InlineData("https://api.myrouter.ai", "https://api.myrouter.ai/v1/images/generations")]
    [InlineData("https://api.myrouter.ai/", "https://api.myrouter.ai/v1/images/generations")]
    [InlineData("https://api.myrouter.ai/v1", "https://api.myrouter.ai/v1/images/generations")]
    [InlineData("https://api.myrouter.ai/v1/", "https://api.myrouter.ai/v1/images/generations")]
    [InlineData("http://127.0.0.1:9090/openai/eu", "http://127.0.0.1:9090/openai/eu/v1/images/generations")]
    [InlineData("http://127.0.0.1:9090/openai/v10/", "http://127.0.0.1:9090/openai/v10/v1/images/generations")]
    public void Say_where_calls_go(string baseUrl, string url) =>
        Assert.Equal(url, new EndpointOptions { BaseUrl = baseUrl }.GenerationsUrl().ToString());

    [Fact]
    public void Send_a_job_to_the_first_endpoint_that_serves_its_model()
    {
        var settings = Shipped(
            ("Darkroom:Endpoints:0:Models:0", "gpt-image-1"), ("Darkroom:Endpoints:1:Name", "second"),
            ("Darkroom:Endpoints:2:Name", "third"));
        Assert.Equal(("default", "second"), (settings.EndpointFor("gpt-image-1")!.Name, settings.EndpointFor("gpt-image-1.5")!.Name));
    }
}
