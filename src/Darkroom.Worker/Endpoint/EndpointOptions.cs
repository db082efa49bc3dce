namespace Darkroom.Worker.Endpoint;

/// <summary>One image endpoint and our account with it; <c>Darkroom:Endpoints:{i}</c>.</summary>
internal sealed class EndpointOptions
{
    /// <summary>
    /// Its name in rows, answers and logs. Default <c>default</c>; 1 to 64 of <c>a-z 0-9 _ -</c>, unique. Jobs keep the name: one renamed
    /// while jobs wait for it leaves them waiting.
    /// </summary>
    public string Name { get; set; } = "default";

    /// <summary>
    /// Where it is: calls go to <c>{BaseUrl}/v1/images/generations</c>. Default <c>https://api.myrouter.ai</c>; http or https, a path is
    /// kept, a <c>/v1</c> at the end is taken as that of the calls. Proxies in the environment (<c>HTTPS_PROXY</c>) are not used: the key
    /// goes here and nowhere else.
    /// </summary>
    public string BaseUrl { get; set; } = "https://api.myrouter.ai";

    /// <summary>
    /// The account's key, sent as <c>Authorization: Bearer</c>. Required; printable ASCII without spaces. Never stored, logged or answered.
    /// </summary>
    public string ApiKey { get; set; } = "";

    /// <summary>
    /// Pictures asked for per minute, by all nodes together. Default null: begins at <c>Darkroom:Pace:Start</c> and learns from limit
    /// headers and 429s. Above 0, to 100,000. What the account allows, if you know it: learning costs refused calls.
    /// </summary>
    public double? ImagesPerMinute { get; set; }

    /// <summary>
    /// Tokens per minute, by all nodes together, estimated before each call from the model's <c>OutputTokens</c>. Default null: only as
    /// limit headers say. Above 0, to 1,000,000,000.
    /// </summary>
    public double? TokensPerMinute { get; set; }

    /// <summary>Calls in flight at once, by all nodes together. Default null: as many as there are slots. 1 to 100,000.</summary>
    public int? MaxInFlight { get; set; }

    /// <summary>
    /// From the start of a call to the first byte of its answer's body; the whole call may take twice as long. Default 6 minutes; 1 second
    /// to 1 hour. Answers take up to 300 s: a client that gives up earlier pays for pictures it does not get.
    /// </summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(6);

    /// <summary>
    /// Until the connection stands, TLS included. Default 15 seconds; 1 second to 5 minutes. Nothing is sent, nothing is billed before.
    /// </summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Longest silence within a body. Default 60 seconds; 1 second to 1 hour. The endpoint sends a body in one go.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The models this endpoint serves, of <c>Darkroom:Models</c>. Default none named: all.</summary>
    public List<string> Models { get; set; } = [];

    public bool Serves(string model) => Models.Count == 0 || Models.Contains(model);

    /// <summary>The address of every call.</summary>
    public Uri GenerationsUrl()
    {
        var root = BaseUrl.TrimEnd('/');
        return new Uri((root.EndsWith("/v1", StringComparison.Ordinal) ? root[..^3] : root) + "/v1/images/generations");
    }
}
