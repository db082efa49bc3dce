using System.Diagnostics;
using System.Text.Json;
using Darkroom.Tests.Infrastructure;

namespace Darkroom.Tests.Webhooks;

/// <summary>The official library of Standard Webhooks, unmodified, in a Node of its own.</summary>
internal static class StandardWebhooks
{
    const string Script = """
        const { Webhook } = require("standardwebhooks");
        const { secret, headers, body } = JSON.parse(require("fs").readFileSync(0, "utf8"));
        try { process.stdout.write(new Webhook(secret).verify(body, headers).type); } catch (e) { process.stdout.write(e.message); }
        """;

    /// <summary>The type of the verified event, or what the library says against it.</summary>
    public static async Task<string> VerifyAsync(string secret, Received delivery, CancellationToken ct)
    {
        string folder;
        try
        {
            folder = await Task.Run(() => NpmPackage.Install("Webhooks", "standardwebhooks"), ct);
        }
        catch (InvalidOperationException e)
        {
            Requirements.Missing(Requirements.Node, e.Message);
            throw;
        }
        using var node = Process.Start(new ProcessStartInfo("node", ["-e", Script])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var headers = new Dictionary<string, string>
        {
            ["webhook-id"] = delivery.Id,
            ["webhook-timestamp"] = delivery.Timestamp,
            ["webhook-signature"] = delivery.Signature,
        };
        await node.StandardInput.WriteAsync(JsonSerializer.Serialize(new { secret, headers, body = delivery.Body }));
        node.StandardInput.Close();
        var said = await node.StandardOutput.ReadToEndAsync(ct);
        await node.WaitForExitAsync(ct);
        return said;
    }
}
