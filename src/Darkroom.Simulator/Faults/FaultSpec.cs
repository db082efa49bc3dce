using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Darkroom.Simulator.Answers;

namespace Darkroom.Simulator.Faults;

/// <summary>A fault as asked for: <c>http_500</c>, <c>http_500 x2</c>, <c>http_429 retry_after=3</c>.</summary>
/// <param name="Times">How many calls it strikes; null: all.</param>
internal sealed record FaultSpec(string Text, FaultKind Kind, int? Times, IReadOnlyDictionary<string, string> Arguments)
{
    public static bool TryParse(string text, [NotNullWhen(true)] out FaultSpec? spec, out string mistake)
    {
        spec = null;
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        mistake = $"'{words.FirstOrDefault()}' is not a fault; GET /admin/faults lists them.";
        if (words.Length == 0 || FaultTable.Find(words[0]) is not { } kind)
            return false;
        int? times = null;
        var arguments = new Dictionary<string, string>();
        foreach (var word in words[1..])
        {
            var (name, value) = word.Split('=', 2) is [var left, var right] ? (left, right) : (word, "yes");
            if (word[0] == 'x' && int.TryParse(word.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
                times = count;
            else if ((kind.Arguments.Contains(name) || FaultTable.Arguments.Any(known => known.Name == name)) && IsValue(name, value))
                arguments[name] = value;
            else
            {
                mistake = $"'{word}' is not an argument of {kind.Name}; GET /admin/faults lists them.";
                return false;
            }
        }
        spec = new FaultSpec(text, kind, times, arguments);
        return true;
    }

    // A value that would be passed over in silence makes a test that tests nothing.
    private static bool IsValue(string name, string value) => name switch
    {
        "status" => int.TryParse(value, out var status) && status is >= 200 and < 600,
        "at" or "bytes" or "index" => int.TryParse(value, out _),
        "every" or "retry_after_date" => Duration.TryParse(value, out _),
        "billed" => value is "yes" or "no",
        _ => true,
    };

    /// <summary>The answer with the fault in it.</summary>
    public Answer Apply(Answer answer, Strike strike)
    {
        answer = Kind.Apply(answer, strike);
        if (Arguments.TryGetValue("status", out var status))
            answer = answer with { Status = int.Parse(status, CultureInfo.InvariantCulture) };
        if (Arguments.TryGetValue("billed", out var billed))
            answer = answer with { Billed = billed == "yes" };
        return answer with { Headers = RetryHint.Apply(answer.Headers, strike) };
    }
}
