using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;
using Wire = Darkroom.Client;

namespace Darkroom.Worker.Files;

/// <summary>Shows files as the API tells them.</summary>
internal static class FileView
{
    public static Wire.StoredFile Of(StoredFile row) => new()
    {
        Id = WireId.File.Format(row.Id),
        Bytes = row.Bytes,
        CreatedAt = row.CreatedAt.ToUnixTimeSeconds(),
        ExpiresAt = row.ExpiresAt?.ToUnixTimeSeconds(),
        Filename = row.Filename,
        Purpose = row.Purpose,
    };

    /// <summary>Where its bytes are; a link that carries a signature needs no key.</summary>
    public static string ContentPath(Guid fileId) => $"/v1/files/{WireId.File.Format(fileId)}/content";
}
