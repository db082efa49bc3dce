using Darkroom.Worker.Usage;
using Xunit;

namespace Darkroom.Tests.Usage;

public sealed class Reading_usage
{
    [Theory]
    [InlineData("""{"input_tokens":5,"output_tokens":7}""", 12L)]
    [InlineData("""{"input_tokens":5,"output_tokens":7,"total_tokens":13}""", 13L)]
    [InlineData("""{"input_tokens":-5,"output_tokens":"7","total_tokens":null}""", 0L)]
    [InlineData("[]", null)]
    [InlineData("{", null)]
    // Half a surrogate pair as a name is JSON, and no text.
    [InlineData("""{"input_tokens":5,"output_tokens":7,"\ud800_padding":1}""", null)]
    public void Odd_objects_count_as_nothing_and_break_nothing(string json, long? total) => Assert.Equal(total, TokenUsage.Read(json)?.Total);
}
