using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Darkroom.Worker.Access;

/// <summary>
/// API keys as text: <c>dk_</c> and 43 characters of base64url, which is 256 random bits. Only their hash is ever stored; a key this
/// random needs no slow one.
/// </summary>
internal static class ApiKeyText
{
    public static string Create() => "dk_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static byte[] Sha256(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>Enough to tell keys apart, too little to guess one.</summary>
    public static string Hint(string key) => key[^4..];
}
