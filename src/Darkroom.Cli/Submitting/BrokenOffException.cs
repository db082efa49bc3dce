using Darkroom.Cli.Watching;

namespace Darkroom.Cli.Submitting;

/// <summary>A submission ended before it was known what becomes of it: something may have been bought.</summary>
/// <param name="why">What ended it.</param>
internal sealed class BrokenOffException(Exception why, OpenSubmission submission) : Exception(submission.Hint, why)
{
    public OpenSubmission Submission => submission;

    /// <summary>Whether the request may have been carried out all the same, or the next one will be.</summary>
    public static bool LeavesOpen(Exception e) => e is OperationCanceledException || Patience.IsPassing(e);
}
