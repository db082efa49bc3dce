using System.Collections;
using System.ComponentModel;
using System.Reflection;
using System.Text;
using Darkroom.Simulator.Faults;

namespace Darkroom.Simulator.CommandLine;

/// <summary>What <c>--help</c> prints: every option with its default, every fault, every directive.</summary>
internal static class HelpText
{
    public static string Write()
    {
        var text = new StringBuilder($"""
            The image endpoint, simulated: POST /v1/images/generations with any bearer key.

              dotnet run --project src/Darkroom.Simulator -- --urls {Arguments.DefaultUrls} --images-per-minute 250

            Options (value after a blank or '='; --Simulator:Name works too)

            """);
        Row(text, "--urls", $"Where to listen. Default: {Arguments.DefaultUrls}");
        var defaults = new SimulatorOptions();
        foreach (var option in Arguments.Settable)
        {
            var what = option.GetCustomAttribute<DescriptionAttribute>()!.Description;
            Row(text, Kebab(option.Name), $"{what} Default: {Show(option.GetValue(defaults))}");
        }
        Section(text, "Faults (by --fault-rates, by a prompt that contains [[fault:NAME]], or by POST /admin/faults)",
            FaultTable.All.Select(kind => (kind.Name, kind.What)).Concat(FaultTable.Patterns));
        Section(text, "Arguments of faults", FaultTable.Arguments);
        Section(text, "Directives in prompts", PromptDirectives.Known);
        Section(text, "Administration", Administration);
        return text.ToString();
    }

    private static readonly (string, string)[] Administration =
    [
        ("GET /admin/calls?since=N", "every call after number N"),
        ("GET /admin/bill", "what was billed, by model"),
        ("POST /admin/faults", """{"fault":"http_500","times":2,"prompt":"cat"} for the next calls, or {"fault":…,"rate":0.1}"""),
        ("GET, DELETE /admin/faults", "all faults and what is planned; drops the plan"),
        ("POST /admin/hold", """calls wait before they are generated; {"prompt":"cat"} for some"""),
        ("POST /admin/release", """lets them go; {"count":1} for the oldest"""),
        ("POST /admin/reset", "forgets calls, faults and holds"),
    ];

    private static void Section(StringBuilder text, string title, IEnumerable<(string Name, string What)> rows)
    {
        text.AppendLine().AppendLine(title).AppendLine();
        foreach (var (name, what) in rows)
            Row(text, name, what);
    }

    private static void Row(StringBuilder text, string name, string what) => text.AppendLine($"  {name,-36}{what}");

    private static string Kebab(string name) =>
        "-" + string.Concat(name.Select(letter => char.IsUpper(letter) ? $"-{char.ToLowerInvariant(letter)}" : $"{letter}"));

    private static string Show(object? value) => value switch
    {
        null => "none",
        TimeSpan time => $"{time.TotalSeconds}s",
        string text => text,
        IList<SimulatedModel> models => string.Join(',', models.Select(model => model.Name)),
        IEnumerable => "none",
        OutputFormat format => format.ToString().ToLowerInvariant(),
        _ => $"{value}",
    };
}
