using Darkroom.Simulator.Answers;
using Darkroom.Simulator.Contract;

namespace Darkroom.Simulator.Faults;

/// <summary>Errors in bodies that are not the endpoint's own, as gateways in between write them, and errors that say 200.</summary>
internal static class OtherErrors
{
    public static IReadOnlyList<FaultKind> All { get; } =
    [
        new("html_error", "an error page of a gateway (status=502)", (_, strike) => Page(strike)),
        new("text_error", "an error in plain text (status=502)", (_, _) => Text),
        new("empty_error", "an error without a body (status=502)", (_, _) => Empty),
        new("other_json_error", "an error in JSON of another shape (status=502)", (_, _) => OtherJson),
        new("endless_error", "an error whose text never ends (status=500)", (_, _) => NoEnd),
        new("error_200", "an error body with status 200", (answer, _) => Answer.Of(GenerationFailed) with { Billed = answer.Billed }),
        new("html_200", "a web page with status 200", (answer, strike) => Page(strike) with { Status = 200, Billed = answer.Billed }),
        new("empty_200", "no body, with status 200", (answer, _) => Empty with { Status = 200, Billed = answer.Billed }),
    ];

    private static Answer Text => new(502, new OtherBody("upstream connect error or disconnect/reset before headers")) { ContentType = "text/plain" };

    private static Answer Empty => new(502, new OtherBody()) { ContentType = null };

    private static Answer OtherJson => new(502, new OtherBody("""{"detail":[{"msg":"upstream failed"}],"error":"bad_gateway"}"""));

    private static Answer NoEnd => new(500, new OtherBody(new Plain("""{"error":{"message":" """), new Endless("and so on ")));

    private static ApiError GenerationFailed => new(200, "server_error", "generation_failed", "The generation failed.");

    private static Answer Page(Strike strike) => new(502, new OtherBody(
        $"<!DOCTYPE html>\n<html><head><title>{strike.Number("status", 502)}</title></head>\n<body><center><h1>Bad gateway</h1></center></body></html>\n"))
    {
        ContentType = "text/html; charset=UTF-8",
    };
}
