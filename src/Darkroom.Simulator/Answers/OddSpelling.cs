namespace Darkroom.Simulator.Answers;

/// <summary>
/// A generation in legal JSON that careless readers stumble over: usage first, white space everywhere, unknown fields
/// (nested, with a <c>b64_json</c> that is no picture), escaped member names, and escapes inside the base64.
/// </summary>
internal static class OddSpelling
{
    public static IReadOnlyList<BodyPiece> Pieces(GenerationBody body)
    {
        var pieces = new List<BodyPiece> { new Plain("\r\n\t {\n") };
        if (body.Usage is not null)
            pieces.Add(new Plain($"  \"usage\" :\t{GenerationBody.UsageJson(body.Usage).Replace(":", " : ").Replace(",", "\n,\t")} ,"));
        pieces.Add(new Plain($$"""

              "x_trace": { "b64_json" : "bm90IGEgcGljdHVyZQ==", "data":[ { "b64_json":"bm9yIHRoaXM=" } , [[[{"deep":[1e-3,-0.0,true,null]}]]] ] },
              "size" : "{{body.Size}}",	"qu\u0061lity" : "{{body.Quality}}" , "empty":{},"none" : [ ],
            """));
        if (body.Data is not null)
            AddData(pieces, body.Data);
        pieces.Add(new Plain($$"""
             "note\"}]":"}{][,\\\u0022\ud83d\ude00",
              "output_format":"{{body.OutputFormat}}"
              , "created"
              : {{body.Created}}
            }

            """));
        return pieces;
    }

    private static void AddData(List<BodyPiece> pieces, IReadOnlyList<BodyPiece?> data)
    {
        pieces.Add(new Plain("\n \"d\\u0061ta\" : [ "));
        for (var index = 0; index < data.Count; index++)
        {
            pieces.Add(new Plain((index == 0 ? "" : "\n\t, ") + "{ \"revised\":{\"b64_json\":\"bm90aGluZw==\"}, \"b64\\u005fjson\"\r\n: "));
            pieces.AddRange(data[index] is { } text ? [new Plain("\""), new Escaped(text), new Plain("\"")] : [new Plain("null")]);
            pieces.Add(new Plain(" , \"index\" : " + index + " } "));
        }
        pieces.Add(new Plain("]\n,"));
    }
}
