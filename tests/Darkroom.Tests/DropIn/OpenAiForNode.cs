using System.Diagnostics;
using System.Text.Json;
using Darkroom.Tests.Infrastructure;
using Xunit;

namespace Darkroom.Tests.DropIn;

/// <summary>The official <c>openai</c> package, unmodified, in a Node of its own: only base URL and key are ours.</summary>
internal static class OpenAiForNode
{
    const string Frame = """
        const OpenAI = require("openai");
        const client = new OpenAI({ baseURL: process.env.BASE_URL, apiKey: process.env.API_KEY, ...OPTIONS });
        (async () => { BODY })().then(
          value => process.stdout.write(JSON.stringify(value)),
          e => process.stdout.write(JSON.stringify({ thrown: e.constructor.name, status: e.status, code: e.code, type: e.type, param: e.param, message: e.message,
            job: e.headers?.get("x-darkroom-job-id") })));
        """;

    /// <summary>What the body returns, or the error it threw.</summary>
    /// <param name="body">Statements that use <c>client</c>.</param>
    /// <param name="options">More options of the client, as JavaScript.</param>
    public static async Task<JsonElement> RunAsync(Uri server, string key, string body, string options = "{}")
    {
        var ct = TestContext.Current.CancellationToken;
        string folder;
        try
        {
            folder = await Task.Run(() => NpmPackage.Install("DropIn", "openai"), ct);
        }
        catch (InvalidOperationException e)
        {
            Requirements.Missing(Requirements.Node, e.Message);
            throw;
        }
        using var node = Process.Start(new ProcessStartInfo("node", ["-e", Frame.Replace("OPTIONS", options).Replace("BODY", body)])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            Environment = { ["BASE_URL"] = new Uri(server, "v1").ToString(), ["API_KEY"] = key },
        })!;
        var said = await node.StandardOutput.ReadToEndAsync(ct);
        await node.WaitForExitAsync(ct);
        return JsonDocument.Parse(said).RootElement;
    }
}
