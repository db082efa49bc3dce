using Darkroom.Worker.Retention;
using Xunit;

namespace Darkroom.Tests.Retention;

public sealed class Retention_settings
{
    [Fact]
    public void By_default_they_are_right_and_keep_everything()
    {
        var options = new RetentionOptions();

        Assert.True(new RetentionOptionsRules().Validate(null, options).Succeeded);
        Assert.Equal((null, null, null), (options.Jobs, options.Attempts, options.Pictures));
    }

    [Fact]
    public void Every_mistake_is_named_with_what_would_be_right()
    {
        var options = new RetentionOptions
        {
            Jobs = TimeSpan.FromHours(23),
            Batches = TimeSpan.FromHours(22),
            Attempts = TimeSpan.Zero,
            Pictures = TimeSpan.FromDays(36_501),
            AuditLog = TimeSpan.FromHours(1),
            BatchSize = 0,
        };

        Assert.Equal(
            [
                "Darkroom:Retention:Jobs must be null or 1 day to 36500 days, not 23:00:00.",
                "Darkroom:Retention:Batches must be null or 1 day to 36500 days, not 22:00:00.",
                "Darkroom:Retention:Attempts must be null or 1 day to 36500 days, not 00:00:00.",
                "Darkroom:Retention:Pictures must be null or 1 hour to 36500 days, not 36501.00:00:00.",
                "Darkroom:Retention:AuditLog must be null or 1 day to 36500 days, not 01:00:00.",
                "Darkroom:Retention:BatchSize must be 1 to 10000, not 0.",
            ],
            new RetentionOptionsRules().Validate(null, options).Failures);
    }
}
