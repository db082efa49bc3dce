using Darkroom.Worker.Files;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Files;

public sealed class File_settings
{
    [Fact]
    public void Shipped_ones_are_good() => Assert.True(new FilesOptionsRules().Validate(null, new FilesOptions()).Succeeded);

    [Fact]
    public void Mistakes_are_all_named()
    {
        var result = new FilesOptionsRules().Validate(null, new FilesOptions { MaxBytes = 1023, DraftPath = " " });

        Assert.Equal(
            ["Darkroom:Files:MaxBytes must be 1024 to 10737418240 (10 GiB), not 1023.", "Darkroom:Files:DraftPath must be a folder, not empty."],
            result.Failures!);
    }
}
