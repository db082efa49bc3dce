using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Execution;

/// <summary>Where answers are kept between the endpoint and the store: this process's folder, and what dead ones left beside it.</summary>
internal sealed class Spool : IDisposable
{
    readonly string root;

    public Spool(NodeIdentity node, IOptions<WorkerOptions> options, IHostEnvironment environment)
    {
        root = Path.GetFullPath(options.Value.SpoolPath, environment.ContentRootPath);
        Directory.CreateDirectory(root);
        Own = SpoolFolder.Create(root, node.Id);
    }

    public SpoolFolder Own { get; }

    public string Root => root;

    public IEnumerable<SpoolFolder> Abandoned() => SpoolFolder.Abandoned(root);

    /// <summary>What any node has received and not finished, be it dead, frozen or waiting for the store; null where this machine does not see it.</summary>
    public SpoolManifest? Find(Guid attemptId) => SpoolFolder.Find(root, attemptId);

    /// <summary>A folder with nothing left to finish goes with its process; any other waits to be adopted.</summary>
    public void Dispose()
    {
        if (!Own.HasManifests)
            Own.Remove();
        Own.Dispose();
    }
}
