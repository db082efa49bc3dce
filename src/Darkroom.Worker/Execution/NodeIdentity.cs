namespace Darkroom.Worker.Execution;

/// <summary>This process among the cluster's nodes. A restart is a new node: what the old one left is found by its silence and its spool.</summary>
internal sealed class NodeIdentity
{
    public Guid Id { get; } = Guid.CreateVersion7();

    /// <summary>For people: machine and process.</summary>
    public string Name { get; } = $"{Environment.MachineName}:{Environment.ProcessId}";
}
