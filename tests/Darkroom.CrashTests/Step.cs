namespace Darkroom.CrashTests;

/// <summary>The steps of a job's path at which a process is ended or frozen from within; those on the wire are seen from outside.</summary>
internal enum Step
{
    /// <summary>Admission is committed and its ticket not yet issued.</summary>
    Admitted,

    /// <summary>The attempt is committed as <c>dispatched</c> and nothing sent.</summary>
    Claimed,

    /// <summary>The answer is whole in the spool, and the database does not know.</summary>
    ManifestWritten,

    /// <summary>The attempt is committed as <c>received</c>.</summary>
    Received,

    /// <summary>The pictures are in the store, and the record is about to begin.</summary>
    Stored,

    /// <summary>Within the record, before its commit.</summary>
    Recording,

    /// <summary>The record is committed, and the spool not yet emptied.</summary>
    Recorded,

    /// <summary>A change of state and its webhook events are written, and not committed.</summary>
    Raising,

    /// <summary>They are committed, and whoever asked for the change has no answer yet.</summary>
    Raised,
}
