using System.Text;
using System.Text.Json;
using Darkroom.Simulator.Contract;

namespace Darkroom.Simulator.Accounting;

/// <summary>
/// Appends one JSON line per event to a file. Each line is handed to the operating system at once, so it survives the
/// death of this process, though not of the machine.
/// </summary>
internal sealed class CallLog(string path) : IDisposable
{
    private readonly FileStream _file = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    public void Write(string what, Call call)
    {
        var line = JsonSerializer.Serialize(new { Event = what, Call = call }, Json.Options);
        _file.Write(Encoding.UTF8.GetBytes(line + "\n"));
    }

    public void Dispose() => _file.Dispose();
}
