using Darkroom.Simulator.Answers;

namespace Darkroom.Simulator.Faults;

/// <summary>Answers that do not arrive whole, arrive slowly, or in another wrapping. All of them are billed.</summary>
internal static class BrokenTransport
{
    public static IReadOnlyList<FaultKind> All { get; } =
    [
        Broken("reset_before_headers", "the connection is reset instead of an answer", new Cut(CutPlace.BeforeHeaders, Ending.Reset)),
        Broken("reset_after_headers", "the connection is reset after the headers", new Cut(CutPlace.AfterHeaders, Ending.Reset)),
        Broken("reset_mid_body", "the connection is reset within the body (at=bytes; half of it by default)",
            new Cut(CutPlace.MidBody, Ending.Reset)),
        Broken("closed_mid_body", "the connection is closed within a chunked body (at=bytes)", new Cut(CutPlace.MidBody, Ending.Closed)),
        Broken("truncated_body", "half the JSON, announced as all of it by Content-Length (at=bytes)",
            new Cut(CutPlace.MidBody, Ending.Proper) { Announced = true }),
        Broken("truncated_chunked", "half the JSON in chunks, properly ended (at=bytes)", new Cut(CutPlace.MidBody, Ending.Proper)),
        Broken("hang", "no answer ever, on an open connection", new Cut(CutPlace.BeforeHeaders, Ending.Stall)),
        Broken("hang_after_headers", "headers, and then nothing ever", new Cut(CutPlace.AfterHeaders, Ending.Stall)),
        Broken("stall", "half the body, and then nothing ever (at=bytes)", new Cut(CutPlace.MidBody, Ending.Stall)),
        new("trickle", "the body in small portions (every=100ms, bytes=1024)", (answer, strike) => answer with
        {
            Trickle = new Trickle(strike.Time("every", TimeSpan.FromMilliseconds(100)), Math.Max(1, strike.Number("bytes", 1024))),
        })
        { Arguments = ["every", "bytes"] },
        Wrapped("gzip", "gzip, whether asked for or not"),
        Wrapped("br", "Brotli, whether asked for or not"),
        Wrapped("deflate", "deflate (zlib), whether asked for or not"),
        Wrapped("raw_deflate", "deflate without zlib's frame, as some servers send it, whether asked for or not"),
    ];

    private static FaultKind Broken(string name, string what, Cut cut) => new(name, what, (answer, strike) => answer with
    {
        Cut = cut with { After = int.TryParse(strike["at"], out var at) ? at : null },
    })
    { Arguments = ["at"] };

    private static FaultKind Wrapped(string name, string what) =>
        new(name, $"the body in {what}", (answer, _) => answer with { Encoding = name });
}
