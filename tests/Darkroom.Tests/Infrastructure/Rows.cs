using System.Diagnostics.Metrics;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Observability;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using EndpointRow = Darkroom.Migrations.Rows.Endpoint;

namespace Darkroom.Tests.Infrastructure;

/// <summary>A test database seen through EF Core, with the rows that most tests begin with.</summary>
internal sealed class Rows(TestDatabase database) : IDbContextFactory<DarkroomDb>
{
    static readonly DarkroomMetrics Figures = new(
        new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>(), Microsoft.Extensions.Options.Options.Create(new EndpointSettings()));

    readonly DbContextOptions<DarkroomDb> options = Options(database);

    static DbContextOptions<DarkroomDb> Options(TestDatabase database)
    {
        var builder = new DbContextOptionsBuilder<DarkroomDb>();
        builder.UseDarkroom(database.DataSource);
        return builder.Options;
    }

    public DarkroomDb CreateDbContext() => new(options);

    /// <summary>Whose figures nobody reads.</summary>
    public JobTransitions Transitions => new(this, Figures);

    public Guid Project { get; } = Guid.CreateVersion7();

    public const string Endpoint = "default";

    /// <summary>One project and one active endpoint that has not been called yet.</summary>
    public async Task SeedAsync()
    {
        await using var db = CreateDbContext();
        if (await db.Endpoints.AnyAsync())
            return;
        db.Projects.Add(new Project { Id = Project, Name = "tests", CreatedAt = DateTimeOffset.UnixEpoch });
        db.Endpoints.Add(new EndpointRow
        {
            Name = Endpoint,
            State = EndpointState.Active,
            Since = DateTimeOffset.UnixEpoch,
            BalanceAt = DateTimeOffset.UnixEpoch,
        });
        await db.SaveChangesAsync();
    }

    public Job NewJob(
        Guid? project = null, short priority = 5, DateTimeOffset? due = null, int n = 1, DateTimeOffset? deadline = null, string status = JobStatus.Queued,
        short maxAttempts = 5, short maxUnknown = 2) => new()
        {
            Id = Guid.CreateVersion7(),
            ProjectId = project ?? Project,
            Lane = project ?? Project,
            Endpoint = Endpoint,
            Model = "gpt-image-1.5",
            Prompt = "a red door",
            Quality = "low",
            N = n,
            Size = "1024x1024",
            Priority = priority,
            Deadline = deadline,
            MaxAttempts = maxAttempts,
            MaxUnknownAttempts = maxUnknown,
            OnUnknown = "retry",
            Status = status,
            DueAt = due ?? DateTimeOffset.UnixEpoch,
            CreatedAt = DateTimeOffset.UnixEpoch,
        };

    public async Task<Job> AddAsync(Job job)
    {
        await using var db = CreateDbContext();
        db.Jobs.Add(job);
        await db.SaveChangesAsync();
        return job;
    }

    /// <summary>As admission would: a ticket is under way.</summary>
    public async Task<int> AdmitAsync(Job job)
    {
        await using var db = CreateDbContext();
        await db.Jobs.Where(j => j.Id == job.Id).ExecuteUpdateAsync(set => set
            .SetProperty(j => j.AdmittedAt, j => DarkroomDb.Now())
            .SetProperty(j => j.Ticket, j => j.Ticket + 1)
            .SetProperty(j => j.TokensTaken, 100));
        return (await JobAsync(job.Id)).Ticket;
    }

    public async Task<Job> JobAsync(Guid id)
    {
        await using var db = CreateDbContext();
        return await db.Jobs.AsNoTracking().Include(j => j.Images).SingleAsync(j => j.Id == id);
    }

    public async Task<List<Attempt>> AttemptsAsync(Guid jobId)
    {
        await using var db = CreateDbContext();
        return await db.Attempts.AsNoTracking().Where(a => a.JobId == jobId).OrderBy(a => a.Number).ToListAsync();
    }

    public async Task<EndpointRow> EndpointAsync()
    {
        await using var db = CreateDbContext();
        return await db.Endpoints.AsNoTracking().SingleAsync(e => e.Name == Endpoint);
    }

    /// <summary>Returns once every one of the jobs is in one of the states; the cluster's own notices say when to look.</summary>
    public async Task WaitForAsync(IReadOnlyCollection<Guid> jobs, string[] states, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        await using var notices = await database.DataSource.OpenConnectionAsync(patience.Token);
        await using (var listen = new NpgsqlCommand($"LISTEN {Notices.Work}", notices))
            await listen.ExecuteNonQueryAsync(patience.Token);
        while (true)
        {
            await using var db = CreateDbContext();
            if (await db.Jobs.CountAsync(j => jobs.Contains(j.Id) && states.Contains(j.Status), patience.Token) == jobs.Count)
                return;
            await notices.WaitAsync(TimeSpan.FromSeconds(1), patience.Token);
        }
    }
}
