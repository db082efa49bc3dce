using System.Collections.Concurrent;
using System.Threading.Channels;
using Darkroom.Worker.Database;
using Npgsql;

namespace Darkroom.Worker.Admission;

/// <summary>
/// Tells the cluster that there may be something to admit, or to deliver. Raised after a commit, and coalesced: a NOTIFY inside each transaction would
/// make commits wait for one another (measured: 13,000 a second fall to 4,200).
/// </summary>
internal sealed partial class WorkSignal(NpgsqlDataSource postgres, ILogger<WorkSignal> logger) : BackgroundService
{
    readonly Channel<bool> raised = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    readonly ConcurrentDictionary<string, bool> notices = new();

    /// <param name="notice">One of <see cref="Notices"/>.</param>
    public void Raise(string notice = Notices.Work)
    {
        notices[notice] = true;
        raised.Writer.TryWrite(true);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var _ in raised.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                foreach (var notice in notices.Keys)
                {
                    notices.TryRemove(notice, out bool _);
                    await using var notify = postgres.CreateCommand($"NOTIFY {notice}");
                    await notify.ExecuteNonQueryAsync(stoppingToken);
                }
            }
            catch (Exception e) when (DatabaseOutage.OrDefect(e, logger))
            {
                // Admission looks by itself every second; nothing is lost.
                Log.NotSent(logger, e.Message);
            }
        }
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Could not tell the cluster of new work ({Reason}); admission will find it within a second.")]
        public static partial void NotSent(ILogger logger, string reason);
    }
}
