using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace Darkroom.Tests.Dashboard;

/// <summary>Somebody signed in at the provider.</summary>
internal sealed record Somebody(string Subject, string Name, params string[] Roles);

/// <summary>
/// An OpenID Connect provider on this machine: discovery, authorization by code with PKCE, tokens signed by RSA, user info. It checks what a
/// provider checks, and answers wrongly where a test says so.
/// </summary>
internal sealed class TestProvider : IAsyncDisposable
{
    public const string ClientId = "darkroom", ClientSecret = "a-secret-of-the-test-provider";

    readonly WebApplication app;
    readonly RSA key = RSA.Create(2048), wrongKey = RSA.Create(2048);
    readonly ConcurrentDictionary<string, (Somebody Who, string Nonce, string Challenge, string RedirectUri)> codes = new();
    readonly ConcurrentDictionary<string, Somebody> tokens = new();

    TestProvider(WebApplication app) => this.app = app;

    public string Url => app.Urls.Single();

    /// <summary>Who is signed in here; nobody if null.</summary>
    public Somebody? Present { get; set; }

    /// <summary>Shows a page with a button first, as providers do.</summary>
    public bool Asks { get; set; }

    /// <summary>Roles are told at the user-info endpoint alone.</summary>
    public bool RolesByUserInfo { get; set; }

    public bool SignsWithAnotherKey { get; set; }

    public bool ForgetsTheNonce { get; set; }

    /// <summary>The queries of all authorization requests.</summary>
    public ConcurrentQueue<IQueryCollection> Asked { get; } = [];

