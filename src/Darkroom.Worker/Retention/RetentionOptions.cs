using Microsoft.Extensions.Options;

namespace Darkroom.Worker.Retention;

/// <summary>
/// How long finished work is kept; <c>Darkroom:Retention</c>. Everything is kept for ever unless told otherwise: nobody should lose a
/// picture to a default. Sums of usage and cost are never removed.
/// </summary>
internal sealed class RetentionOptions
{
    public const string Section = "Darkroom:Retention";

    /// <summary>
    /// After it, jobs that have succeeded, failed or been cancelled go, with their attempts and pictures. Default null: never. At least
    /// 1 day, for as long as an <c>Idempotency-Key</c> may still ask for its job; at most 100 years. Held jobs wait for a person.
    /// </summary>
    public TimeSpan? Jobs { get; set; }

    /// <summary>After it, a finished job's attempts go; the job keeps its usage and cost. Default null: with the job. 1 day to 100 years.</summary>
    public TimeSpan? Attempts { get; set; }

    /// <summary>After it, a finished job's pictures go from the store, and its links answer 410. Default null: with the job. 1 hour to 100 years.</summary>
    public TimeSpan? Pictures { get; set; }

    /// <summary>
    /// After it, an ended batch goes with the files it wrote, once none of its lines is left (<see cref="Jobs"/>). Default null: never. 1 day to
    /// 100 years.
    /// </summary>
    public TimeSpan? Batches { get; set; }

    /// <summary>After it, entries of the audit log go. Default null: never. 1 day to 100 years.</summary>
    public TimeSpan? AuditLog { get; set; }

    /// <summary>Jobs that go in one transaction. Default 200, 1 to 10,000: small enough that nobody waits for its locks.</summary>
    public int BatchSize { get; set; } = 200;
}

internal sealed class RetentionOptionsRules : IValidateOptions<RetentionOptions>
{
    static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    public ValidateOptionsResult Validate(string? name, RetentionOptions options)
    {
        var mistakes = new List<string>();
        void Require(string key, TimeSpan? age, TimeSpan least, string rule)
        {
            if (age < least || age > Longest)
                mistakes.Add($"{RetentionOptions.Section}:{key} must be null or {rule} to 36500 days, not {age}.");
        }

        Require(nameof(options.Jobs), options.Jobs, TimeSpan.FromDays(1), "1 day");
        Require(nameof(options.Batches), options.Batches, TimeSpan.FromDays(1), "1 day");
        Require(nameof(options.Attempts), options.Attempts, TimeSpan.FromDays(1), "1 day");
        Require(nameof(options.Pictures), options.Pictures, TimeSpan.FromHours(1), "1 hour");
        Require(nameof(options.AuditLog), options.AuditLog, TimeSpan.FromDays(1), "1 day");
        if (options.BatchSize is < 1 or > 10_000)
            mistakes.Add($"{RetentionOptions.Section}:{nameof(options.BatchSize)} must be 1 to 10000, not {options.BatchSize}.");
        return mistakes.Count > 0 ? ValidateOptionsResult.Fail(mistakes) : ValidateOptionsResult.Success;
    }
}
