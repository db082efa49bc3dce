using Darkroom.Client;
using Darkroom.Migrations;
using Darkroom.Migrations.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using EndpointRow = Darkroom.Migrations.Rows.Endpoint;

namespace Darkroom.Worker.Endpoint;

/// <summary>The configured endpoints as people and programs see them, in the order of their configuration.</summary>
internal sealed class EndpointReport(IDbContextFactory<DarkroomDb> databases, IOptions<EndpointSettings> settings)
{
    public async Task<List<EndpointStatus>> ReadAsync(CancellationToken ct)
    {
        await using var db = await databases.CreateDbContextAsync(ct);
        var rows = await db.Endpoints.AsNoTracking().Select(e => new { Row = e, Now = DarkroomDb.Now() })
            .ToDictionaryAsync(e => e.Row.Name, ct);
        var inFlight = await db.Jobs.Where(j => j.Status == JobStatus.Running).GroupBy(j => j.Endpoint)
            .Select(jobs => new { Endpoint = jobs.Key, Count = jobs.Count() }).ToDictionaryAsync(e => e.Endpoint, e => e.Count, ct);
        return
        [
            .. from options in settings.Value.Endpoints
               where rows.ContainsKey(options.Name)
               select View(options, rows[options.Name].Row, rows[options.Name].Now, inFlight.GetValueOrDefault(options.Name)),
        ];
    }

    public async Task<EndpointStatus?> FindAsync(string name, CancellationToken ct) => (await ReadAsync(ct)).Find(e => e.Name == name);

    EndpointStatus View(EndpointOptions options, EndpointRow row, DateTimeOffset now, int inFlight) => new()
    {
        Name = row.Name,
        State = row.State,
        Reason = row.Reason,
        Since = row.Since,
        NextProbeAt = row.NextProbeAt,
        InFlight = inFlight,
        Limits = new EndpointLimits(
            EndpointAdmission.ImagesPerMinute(row, options, settings.Value.Pace),
            EndpointAdmission.TokensPerMinute(row, options),
            options.MaxInFlight)
        {
            ConfiguredImagesPerMinute = options.ImagesPerMinute,
            ConfiguredTokensPerMinute = options.TokensPerMinute,
            HeldUntil = row.HoldUntil > now ? row.HoldUntil : null,
        },
    };
}
