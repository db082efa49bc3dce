using System.CommandLine;
using Darkroom.Client;

namespace Darkroom.Cli.Commands;

/// <summary><c>darkroom keys</c>, for administrators.</summary>
internal static class KeysCommand
{
    static readonly string[] Scopes = ["submit", "read", "admin"];

    public static Command Create(Connection connection)
    {
        var command = List(connection, "keys", "List API keys, newest first, make and revoke them. Takes an admin key; the keys themselves are not stored.");
        foreach (var more in (Command[])[List(connection, "list", "The same as without it."), Make(connection), Revoke(connection)])
            command.Subcommands.Add(more);
        return command;
    }

    static Command List(Connection connection, string name, string description)
    {
        var status = new Option<string?>("--status") { Description = "active, expired or revoked." };
        var limit = Listing.Limit();
        var command = new Command(name, description) { status, limit };
        connection.Run(command, (session, parsed, ct) => Listing.ShowAsync(
            session, session.Darkroom.ListApiKeysAsync(parsed.GetValue(status) is { } wanted ? [("status", wanted)] : null, ct), parsed.GetValue(limit),
            DarkroomJson.Answers.ApiKey, ["id", "name", "ends in", "scopes", "status", "created", "last used", "expires"], Row, ct));
        return command;
    }

    static string[] Row(ApiKey key) =>
    [
        key.Id, key.Name, key.Hint, string.Join(' ', key.Scopes), key.Status, Words.Time(key.CreatedAt),
        key.LastUsedAt is { } used ? Words.Time(used) : "never", key.ExpiresAt is { } end ? Words.Time(end) : "never",
    ];

    static Command Make(Connection connection)
    {
        var name = new Argument<string>("name") { Description = "Who or what uses it." };
        var scopes = new Option<string[]>("--scope") { Description = $"Of {string.Join(", ", Scopes)}; may be given several times. Default: submit and read." };
        scopes.AcceptOnlyFromAmong(Scopes);
        var project = new Option<string?>("--project") { Description = "proj_... Default: that of the key you use." };
        var expires = new Option<DateTimeOffset?>("--expires") { Description = "Such as 2027-01-01T00:00:00Z. Default: never." };
        var command = new Command("create", "Make a key. It is shown this once.") { name, scopes, project, expires };
        connection.Run(command, async (session, parsed, ct) =>
        {
            var key = await session.Darkroom.CreateApiKeyAsync(new()
            {
                Name = parsed.GetValue(name),
                Scopes = parsed.GetValue(scopes) is { Length: > 0 } some ? some : null,
                ProjectId = parsed.GetValue(project),
                ExpiresAt = parsed.GetValue(expires),
            }, ct);
            if (session.Json)
                session.Terminal.Json(key, DarkroomJson.Answers.ApiKey);
            session.Say(key.Key!);
            session.Hint($"This is the only time it is shown. 'darkroom keys revoke {key.Id}' ends it.");
            return ExitCode.Done;
        });
        return command;
    }

    static Command Revoke(Connection connection)
    {
        var id = new Argument<string>("id") { Description = "key_..., not the key itself." };
        var command = new Command("revoke", "End a key within a second, everywhere.") { id };
        connection.Run(command, async (session, parsed, ct) =>
        {
            var key = await session.Darkroom.RevokeApiKeyAsync(parsed.GetValue(id)!, ct);
            return Listing.Show(session, key, DarkroomJson.Answers.ApiKey, ("id", key.Id), ("name", key.Name), ("status", key.Status));
        });
        return command;
    }
}
