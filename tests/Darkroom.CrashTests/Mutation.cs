using System.Globalization;
using System.Text;

namespace Darkroom.CrashTests;

/// <summary>A good answer made bad, the same way each time for the same seed.</summary>
internal static class Mutation
{
    /// <summary>Every status that neither pauses the endpoint nor holds it back: those rightly stop the others' work.</summary>
    static readonly int[] Statuses = [200, 200, 200, 200, 200, 200, 201, 204, 206, 100, 199, 400, 404, 409, 418, 422, 451, 500, 502, 504, 520, 599, 999];

    static readonly string[] Headers =
    [
        "Content-Encoding: gzip", "Content-Encoding: br", "Content-Encoding: nonsense", "Transfer-Encoding: chunked", "Content-Length: 5",
        "Content-Length: 99999999999", "Content-Length: -1", "Content-Type: text/html; charset=nonsense", "X-Request-Id: \u0001\u0002", ": empty",
        "Connection: upgrade", "x-ratelimit-limit-images: many", "openai-processing-ms: ",
    ];

    // The smallest legal PNG: one transparent pixel.
    const string Picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    const string Good = $$$"""
        {"created":1,"data":[{"b64_json":"{{{Picture}}}"}],"output_format":"png","quality":"low","size":"1024x1024","usage":{"input_tokens":2,"input_tokens_details":{"image_tokens":0,"text_tokens":2},"output_tokens":272,"total_tokens":274}}
        """;

    public static byte[] Answer(int seed)
    {
        var random = new Random(seed);
        var status = Statuses[random.Next(Statuses.Length)];
        var headers = new List<string> { $"HTTP/1.1 {status.ToString(CultureInfo.InvariantCulture)} Status", "Content-Type: application/json" };
        var body = Enumerable.Range(0, random.Next(4)).Aggregate(Encoding.UTF8.GetBytes(Good), (bytes, _) => Change(bytes, random));
        if (random.Next(3) > 0)
            headers.Add($"Content-Length: {body.Length.ToString(CultureInfo.InvariantCulture)}");
        if (random.Next(3) == 0)
            headers.Insert(random.Next(1, headers.Count + 1), Headers[random.Next(Headers.Length)]);
        var head = Encoding.Latin1.GetBytes(string.Join("\r\n", headers) + "\r\n\r\n");
        // The status line stays: another status may rightly pause the endpoint.
        var rest = headers[0].Length + 2;
        if (random.Next(5) == 0)
            head = [.. head[..rest], .. Change(head[rest..], random)];
        return [.. head, .. body];
    }

    static byte[] Change(byte[] bytes, Random random)
    {
        if (bytes.Length == 0)
            return bytes;
        var at = random.Next(bytes.Length);
        var length = random.Next(1, Math.Min(64, bytes.Length - at) + 1);
        switch (random.Next(5))
        {
            case 0:
                var flipped = bytes.ToArray();
                flipped[at] ^= (byte)(1 << random.Next(8));
                return flipped;
            case 1:
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 2:
                return [.. bytes[..at], .. bytes[at..(at + length)], .. bytes[at..]];
            case 3:
                var noise = new byte[length];
                random.NextBytes(noise);
                return [.. bytes[..at], .. noise, .. bytes[at..]];
            default:
                return bytes[..at];
        }
    }
}
