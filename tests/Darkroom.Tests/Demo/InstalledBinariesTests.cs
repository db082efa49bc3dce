using Darkroom.Demo.Postgres;
using Xunit;

namespace Darkroom.Tests.Demo;

public sealed class InstalledBinariesTests
{
    [Fact]
    public void The_newest_version_comes_first_by_number_not_by_letter()
    {
        var root = Directory.CreateTempSubdirectory("darkroom-test-");
        try
        {
            foreach (var name in (string[])["postgresql@9.6", "postgresql@17", "postgresql", "postgresql@15", "other@18"])
            {
                root.CreateSubdirectory(name);
            }

            Assert.Equal(
                ["postgresql@17", "postgresql@15", "postgresql@9.6", "postgresql"],
                InstalledBinaries.NewestFirst(root.FullName, "postgresql*").Select(bin => Path.GetFileName(Path.GetDirectoryName(bin))));
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_place_that_does_not_exist_holds_nothing() =>
        Assert.Empty(InstalledBinaries.NewestFirst("/no/such/place", "*"));
}
