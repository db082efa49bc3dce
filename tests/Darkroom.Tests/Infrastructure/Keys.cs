using Darkroom.Worker.Access;

namespace Darkroom.Tests.Infrastructure;

/// <summary>Keys for tests that only need one.</summary>
internal static class Keys
{
    public static async Task<(string? Key, KeyRefusal Refusal)> AddKeyAsync(
        this KeyAdministration keys, Guid project, string name, string[] scopes, CancellationToken ct)
    {
        var (_, key, refusal) = await keys.AddKeyAsync(new(project, name, scopes), Actor.Configuration, ct);
        return (key, refusal);
    }
}
