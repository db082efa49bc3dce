using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Darkroom.Worker.Endpoint;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Webhooks;

/// <summary>Makes one request to a receiver; however it ends, it ends in a <see cref="DeliveryOutcome"/>.</summary>
internal sealed class DeliverySender(ReceiverConnections connections, Receivers receivers, IOptions<WebhookOptions> options, TimeProvider clock)
{
    const int MostAnswerBytes = 16 << 10, KeptAnswerChars = 1000;

    public async Task<DeliveryOutcome> SendAsync(string url, string id, string body, Func<long, string> sign, CancellationToken ct)
    {
        // Allowed when it was named; the configuration may have changed since.
        if (receivers.Refuse(url) is { } refusal)
            return DeliveryOutcome.Failed($"Nothing was sent: the URL {refusal}.");
        using var deadline = new CancellationTokenSource(options.Value.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ct);
        try
        {
            using var request = Request(url, id, body, sign);
            using var response = await connections.SendAsync(request, either.Token);
            var answer = await ReadAsync(response, either.Token);
            var status = (int)response.StatusCode;
            return new DeliveryOutcome(status, status is >= 200 and < 300 ? null : Said(status), answer, RetryAfter(response));
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return DeliveryOutcome.Failed($"No answer within {options.Value.Timeout.TotalSeconds:0.#} s.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return DeliveryOutcome.Failed(UntrustedText.Clean(e.GetBaseException().Message, apiKey: "", KeptAnswerChars) ?? "The connection failed.");
        }
    }

    HttpRequestMessage Request(string url, string id, string body, Func<long, string> sign)
    {
        var timestamp = clock.GetUtcNow().ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")) };
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation("webhook-signature", sign(timestamp));
        request.Headers.UserAgent.ParseAdd("darkroom-webhooks/1.0");
        return request;
    }

    static string Said(int status) => status is >= 300 and < 400
        ? $"The receiver answered {status}; redirects are not followed."
        : $"The receiver answered {status}.";

    /// <summary>What lies beyond the bound is not read: the connection is closed instead.</summary>
    static async Task<string?> ReadAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var buffer = new byte[MostAnswerBytes];
        var length = 0;
        await using var stream = await response.Content.ReadAsStreamAsync(ct);
        for (int read; length < buffer.Length && (read = await stream.ReadAsync(buffer.AsMemory(length), ct)) > 0;)
            length += read;
        return UntrustedText.Clean(Encoding.UTF8.GetString(buffer, 0, length), apiKey: "", KeptAnswerChars);
    }

    TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } wait } => wait,
        { Date: { } date } when date > clock.GetUtcNow() => date - clock.GetUtcNow(),
        _ => null,
    };
}
