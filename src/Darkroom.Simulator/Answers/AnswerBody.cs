using System.Text;
using Darkroom.Simulator.Contract;

namespace Darkroom.Simulator.Answers;

/// <summary>The body of an answer, as pieces to send one after the other.</summary>
internal abstract record AnswerBody
{
    public abstract IReadOnlyList<BodyPiece> Pieces();
}

/// <summary>A body that is not a generation: errors, mostly.</summary>
internal sealed record OtherBody(params BodyPiece[] Content) : AnswerBody
{
    public OtherBody(string text) : this(new Plain(text)) { }

    public override IReadOnlyList<BodyPiece> Pieces() => Content;
}

/// <summary>The documented answer.</summary>
/// <param name="Data">The text of each <c>b64_json</c>; null for a JSON null.</param>
/// <param name="Usage">Null: left out.</param>
internal sealed record GenerationBody(
    long Created, IReadOnlyList<BodyPiece?>? Data, string OutputFormat, string Quality, string Size, TokenUsage? Usage) : AnswerBody
{
    /// <summary>Spelled as strangely as JSON allows; it means the same.</summary>
    public bool Odd { get; init; }

    public override IReadOnlyList<BodyPiece> Pieces() => Odd ? OddSpelling.Pieces(this) : PlainPieces();

    private List<BodyPiece> PlainPieces()
    {
        var pieces = new List<BodyPiece> { new Plain($"{{\"created\":{Created}") };
        if (Data is not null)
        {
            pieces.Add(new Plain(",\"data\":["));
            for (var index = 0; index < Data.Count; index++)
            {
                pieces.Add(new Plain(index == 0 ? "{\"b64_json\":" : ",{\"b64_json\":"));
                pieces.AddRange(Data[index] is { } text ? [new Plain("\""), text, new Plain("\"}")] : [new Plain("null}")]);
            }
            pieces.Add(new Plain("]"));
        }
        var end = new StringBuilder($",\"output_format\":\"{OutputFormat}\",\"quality\":\"{Quality}\",\"size\":\"{Size}\"");
        if (Usage is not null)
            end.Append($",\"usage\":{UsageJson(Usage)}");
        pieces.Add(new Plain(end.Append('}').ToString()));
        return pieces;
    }

    public static string UsageJson(TokenUsage usage) => Encoding.UTF8.GetString(Json.Bytes(new
    {
        usage.InputTokens,
        InputTokensDetails = new { ImageTokens = 0, TextTokens = usage.InputTokens },
        usage.OutputTokens,
        usage.TotalTokens,
    }));
}
