namespace Darkroom.Worker.Admission;

/// <summary>Postgres notification channels. A lost notice costs a second at most: every listener also looks by itself.</summary>
internal static class Notices
{
    /// <summary>There may be something to admit: a job was submitted, a slot came free, an endpoint was resumed.</summary>
    public const string Work = "darkroom_work";

    /// <summary>Tickets wait in Hangfire's queue.</summary>
    public const string Tickets = "darkroom_tickets";

    /// <summary>A delivery has ended: its receiver may take another.</summary>
    public const string Delivered = "darkroom_delivered";

    /// <summary>Deliveries of webhooks wait in Hangfire's queue.</summary>
    public const string Deliveries = "darkroom_deliveries";

    /// <summary>The job whose id is the payload was cancelled.</summary>
    public const string Canceled = "darkroom_canceled";
}
