using System.Text.Json;
using Darkroom.Migrations.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Darkroom.Migrations;

/// <summary>Darkroom's tables, in the schema <c>darkroom</c>. SQL asks <c>darkroom.now()</c> for the time.</summary>
public sealed class DarkroomDb(DbContextOptions<DarkroomDb> options) : DbContext(options)
{
    public const string Schema = "darkroom";

    /// <summary><c>json</c> keeps the endpoint's text to the letter, where <c>jsonb</c> would rewrite it.</summary>
    const string AsSent = "json";

    public DbSet<Job> Jobs => Set<Job>();
    public DbSet<Attempt> Attempts => Set<Attempt>();
    public DbSet<JobEvent> JobEvents => Set<JobEvent>();
    public DbSet<Batch> Batches => Set<Batch>();
    public DbSet<BatchDelta> BatchDeltas => Set<BatchDelta>();
    public DbSet<StoredFile> Files => Set<StoredFile>();
    public DbSet<AuditEntry> AuditLog => Set<AuditEntry>();
    public DbSet<Image> Images => Set<Image>();
    public DbSet<Endpoint> Endpoints => Set<Endpoint>();
    public DbSet<Node> Nodes => Set<Node>();
    public DbSet<Lease> Leases => Set<Lease>();
    public DbSet<Project> Projects => Set<Project>();
    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();
    public DbSet<IdempotencyKey> IdempotencyKeys => Set<IdempotencyKey>();
    public DbSet<Secret> Secrets => Set<Secret>();
    public DbSet<WebhookEndpoint> WebhookEndpoints => Set<WebhookEndpoint>();
    public DbSet<WebhookDelivery> WebhookDeliveries => Set<WebhookDelivery>();
    public DbSet<WebhookAttempt> WebhookAttempts => Set<WebhookAttempt>();
    public DbSet<WebhookReceiver> WebhookReceivers => Set<WebhookReceiver>();
    public DbSet<UsageDelta> UsageDeltas => Set<UsageDelta>();
    public DbSet<UsageTotal> UsageTotals => Set<UsageTotal>();
    public DbSet<JobSearchEntry> JobSearch => Set<JobSearchEntry>();
    public DbSet<Thumbnail> Thumbnails => Set<Thumbnail>();
    public DbSet<BulkAction> BulkActions => Set<BulkAction>();

