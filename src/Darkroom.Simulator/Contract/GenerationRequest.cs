using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Darkroom.Simulator.Contract;

/// <summary>A request that passed validation, with <c>auto</c> already resolved.</summary>
internal sealed record GenerationRequest(SimulatedModel Model, string Prompt, string Quality, int N, string Size)
{
    private readonly byte[] _digest = SHA256.HashData(Encoding.UTF8.GetBytes(Prompt));

    /// <summary>SHA-256 of the prompt, in hex.</summary>
    public string PromptHash => Convert.ToHexStringLower(_digest);

    /// <summary>The number that decides pictures, latency and faults of this prompt.</summary>
    public uint PromptSeed => BinaryPrimitives.ReadUInt32LittleEndian(_digest);
}
