using System.Collections.Immutable;
using Darkroom.Simulator.Contract;
using Darkroom.Simulator.Pictures;

namespace Darkroom.Simulator.Answers;

/// <summary>Everything about one answer, decided before its first byte is sent. Faults are changes to it.</summary>
internal sealed record Answer(int Status, AnswerBody Body)
{
    public string? ContentType { get; init; } = "application/json";

    public ImmutableDictionary<string, string> Headers { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The generation was finished and is charged.</summary>
    public bool Billed { get; init; }

    /// <summary>gzip, br, deflate (zlib) or raw_deflate; null for none.</summary>
    public string? Encoding { get; init; }

    /// <summary>Where the answer stops short; null: at its end.</summary>
    public Cut? Cut { get; init; }

    /// <summary>Spreads the body over this time.</summary>
    public TimeSpan BodyDuration { get; init; }

    /// <summary>Sends the body in small portions with a pause before each.</summary>
    public Trickle? Trickle { get; init; }

    /// <summary>What a call that is refused at the door would have got: nothing.</summary>
    public static Answer None { get; } = new(200, new OtherBody());

    public static Answer Of(ApiError error) => new(error.Status, new OtherBody(new Plain(error.ToJson())))
    {
        Headers = RetryHeaders(error.RetryAfter),
    };

    public static async Task<Answer> OfAsync(GenerationRequest request, OutputFormat format, SimulatorOptions options)
    {
        var data = new BodyPiece[request.N];
        for (var index = 0; index < data.Length; index++)
            data[index] = new Base64(await Gallery.PictureAsync(request, index, format, options));
        var body = new GenerationBody(options.TimeProvider.GetUtcNow().ToUnixTimeSeconds(), data,
            format.ToString().ToLowerInvariant(), request.Quality, request.Size, TokenUsage.Of(request));
        return new Answer(200, body) { Billed = true };
    }

    private static ImmutableDictionary<string, string> RetryHeaders(TimeSpan? after)
    {
        var none = ImmutableDictionary<string, string>.Empty;
        return after is not { } time ? none : none
            .Add("Retry-After", $"{Math.Max(1, (int)Math.Ceiling(time.TotalSeconds))}")
            .Add("retry-after-ms", $"{Math.Max(1, (int)Math.Ceiling(time.TotalMilliseconds))}");
    }
}

/// <param name="Place">Where; after half the body if <paramref name="After"/> is null.</param>
/// <param name="After">Bytes of the body that still go out.</param>
internal sealed record Cut(CutPlace Place, Ending Ending, long? After = null)
{
    /// <summary>Announces the bytes that are sent as the whole body, by <c>Content-Length</c>.</summary>
    public bool Announced { get; init; }
}

internal enum CutPlace
{
    BeforeHeaders,
    AfterHeaders,
    MidBody,
}

internal enum Ending
{
    /// <summary>As if all were well.</summary>
    Proper,

    /// <summary>The connection is reset.</summary>
    Reset,

    /// <summary>The connection is closed without the last chunk.</summary>
    Closed,

    /// <summary>Nothing more comes, and the connection stays open.</summary>
    Stall,
}

internal sealed record Trickle(TimeSpan Every, int Bytes);
