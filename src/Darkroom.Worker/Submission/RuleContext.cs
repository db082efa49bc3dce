using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Webhooks;

namespace Darkroom.Worker.Submission;

/// <summary>What rules may look at beside the request itself.</summary>
/// <param name="Model">As configured; null where the request names none that an endpoint serves: rules that depend on it then pass.</param>
/// <param name="Receivers">Who may be told by webhook.</param>
internal sealed record RuleContext(EndpointSettings Settings, ModelOptions? Model, DateTimeOffset Now, Receivers Receivers)
{
    public IEnumerable<string> ServedModels => Settings.Models.Select(m => m.Name).Where(m => Settings.EndpointFor(m) is not null);
}
