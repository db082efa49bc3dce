using Darkroom.Worker.Api;

namespace Darkroom.Worker.Storage;

/// <summary>
/// One file of lines: <c>{project}/files/{id}/{SHA-256}.jsonl</c>. The hash is part of the key, so that a file which is written again after
/// a crash, with other bytes, does not compete with what the first try left.
/// </summary>
internal sealed record FileKey : StoreKey
{
    /// <param name="project">The project that owns the file.</param>
    /// <param name="file">The file.</param>
    /// <param name="sha256">Of its bytes; 32 bytes.</param>
    public FileKey(Guid project, Guid file, byte[] sha256) => (Project, File, Sha256) = (project, file, Convert.ToHexStringLower(sha256));

    public Guid Project { get; }

    public Guid File { get; }

    public string Sha256 { get; }

    public override string Path => $"{Project:N}/files/{File:N}/{Sha256}.jsonl";

    public override string ContentType => "application/jsonl";

    public override IReadOnlyDictionary<string, string> Labels => new Dictionary<string, string> { ["file_id"] = WireId.File.Format(File) };
}
