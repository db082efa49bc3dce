using System.Text;
using System.Xml.Linq;
using Darkroom.Migrations;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Access;

/// <summary>
/// ASP.NET Core's Data Protection keys as rows beside the other secrets: what one node encrypts (sessions, antiforgery tokens), every
/// node reads, and a restart signs nobody out.
/// </summary>
internal sealed class KeyRing(IDbContextFactory<DarkroomDb> databases) : IXmlRepository
{
    const string Prefix = "data-protection/";

    public static void Add(IServiceCollection services)
    {
        services.AddDataProtection().SetApplicationName("darkroom");
        services.AddSingleton<KeyRing>();
        services.AddOptions<KeyManagementOptions>().Configure<KeyRing>((options, ring) => options.XmlRepository = ring);
    }

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var db = databases.CreateDbContext();
        return [.. db.Secrets.Where(s => s.Name.StartsWith(Prefix)).Select(s => s.Value).AsEnumerable().Select(xml => XElement.Parse(Encoding.UTF8.GetString(xml)))];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var db = databases.CreateDbContext();
        db.Database.ExecuteSql($"""
            INSERT INTO darkroom.secrets (name, value, created_at)
            VALUES ({Prefix + friendlyName}, {Encoding.UTF8.GetBytes(element.ToString(SaveOptions.DisableFormatting))}, darkroom.now())
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """);
    }
}
