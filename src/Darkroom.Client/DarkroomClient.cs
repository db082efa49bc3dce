using System.Net.Http.Headers;

namespace Darkroom.Client;

/// <summary>
/// Darkroom's API, typed. Every method throws <see cref="DarkroomException"/> for a refusal and <see cref="HttpRequestException"/> where
/// Darkroom cannot be reached or does not answer. Safe for concurrent use.
/// <para>
/// Every call that makes something to pay for carries an idempotency key, so that it may be sent again after a lost answer without a second
/// purchase; such calls are sent up to four times in all, and what only reads is read again where Darkroom asked to wait.
/// </para>
/// <para>
/// A stream that is read as it arrives throws <see cref="HttpIOException"/>, and no other <see cref="IOException"/>, where its connection breaks
/// or brings nothing for a minute.
/// </para>
/// </summary>
public sealed partial class DarkroomClient : IDisposable
{
    readonly HttpClient http;
    readonly TimeProvider clock;

    /// <param name="address">Where Darkroom is, for example <c>https://darkroom.example.com</c>.</param>
    /// <param name="apiKey">Sent as <c>Authorization: Bearer</c>.</param>
    public DarkroomClient(Uri address, string apiKey) : this(Connect(address)) =>
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);

    /// <param name="http">With base address and authorization; disposed with this client. Its time-out also bounds uploads.</param>
    public DarkroomClient(HttpClient http) : this(http, TimeProvider.System)
    {
    }

    internal DarkroomClient(HttpClient http, TimeProvider clock) => (this.http, this.clock) = (http, clock);

    public void Dispose() => http.Dispose();

    /// <summary>No time-out of its own: an upload may take as long as its line needs, and the rest is bounded call by call.</summary>
    static HttpClient Connect(Uri address) => new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(15) })
    {
        BaseAddress = address.AbsoluteUri.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/"),
        Timeout = Timeout.InfiniteTimeSpan,
    };
}
