using Darkroom.Simulator.Answers;
using Darkroom.Simulator.Pictures;

namespace Darkroom.Simulator.Faults;

/// <summary>Status 200, and something is wrong or odd inside. All of them are billed.</summary>
internal static class BrokenGenerations
{
    private static readonly byte[] Garbage = [.. Enumerable.Range(0, 30_000).Select(number => (byte)(number * 7))];

    public static IReadOnlyList<FaultKind> All { get; } =
    [
        Changed("no_pictures", "an empty data", body => body with { Data = [] }),
        Changed("no_data", "no data member", body => body with { Data = null }),
        Pictures("null_picture", "null for each picture", _ => null),
        Pictures("empty_picture", "an empty text for each picture", _ => new Plain("")),
        Pictures("bad_base64", "text that is not base64", _ => new Plain("iVBORw0KGgo=*not#base64?")),
        Pictures("garbage_picture", "valid base64 of bytes that are no picture", _ => Bytes(Garbage)),
        Changed("truncated_picture", "valid base64 of the first half of each picture",
            body => body with { Data = [.. (body.Data ?? []).Select(FirstHalf)] }),
        Pictures("wrong_size_picture", "a good picture of 512x512, whatever was asked for",
            strike => new Base64(Gallery.Misfit(strike.Format))),
        new("partial", "one picture of several is no picture (index=0)", Partial) { Arguments = ["index"] },
        Changed("no_usage", "no usage member", body => body with { Usage = null }),
        Changed("odd_json", "legal JSON in the strangest spelling", body => body with { Odd = true }),
        Pictures("endless_body", "a picture whose base64 never ends", _ => new Endless("AAAA")),
        new("endless_whitespace", "white space without end after the last brace", (answer, _) => answer.Body is GenerationBody body
            ? answer with { Body = new OtherBody([.. body.Pieces(), new Endless(" ")]) }
            : answer),
    ];

    private static FaultKind Changed(string name, string what, Func<GenerationBody, GenerationBody> change) => new(name, $"200 with {what}",
        (answer, _) => answer.Body is GenerationBody body ? answer with { Body = change(body) } : answer);

    private static FaultKind Pictures(string name, string what, Func<Strike, BodyPiece?> picture) => new(name, $"200 with {what}",
        (answer, strike) => answer.Body is GenerationBody body
            ? answer with { Body = body with { Data = [.. Enumerable.Repeat(picture(strike), strike.Request.N)] } }
            : answer);

    private static Answer Partial(Answer answer, Strike strike)
    {
        if (answer.Body is not GenerationBody { Data: { } data } body)
            return answer;
        var bad = Math.Clamp(strike.Number("index", 0), 0, data.Count - 1);
        return answer with { Body = body with { Data = [.. data.Select((picture, index) => index == bad ? Bytes(Garbage) : picture)] } };
    }

    private static BodyPiece? FirstHalf(BodyPiece? piece) =>
        piece is Base64 { Picture: var picture } ? Bytes(picture.ToArray()[..(int)(picture.Length / 2)]) : piece;

    private static Base64 Bytes(byte[] bytes) => new(new Picture(OutputFormat.Png, [bytes]));
}
