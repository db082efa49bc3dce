using System.Net.Http.Json;

namespace Darkroom.Client;

/// <summary>Projects, keys and the audit log. All take an admin key, and concern every project.</summary>
public sealed partial class DarkroomClient
{
    /// <summary>Newest first, read page by page as they are enumerated.</summary>
    public IAsyncEnumerable<Project> ListProjectsAsync(CancellationToken cancellationToken = default) =>
        PagesAsync("v1/projects", [], DarkroomJson.Answers.ListPageProject, cancellationToken);

    public Task<Project> GetProjectAsync(string id, CancellationToken cancellationToken = default) =>
        GetAsync($"v1/projects/{Uri.EscapeDataString(id)}", DarkroomJson.Answers.Project, cancellationToken);

    public Task<Project> CreateProjectAsync(CreateProject project, CancellationToken cancellationToken = default) => PostAsync(
        "v1/projects", JsonContent.Create(project, DarkroomJson.Requests.CreateProject), DarkroomJson.Answers.Project, cancellationToken);

    /// <summary>Newest first, read page by page as they are enumerated.</summary>
    /// <param name="filters">As the API's query has them: <c>project_id</c>, and <c>status</c> (<c>active</c>, <c>expired</c>, <c>revoked</c>).</param>
    public IAsyncEnumerable<ApiKey> ListApiKeysAsync(
        IEnumerable<(string Name, string Value)>? filters = null, CancellationToken cancellationToken = default) =>
        PagesAsync("v1/api_keys", filters ?? [], DarkroomJson.Answers.ListPageApiKey, cancellationToken);

    /// <param name="id"><c>key_...</c>, not the key itself.</param>
    public Task<ApiKey> GetApiKeyAsync(string id, CancellationToken cancellationToken = default) =>
        GetAsync(KeyPath(id), DarkroomJson.Answers.ApiKey, cancellationToken);

    /// <summary>Makes a key; the answer alone shows it (<see cref="ApiKey.Key"/>).</summary>
    public Task<ApiKey> CreateApiKeyAsync(CreateApiKey key, CancellationToken cancellationToken = default) => PostAsync(
        "v1/api_keys", JsonContent.Create(key, DarkroomJson.Requests.CreateApiKey), DarkroomJson.Answers.ApiKey, cancellationToken);

    /// <summary>Ends a key within a second, on every node, and the sessions it opened. Revoked again, nothing changes.</summary>
    public Task<ApiKey> RevokeApiKeyAsync(string id, CancellationToken cancellationToken = default) =>
        PostAsync($"{KeyPath(id)}/revoke", null, DarkroomJson.Answers.ApiKey, cancellationToken);

    /// <summary>Who administered what, newest first, read page by page as it is enumerated.</summary>
    /// <param name="filters">As the API's query has them, for example <c>("action", "api_key.created")</c>.</param>
    public IAsyncEnumerable<AuditEntry> ListAuditLogAsync(
        IEnumerable<(string Name, string Value)>? filters = null, CancellationToken cancellationToken = default) =>
        PagesAsync("v1/audit_log", filters ?? [], DarkroomJson.Answers.ListPageAuditEntry, cancellationToken);

    static string KeyPath(string id) => $"v1/api_keys/{Uri.EscapeDataString(id)}";
}
