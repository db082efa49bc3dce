using Darkroom.Simulator;
using Darkroom.Simulator.CommandLine;

var arguments = Arguments.Parse(args);
if (arguments.Help)
{
    Console.Write(HelpText.Write());
    return 0;
}
string[] mistakes = [.. arguments.Mistakes, .. arguments.Options.Problems()];
if (mistakes.Length > 0)
{
    Console.Error.WriteLine(string.Join(Environment.NewLine, mistakes));
    return 2;
}

await using var app = SimulatorApp.Build(args);
await app.StartAsync();
Console.WriteLine($"Simulated image endpoint at {string.Join(", ", app.Urls)}; --help lists options and faults.");
await app.WaitForShutdownAsync();
return 0;
