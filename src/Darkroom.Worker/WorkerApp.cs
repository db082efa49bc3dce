using Darkroom.Worker.Access;
using Darkroom.Worker.Admission;
using Darkroom.Worker.Api;
using Darkroom.Worker.Batches;
using Darkroom.Worker.Dashboard;
using Darkroom.Worker.Database;
using Darkroom.Worker.DropIn;
using Darkroom.Worker.Endpoint;
using Darkroom.Worker.Events;
using Darkroom.Worker.Execution;
using Darkroom.Worker.Files;
using Darkroom.Worker.Jobs;
using Darkroom.Worker.Observability;
using Darkroom.Worker.Retention;
using Darkroom.Worker.Storage;
using Darkroom.Worker.Submission;
using Darkroom.Worker.Usage;
using Darkroom.Worker.Webhooks;
using Hangfire;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker;

/// <summary>The worker's table of contents: what it is made of, in the order of a job's path.</summary>
public static class WorkerApp
{
    /// <summary>The command. Returns its exit code: 0, or 1 with what is wrong in words.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (MigrateCommand.AsksForScript(args))
        {
            await Console.Out.WriteAsync(SchemaMigration.Script());
            return 0;
        }
        try
        {
            await using var app = Build(MigrateCommand.AsSettings(args), configure: null);
            await PrepareAsync(app);
            if (app.Services.GetRequiredService<Roles>().OnlyMigrates)
                return 0;
            await app.RunAsync();
            return 0;
        }
        catch (StartException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
        catch (InvalidOperationException e) when (e.Source == "Microsoft.AspNetCore.Server.Kestrel.Core")
        {
            // An https address without a certificate, or an address that is none.
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"{e.Message} Another program listens there; ASPNETCORE_URLS names another address.");
            return 1;
        }
    }

    /// <summary>Builds, checks, migrates and starts a worker in this process.</summary>
    /// <exception cref="StartException">The configuration is wrong or the database cannot be used; the message says all of it.</exception>
    public static async Task<WebApplication> StartAsync(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var app = Build(args, configure);
        try
        {
            await PrepareAsync(app);
            await app.StartAsync();
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure)
    {
        // Published or run from anywhere, the settings beside the program count.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        configure?.Invoke(builder);
        var services = builder.Services;
        var configuration = builder.Configuration;
        var roles = Roles.Read(configuration);
        services.AddSingleton(roles);
        services.TryAddSingleton(TimeProvider.System);
        services.AddTelemetry(configuration, roles);
        services.AddDatabase(configuration);
        // What only migrates needs no more settings than where Postgres is.
        if (roles.OnlyMigrates)
            return builder.Build();
        services.AddApi();
        services.AddAccess();
        services.AddSubmission();
        services.AddJobRoutes();
        services.AddImageStore(configuration);
        services.AddFiles();
        services.AddEndpoints(configuration);
        services.AddJobs();
        services.AddWorkSignal();
        services.AddEvents();
        services.AddDropIn();
        services.AddTickets();
        services.AddWebhooks();
        services.AddBatches();
        services.AddDashboard(configuration, roles);
        if (roles.MakesCalls)
        {
            services.AddExecution(configuration);
            services.AddAdmission();
            services.AddDeliveries();
            services.AddBatchWork();
            services.AddRetention(configuration);
        }

        return builder.Build();
    }

    /// <summary>Nothing of the configuration is used before all of it is checked, and nothing of Hangfire before the database is there.</summary>
    static async Task PrepareAsync(WebApplication app)
    {
        app.Services.CheckOptions();
        var roles = app.Services.GetRequiredService<Roles>();
        var migrates = roles.OnlyMigrates || app.Services.GetRequiredService<IOptions<DatabaseSettings>>().Value.MigrateAtStart;
        await app.Services.PrepareDatabaseAsync(
            migrates, () => roles.OnlyMigrates ? Task.CompletedTask : EnsureRowsAsync(app.Services), CancellationToken.None);
        if (!roles.OnlyMigrates)
            MapRoutes(app, roles);
    }

    static async Task EnsureRowsAsync(IServiceProvider services)
    {
        await services.GetRequiredService<BootstrapKey>().EnsureAsync(CancellationToken.None);
        await services.GetRequiredService<EndpointStates>().EnsureRowsAsync(CancellationToken.None);
        await services.GetRequiredService<RestoredEvents>().SettleAsync(CancellationToken.None);
        // Hangfire makes its tables when its storage is made.
        services.GetRequiredService<JobStorage>();
    }

    static void MapRoutes(WebApplication app, Roles roles)
    {
        app.UseErrorBoundary();
        // Left out, it would be put in front of everything: before the proxy's word on the scheme, by which cookies are closed to plain HTTP.
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseKeyLimits();
        app.MapHealth();
        app.MapMetrics();
        if (roles.ServesApi)
        {
            app.MapSubmission();
            app.MapDropIn();
            app.MapModels();
            app.MapJobs();
            app.MapEvents();
            app.MapFiles();
            app.MapBatches();
            app.MapBatchActions();
            app.MapEndpointRoutes();
            app.MapUsage();
            app.MapWebhooks();
            app.MapAccess();
            app.MapApiReference();
        }
        if (roles.ServesDashboard)
        {
            app.MapDashboard();
            app.MapTicketPages();
        }
    }
}
