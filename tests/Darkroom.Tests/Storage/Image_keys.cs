using CsCheck;
using Darkroom.Worker.Storage;
using Xunit;

namespace Darkroom.Tests.Storage;

public sealed class Image_keys
{
    private static readonly string[] Extensions = ["png", "webp", "jpg"];

    private static readonly Gen<ImageKey> Key = Gen.Select(
        Gen.Guid, Gen.Guid, Gen.Guid, Gen.Int[0, ImageKey.MaxIndex], Gen.Int[0, 2],
        (project, job, attempt, index, extension) => new ImageKey(project, job, attempt, index, Extensions[extension]));

    [Fact]
    public void Are_read_back_from_their_path() =>
        Key.Sample(key => ImageKey.TryParse(key.Path, out var parsed) && parsed == key);

    [Fact]
    public void Stay_below_the_root_whatever_they_are_made_of() =>
        Key.Sample(key =>
        {
            var path = Path.GetFullPath(Path.Combine("/root", key.Path));
            return path == "/root/" + key.Path && key.Path.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '/' or '.');
        });

    [Fact]
    public void Have_one_path_each() =>
        Gen.Select(Key, Key).Sample((one, other) => one == other == (one.Path == other.Path));

    [Fact]
    public void Are_not_read_from_a_path_with_anything_changed() =>
        Gen.Select(Key, Gen.Int[0, 200], Gen.Char["09afAF/.\\- \n"], Gen.Int[0, 2]).Sample((key, place, character, change) =>
        {
            var at = place % key.Path.Length;
            var path = change switch
            {
                0 => key.Path.Insert(at, character.ToString()),
                1 => key.Path.Remove(at, 1),
                _ => key.Path.Remove(at, 1).Insert(at, character.ToString()),
            };

            // A change may give another legal path; then that path, and no second one, is its key's.
            return !ImageKey.TryParse(path, out var parsed) || parsed.Path == path;
        });

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("../../../etc/passwd")]
    [InlineData("/p/p/p/0.png")]
    [InlineData("p/p/p/00.png")]
    [InlineData("p/p/p/100.png")]
    [InlineData("p/p/p/-1.png")]
    [InlineData("p/p/p/+1.png")]
    [InlineData("p/p/p/1.PNG")]
    [InlineData("p/p/p/1.gif")]
    [InlineData("p/p/p/1.jpeg")]
    [InlineData("p/p/p/1.png ")]
    [InlineData("p/p/p/1.png\n")]
    [InlineData("p/p/p/1.png/..")]
    [InlineData("p/p/../1.png")]
    [InlineData("p/p/1.png")]
    [InlineData("p/p/p /1.png")]
    [InlineData("P/p/p/1.png")]
    [InlineData("p\\p\\p\\1.png")]
    public void Are_not_read_from_other_text(string? text)
    {
        var path = text?.Replace("P", "0123456789ABCDEF0123456789ABCDEF", StringComparison.Ordinal)
            .Replace("p/", "0123456789abcdef0123456789abcdef/", StringComparison.Ordinal);

        Assert.False(ImageKey.TryParse(path, out var key));
        Assert.Null(key);
    }

    [Theory]
    [InlineData(-1, "png")]
    [InlineData(100, "png")]
    [InlineData(0, "gif")]
    [InlineData(0, "PNG")]
    [InlineData(0, "../png")]
    public void Are_not_made_of_other_numbers_or_words(int index, string extension) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageKey(Guid.Empty, Guid.Empty, Guid.Empty, index, extension));
}
