namespace Darkroom.Worker.Endpoint;

/// <summary>What this folder reads of the section <c>Darkroom</c>.</summary>
internal sealed class EndpointSettings
{
    public const string Section = "Darkroom";

    /// <summary>One or more. <c>appsettings.json</c> holds one, at index 0, without its key.</summary>
    public List<EndpointOptions> Endpoints { get; set; } = [];

    /// <summary>One or more.</summary>
    public List<ModelOptions> Models { get; set; } = [];
    public BackoffOptions Backoff { get; set; } = new();
    public PaceOptions Pace { get; set; } = new();

    public EndpointOptions? Endpoint(string name) => Endpoints.Find(e => e.Name == name);

    public ModelOptions? Model(string name) => Models.Find(m => m.Name == name);

    /// <summary>The endpoint a new job for this model goes to: the first that serves it.</summary>
    public EndpointOptions? EndpointFor(string model) => Endpoints.Find(e => e.Serves(model));
}