    /// <summary>The database's time; in queries only.</summary>
    [DbFunction("now", Schema)]
    public static DateTimeOffset Now() => throw new NotSupportedException("Only for queries.");

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(Schema);
        modelBuilder.Entity<Job>(MapJob);
        modelBuilder.Entity<Attempt>(MapAttempt);
        modelBuilder.Entity<Batch>(MapBatch);
        modelBuilder.Entity<BatchDelta>();
        modelBuilder.Entity<StoredFile>(e =>
        {
            e.ToTable("files");
            e.HasIndex(f => new { f.ProjectId, f.CreatedAt, f.Id }).HasDatabaseName("ix_files_project");
            e.HasIndex(f => f.ExpiresAt).HasDatabaseName("ix_files_expires").HasFilter("expires_at IS NOT NULL");
        });
        modelBuilder.Entity<JobEvent>(e =>
        {
            e.HasKey(x => new { x.Xid, x.Id });
            e.Property(x => x.Xid).HasColumnType("xid8").HasDefaultValueSql("pg_current_xact_id()");
            e.Property(x => x.Id).UseIdentityAlwaysColumn();
            e.HasIndex(x => x.JobId).HasDatabaseName("ix_job_events_job");
            e.HasIndex(x => new { x.BatchId, x.Xid, x.Id }).HasDatabaseName("ix_job_events_batch").HasFilter("batch_id IS NOT NULL");
        });
        modelBuilder.Entity<AuditEntry>(e =>
        {
            e.ToTable("audit_log").HasIndex(x => new { x.CreatedAt, x.Id });
            e.Property(x => x.Detail).HasColumnType("json");
        });
        modelBuilder.Entity<Image>(e =>
        {
            e.HasKey(i => new { i.JobId, i.Index });
            e.Property(i => i.Index).ValueGeneratedNever();
        });
        modelBuilder.Entity<Endpoint>(e => e.HasKey(x => x.Name));
        modelBuilder.Entity<Node>(e => e.HasIndex(n => n.HeartbeatAt).HasFilter("ended_at IS NULL"));
        modelBuilder.Entity<Lease>(e => e.HasKey(l => l.Name));
        modelBuilder.Entity<Project>(e => e.HasIndex(p => p.Name).IsUnique());
        modelBuilder.Entity<ApiKey>(e =>
        {
            e.HasOne<Project>().WithMany().HasForeignKey(k => k.ProjectId);
            e.HasIndex(k => k.Sha256).IsUnique();
        });
        modelBuilder.Entity<IdempotencyKey>(e =>
        {
            e.HasKey(k => new { k.ProjectId, k.Key });
            e.HasIndex(k => k.CreatedAt);
        });
        modelBuilder.Entity<Secret>(e => e.HasKey(s => s.Name));
        modelBuilder.Entity<WebhookEndpoint>(e =>
        {
            e.HasOne<Project>().WithMany().HasForeignKey(x => x.ProjectId);
            e.HasIndex(x => new { x.ProjectId, x.CreatedAt, x.Id });
            e.HasIndex(x => x.ProjectId).IsUnique().HasDatabaseName("ix_webhook_endpoints_own").HasFilter("url IS NULL");
        });
        modelBuilder.Entity<WebhookDelivery>(MapDelivery);
        modelBuilder.Entity<WebhookAttempt>(e => e.HasIndex(a => new { a.DeliveryId, a.Number }));
        modelBuilder.Entity<WebhookReceiver>(e => e.HasKey(r => r.Receiver));
        modelBuilder.Entity<UsageDelta>();
        modelBuilder.Entity<UsageTotal>(e =>
        {
            e.HasKey(t => new { t.Day, t.ProjectId, t.BatchId, t.Endpoint, t.Model, t.Quality, t.Size });
            // What one batch has used, on whatever days.
            e.HasIndex(t => t.BatchId).HasDatabaseName("ix_usage_totals_batch").HasFilter("batch_id <> '00000000-0000-0000-0000-000000000000'");
        });
        modelBuilder.Entity<JobSearchEntry>(e =>
        {
            e.ToTable("job_search").HasKey(s => s.JobId);
            e.HasOne<Job>().WithOne().HasForeignKey<JobSearchEntry>(s => s.JobId);
            e.HasIndex(s => s.Words).HasMethod("gin").HasDatabaseName("ix_job_search_words");
            // Its last entry is where filling goes on.
            e.HasIndex(s => new { s.ProjectId, s.CreatedAt, s.JobId }).HasDatabaseName("ix_job_search_newest");
        });
        modelBuilder.Entity<Thumbnail>(e =>
        {
            e.HasKey(t => new { t.JobId, t.Index });
            e.HasOne<Image>().WithOne().HasForeignKey<Thumbnail>(t => new { t.JobId, t.Index });
        });
        modelBuilder.Entity<BulkAction>(e => e.HasIndex(b => new { b.ProjectId, b.CreatedAt }).HasDatabaseName("ix_bulk_actions_project"));
    }

    static void MapJob(EntityTypeBuilder<Job> job)
    {
        MapMetadata(job.Property(j => j.Metadata));
        job.Property(j => j.Usage).HasColumnType(AsSent);
        job.HasMany(j => j.Images).WithOne().HasForeignKey(i => i.JobId);

        // The due-job pick: only rows that may be picked are in it, and within a lane the not-yet-due stand at the end.
        job.HasIndex(j => new { j.Endpoint, j.Priority, j.Lane, j.DueAt, j.Id }).HasDatabaseName("ix_jobs_due")
            .HasFilter("status = 'queued' AND admitted_at IS NULL");
        job.HasIndex(j => j.AdmittedAt).HasDatabaseName("ix_jobs_admitted").HasFilter("status = 'queued' AND admitted_at IS NOT NULL");
        job.HasIndex(j => j.Endpoint).HasDatabaseName("ix_jobs_running").HasFilter("status = 'running'");
        job.HasIndex(j => j.Deadline).HasDatabaseName("ix_jobs_deadline").HasFilter("status = 'queued' AND deadline IS NOT NULL");

        // What is old enough to be removed: a job that is not finished is not in it.
        job.HasIndex(j => new { j.FinishedAt, j.Id }).HasDatabaseName("ix_jobs_finished").HasFilter("finished_at IS NOT NULL");

        // The list calls: newest first, keyset by (created_at, id).
        job.HasIndex(j => new { j.ProjectId, j.CreatedAt, j.Id }).HasDatabaseName("ix_jobs_project");
        job.HasIndex(j => new { j.ProjectId, j.Status, j.CreatedAt, j.Id }).HasDatabaseName("ix_jobs_status");
        job.HasIndex(j => new { j.BatchId, j.CreatedAt, j.Id }).HasDatabaseName("ix_jobs_batch").HasFilter("batch_id IS NOT NULL");
        job.HasIndex(j => new { j.ProjectId, j.CustomId, j.CreatedAt, j.Id }).HasDatabaseName("ix_jobs_custom_id")
            .HasFilter("custom_id IS NOT NULL");
    }

    static void MapMetadata(PropertyBuilder<Dictionary<string, string>> metadata) => metadata.HasColumnType("json").HasConversion(
        m => JsonSerializer.Serialize(m, JsonSerializerOptions.Default),
        json => JsonSerializer.Deserialize<Dictionary<string, string>>(json, JsonSerializerOptions.Default)!,
        // Written once, with its job or batch.
        ValueComparer.CreateDefault<Dictionary<string, string>>(favorStructuralComparisons: false));

    static void MapBatch(EntityTypeBuilder<Batch> batch)
    {
        MapMetadata(batch.Property(b => b.Metadata));
        batch.Property(b => b.Errors).HasColumnType("json");
        batch.HasOne<Project>().WithMany().HasForeignKey(b => b.ProjectId);
        // The list: newest first, keyset by (created_at, id).
        batch.HasIndex(b => new { b.ProjectId, b.CreatedAt, b.Id }).HasDatabaseName("ix_batches_project");
        // What the sweeps look at, and the pick of due jobs: few, however many have ended.
        batch.HasIndex(b => b.Status).HasDatabaseName("ix_batches_open").HasFilter("status IN ('validating', 'in_progress', 'cancelling', 'finalizing')");
    }

    static void MapDelivery(EntityTypeBuilder<WebhookDelivery> delivery)
    {
        delivery.Property(d => d.Snapshot).HasColumnType(AsSent);
        // What to send next, receiver by receiver, and what is under way.
        delivery.HasIndex(d => new { d.Receiver, d.DueAt }).HasDatabaseName("ix_webhook_deliveries_due").HasFilter("status = 'pending' AND issued_at IS NULL");
        delivery.HasIndex(d => d.Receiver).HasDatabaseName("ix_webhook_deliveries_issued").HasFilter("status = 'pending' AND issued_at IS NOT NULL");
        // The log: newest first, keyset by (created_at, id).
        delivery.HasIndex(d => new { d.ProjectId, d.CreatedAt, d.Id }).HasDatabaseName("ix_webhook_deliveries_project");
        delivery.HasIndex(d => d.JobId).HasDatabaseName("ix_webhook_deliveries_job").HasFilter("job_id IS NOT NULL");
        delivery.HasIndex(d => d.FinishedAt).HasDatabaseName("ix_webhook_deliveries_finished").HasFilter("finished_at IS NOT NULL");
    }

    static void MapAttempt(EntityTypeBuilder<Attempt> attempt)
    {
        attempt.Property(a => a.Usage).HasColumnType(AsSent);
        attempt.HasOne<Job>().WithMany().HasForeignKey(a => a.JobId);
        attempt.HasIndex(a => new { a.JobId, a.Number }).IsUnique();
        attempt.HasIndex(a => a.NodeId).HasDatabaseName("ix_attempts_open").HasFilter("status IN ('dispatched', 'received')");
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<decimal>().HavePrecision(18, 8);
}
