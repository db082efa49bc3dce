using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Darkroom.Migrations;

public static class DarkroomDbOptions
{
    /// <summary>How every <see cref="DarkroomDb"/> is set up, at design time as at run time: one snapshot, one naming rule.</summary>
    public static DbContextOptionsBuilder UseDarkroom(this DbContextOptionsBuilder options, NpgsqlDataSource dataSource) => options
        .UseNpgsql(dataSource, npgsql => npgsql
            .MigrationsAssembly(typeof(DarkroomDb).Assembly.GetName().Name)
            .MigrationsHistoryTable("schema_versions", DarkroomDb.Schema))
        // Whoever handles the exception says what it means; EF would log its stack beside that, at each outage and lost race.
        .ConfigureWarnings(log => log.Log(
            (CoreEventId.QueryIterationFailed, LogLevel.Debug), (CoreEventId.SaveChangesFailed, LogLevel.Debug),
            (RelationalEventId.ConnectionError, LogLevel.Debug), (RelationalEventId.CommandError, LogLevel.Debug)))
        .UseSnakeCaseNamingConvention();
}

/// <summary>For <c>dotnet ef migrations add NAME --project migrations</c>; no database is contacted.</summary>
public sealed class DesignTimeDarkroomDb : IDesignTimeDbContextFactory<DarkroomDb>
{
    public DarkroomDb CreateDbContext(string[] args) => new((DbContextOptions<DarkroomDb>)new DbContextOptionsBuilder<DarkroomDb>()
        .UseDarkroom(NpgsqlDataSource.Create("Host=design-time")).Options);
}