    public static async Task<TestProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var provider = new TestProvider(builder.Build());
        provider.app.MapGet("/.well-known/openid-configuration", () => Json(provider.Configuration()));
        provider.app.MapGet("/keys", () => Json(provider.Keys()));
        provider.app.MapGet("/authorize", (Delegate)provider.Authorize);
        provider.app.MapPost("/token", (Delegate)provider.TokenAsync);
        provider.app.MapGet("/userinfo", (Delegate)provider.UserInfo);
        provider.app.MapGet("/favicon.ico", () => Results.NoContent());
        await provider.app.StartAsync();
        return provider;
    }

    /// <summary>The settings of a worker that trusts this provider.</summary>
    public string[] Settings(params (string Role, string Project, string May)[] grants) =>
    [
        $"Darkroom:Dashboard:OpenIdConnect:Authority={Url}", $"Darkroom:Dashboard:OpenIdConnect:ClientId={ClientId}",
        $"Darkroom:Dashboard:OpenIdConnect:ClientSecret={ClientSecret}", "Darkroom:Dashboard:OpenIdConnect:Name=Studio SSO",
        .. grants.SelectMany((grant, i) => new[]
        {
            $"Darkroom:Dashboard:OpenIdConnect:Grants:{i}:Role={grant.Role}", $"Darkroom:Dashboard:OpenIdConnect:Grants:{i}:Project={grant.Project}",
            $"Darkroom:Dashboard:OpenIdConnect:Grants:{i}:May={grant.May}",
        }),
    ];

    JsonObject Configuration() => new()
    {
        ["issuer"] = Url,
        ["authorization_endpoint"] = Url + "/authorize",
        ["token_endpoint"] = Url + "/token",
        ["userinfo_endpoint"] = Url + "/userinfo",
        ["jwks_uri"] = Url + "/keys",
        ["response_types_supported"] = new JsonArray("code"),
        ["subject_types_supported"] = new JsonArray("public"),
        ["id_token_signing_alg_values_supported"] = new JsonArray("RS256"),
    };

    JsonObject Keys()
    {
        var numbers = key.ExportParameters(includePrivateParameters: false);
        return new()
        {
            ["keys"] = new JsonArray(new JsonObject
            {
                ["kty"] = "RSA",
                ["use"] = "sig",
                ["alg"] = "RS256",
                ["kid"] = "1",
                ["n"] = WebEncoders.Base64UrlEncode(numbers.Modulus!),
                ["e"] = WebEncoders.Base64UrlEncode(numbers.Exponent!),
            }),
        };
    }

    IResult Authorize(HttpContext http)
    {
        var query = http.Request.Query;
        Asked.Enqueue(query);
        var target = query["redirect_uri"].ToString();
        if (query["client_id"] != ClientId || query["response_type"] != "code" || query["code_challenge_method"] != "S256" || !target.EndsWith("/sign-in/provider/callback", StringComparison.Ordinal))
            return Results.BadRequest();
        if (Present is not { } somebody || (query["prompt"] != "none" && query["consent"] == "no"))
            return Results.Redirect(QueryHelpers.AddQueryString(target, new Dictionary<string, string?>
            {
                ["error"] = query["prompt"] == "none" ? "login_required" : "access_denied",
                ["error_description"] = "<b>not today</b>",
                ["state"] = query["state"],
            }));
        if (Asks && query["prompt"] != "none" && !query.ContainsKey("consent"))
            return Results.Content(
                $"<!DOCTYPE html><title>Studio SSO</title><h1>Studio SSO</h1><a href=\"{WebUtility.HtmlEncode($"/authorize{http.Request.QueryString}&consent=yes")}\">Continue as {somebody.Name}</a>",
                "text/html; charset=utf-8");
        var code = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        codes[code] = (somebody, query["nonce"].ToString(), query["code_challenge"].ToString(), target);
        return Results.Redirect(QueryHelpers.AddQueryString(target, new Dictionary<string, string?> { ["code"] = code, ["state"] = query["state"] }));
    }

    async Task<IResult> TokenAsync(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync();
        var challenge = WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
        // A code is good once, for the client that asked, with the secret and the verifier that it alone knows.
        if (form["client_id"] != ClientId || form["client_secret"] != ClientSecret || form["grant_type"] != "authorization_code"
            || !codes.TryRemove(form["code"].ToString(), out var granted) || granted.Challenge != challenge || granted.RedirectUri != form["redirect_uri"])
            return Results.BadRequest(new { error = "invalid_grant" });
        var access = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        tokens[access] = granted.Who;
        return Json(new JsonObject { ["access_token"] = access, ["token_type"] = "Bearer", ["expires_in"] = 300, ["id_token"] = IdToken(granted.Who, granted.Nonce) });
    }

    string IdToken(Somebody who, string nonce)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = Url,
            ["aud"] = ClientId,
            ["sub"] = who.Subject,
            ["iat"] = now,
            ["exp"] = now + 300,
            ["nonce"] = ForgetsTheNonce ? "another" : nonce,
        };
        if (!RolesByUserInfo)
            Describe(claims, who);
        var signed = $"{WebEncoders.Base64UrlEncode("{\"alg\":\"RS256\",\"kid\":\"1\",\"typ\":\"JWT\"}"u8.ToArray())}.{WebEncoders.Base64UrlEncode(JsonSerializer.SerializeToUtf8Bytes(claims))}";
        var signature = (SignsWithAnotherKey ? wrongKey : key).SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{signed}.{WebEncoders.Base64UrlEncode(signature)}";
    }

    IResult UserInfo(HttpContext http)
    {
        if (!tokens.TryGetValue(http.Request.Headers.Authorization.ToString().Replace("Bearer ", "", StringComparison.Ordinal), out var who))
            return Results.Unauthorized();
        var claims = new JsonObject { ["sub"] = who.Subject };
        if (RolesByUserInfo)
            Describe(claims, who);
        return Json(claims);
    }

    static void Describe(JsonObject claims, Somebody who)
    {
        claims["name"] = who.Name;
        claims["roles"] = new JsonArray([.. who.Roles.Select(role => JsonValue.Create(role))]);
    }

    static IResult Json(JsonObject answer) => Results.Text(answer.ToJsonString(), "application/json");

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        key.Dispose();
        wrongKey.Dispose();
    }
}
