using Darkroom.Simulator;
using Darkroom.Simulator.CommandLine;
using Darkroom.Simulator.Faults;
using Xunit;

namespace Darkroom.Tests.Simulator;

public class Command_line
{
    [Fact]
    public void Every_kind_of_option_is_read_in_every_spelling()
    {
        var parsed = Arguments.Parse(
        [
            "--urls", "http://127.0.0.1:0", "--latency-scale", "0.5", "--Simulator:CallLog=calls.ndjson", "Simulator:ImagesPerMinute=250",
            "--LatencyMax=1.5m", "--output-format", "mixed", "--api-keys=a,b", "--models", "gpt-image-1,mine", "--budget", "12.5",
            "--fault-rates", "http_500=0.05,http_429 retry_after=3=0.1",
        ]);

        Assert.Empty(parsed.Mistakes);
        Assert.Empty(parsed.Options.Problems());
        var options = parsed.Options;
        Assert.Equal(("http://127.0.0.1:0", 0.5, "calls.ndjson", 250), (parsed.Urls, options.LatencyScale, options.CallLog, options.ImagesPerMinute));
        Assert.Equal((TimeSpan.FromSeconds(90), OutputFormat.Mixed, 12.5m), (options.LatencyMax, options.OutputFormat, options.Budget));
        Assert.Equal(["a", "b"], options.ApiKeys);
        Assert.Equal([SimulatedModel.Shipped[0], new SimulatedModel("mine")], options.Models);
        Assert.Equal(0.1, options.FaultRates["http_429 retry_after=3"]);
    }

    [Theory]
    [InlineData("--colour", "red", "'--colour' is not an option")]
    [InlineData("serve", null, "'serve' is not an argument")]
    [InlineData("--latency-scale", "fast", "'fast' is not a value for --latency-scale: a number")]
    [InlineData("--latency-scale", null, "'' is not a value for --latency-scale")]
    [InlineData("--latency-scale", "-1", "LatencyScale must be from 0 to 100")]
    [InlineData("--auto-size", "tiny", "AutoSize is 'tiny'; it must be one of 1024x1024")]
    [InlineData("--fault-rates", "nonsense=0.1", "'nonsense' is not a fault")]
    [InlineData("--fault-rates", "http_500=2", "the rate of http_500 must be from 0 to 1")]
    [InlineData("--min-picture-bytes", "9000000", "0 <= min <= max")]
    public void A_mistake_is_named(string name, string? value, string message)
    {
        string[] args = value is null ? [name] : [name, value];

        var refusal = Assert.Throws<ArgumentException>(() => SimulatorApp.Build(args));

        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_names_every_option_and_every_fault()
    {
        var help = HelpText.Write();

        Assert.Contains("--min-picture-bytes", help, StringComparison.Ordinal);
        Assert.Equal(typeof(SimulatorOptions).GetProperties().Length - 1, Arguments.Settable.Count);
        Assert.All(FaultTable.All, fault => Assert.Contains($"  {fault.Name} ", help, StringComparison.Ordinal));
    }
}
