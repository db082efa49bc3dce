using System.Diagnostics.Metrics;
using Darkroom.Tests.Infrastructure;

namespace Darkroom.Tests.Observability;

/// <summary>What one worker of this process has measured: instruments of other workers are told apart by the factory of their meter.</summary>
internal sealed class SeenFigures : IDisposable
{
    readonly List<(string Name, double Value, Dictionary<string, object?> Labels)> seen = [];
    readonly MeterListener listener = new();

    public SeenFigures(TestWorker worker)
    {
        var factory = worker.Get<IMeterFactory>();
        listener.InstrumentPublished = (instrument, me) =>
        {
            if (instrument.Meter.Name == "Darkroom" && instrument.Meter.Scope == factory)
                me.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, labels, _) => Keep(instrument, value, labels));
        listener.SetMeasurementEventCallback<long>((instrument, value, labels, _) => Keep(instrument, value, labels));
        listener.SetMeasurementEventCallback<double>((instrument, value, labels, _) => Keep(instrument, value, labels));
        listener.Start();
    }

    void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        lock (seen)
            seen.Add((instrument.Name, value, labels.ToArray().ToDictionary()));
    }

    /// <summary>The sum of all measurements with these labels.</summary>
    public double Sum(string name, params (string Key, string Value)[] labels) => Values(name, labels).Sum();

    public IReadOnlyList<double> Values(string name, params (string Key, string Value)[] labels)
    {
        lock (seen)
            return [.. seen.Where(s => s.Name == name && labels.All(l => Equals(s.Labels.GetValueOrDefault(l.Key), l.Value))).Select(s => s.Value)];
    }

    /// <summary>Reads the gauges, as a scrape would.</summary>
    public void Observe() => listener.RecordObservableInstruments();

    public void Dispose() => listener.Dispose();
}
