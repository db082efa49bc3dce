using System.Collections;
using System.ComponentModel;
using System.Globalization;
using System.Reflection;

namespace Darkroom.Simulator.CommandLine;

/// <summary>
/// The command line. Each option of <see cref="SimulatorOptions"/> has one argument, in kebab case (<c>--call-log</c>) or as
/// configuration would name it (<c>--Simulator:CallLog</c>), with its value after a blank or an equals sign.
/// </summary>
internal sealed record Arguments(SimulatorOptions Options, string Urls, bool Help, IReadOnlyList<string> Mistakes)
{
    public const string DefaultUrls = "http://127.0.0.1:9090";

    public static IReadOnlyList<PropertyInfo> Settable { get; } =
        [.. typeof(SimulatorOptions).GetProperties().Where(property => property.IsDefined(typeof(DescriptionAttribute)))];

    public static Arguments Parse(string[] args)
    {
        var parsed = new Arguments(new SimulatorOptions(), DefaultUrls, Help: false, []);
        for (var index = 0; index < args.Length; index++)
        {
            if (args[index] is "--help" or "-h" or "-?")
            {
                parsed = parsed with { Help = true };
                continue;
            }
            var (name, value) = args[index].Split('=', 2) is [var left, var right] ? (left, right) : (args[index], null);
            if (!name.StartsWith("--", StringComparison.Ordinal) && !name.StartsWith("Simulator:", StringComparison.OrdinalIgnoreCase))
            {
                parsed = parsed.With($"'{args[index]}' is not an argument; see --help.");
                continue;
            }
            value ??= index + 1 < args.Length ? args[++index] : "";
            parsed = parsed.Set(name, value);
        }
        return parsed;
    }

    private Arguments Set(string name, string value)
    {
        if (Plain(name) == "urls")
            return this with { Urls = value };
        if (Settable.FirstOrDefault(property => Plain(property.Name) == Plain(name)) is not { } option)
            return With($"'{name}' is not an option; see --help.");
        if (!TryConvert(value, option.PropertyType, out var converted))
            return With($"'{value}' is not a value for {name}: {Expected(option.PropertyType)}.");
        option.SetValue(Options, converted);
        return this;
    }

    private Arguments With(string mistake) => this with { Mistakes = [.. Mistakes, mistake] };

    private static string Plain(string name) =>
        name.Replace("Simulator:", "", StringComparison.OrdinalIgnoreCase).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    private static bool TryConvert(string text, Type type, out object? value)
    {
        var invariant = CultureInfo.InvariantCulture;
        value = null;
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
            value = text;
        else if (type == typeof(int) && int.TryParse(text, invariant, out var whole))
            value = whole;
        else if (type == typeof(double) && double.TryParse(text, invariant, out var number))
            value = number;
        else if (type == typeof(decimal) && decimal.TryParse(text, invariant, out var money))
            value = money;
        else if (type == typeof(TimeSpan) && Duration.TryParse(text, out var time))
            value = time;
        else if (type == typeof(OutputFormat) && Enum.TryParse<OutputFormat>(text, ignoreCase: true, out var format))
            value = format;
        else if (type == typeof(IList<string>))
            value = Listed(text);
        else if (type == typeof(IList<SimulatedModel>))
            value = Listed(text).Select(SimulatedModel.Named).ToList();
        else if (type == typeof(IDictionary<string, double>) && TryRates(text, out var rates))
            value = rates;
        return value is not null;
    }

    private static List<string> Listed(string text) =>
        [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private static bool TryRates(string text, out Dictionary<string, double> rates)
    {
        rates = [];
        foreach (var entry in Listed(text))
        {
            var at = entry.LastIndexOf('=');
            if (at < 0 || !double.TryParse(entry.AsSpan(at + 1), CultureInfo.InvariantCulture, out var rate))
                return false;
            rates[entry[..at]] = rate;
        }
        return true;
    }

    public static string Expected(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var one when one == typeof(int) => "a whole number",
        var one when one == typeof(double) || one == typeof(decimal) => "a number",
        var one when one == typeof(TimeSpan) => "a duration such as 200ms, 5s or 2m",
        var one when one == typeof(OutputFormat) => "png, webp, jpeg or mixed",
        var one when one == typeof(IDictionary<string, double>) => "name=rate,name=rate",
        var one when typeof(IEnumerable).IsAssignableFrom(one) && one != typeof(string) => "names with commas",
        _ => "a text",
    };
}
