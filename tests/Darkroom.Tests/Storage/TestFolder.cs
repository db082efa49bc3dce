using System.Security.Cryptography;
using Darkroom.Worker.Storage;

namespace Darkroom.Tests.Storage;

/// <summary>A folder of one test's own, with the files that the test puts into a store.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("darkroom-storage-").FullName;

    public TestPicture Picture(int length)
    {
        var bytes = RandomNumberGenerator.GetBytes(length);
        return Picture(bytes);
    }

    public TestPicture Picture(byte[] bytes)
    {
        var path = System.IO.Path.Combine(Path, Guid.NewGuid().ToString("N"));
        File.WriteAllBytes(path, bytes);
        return new TestPicture(path, bytes, new SourceProperties(bytes.Length, SHA256.HashData(bytes)));
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

internal sealed record TestPicture(string File, byte[] Bytes, SourceProperties Properties);
