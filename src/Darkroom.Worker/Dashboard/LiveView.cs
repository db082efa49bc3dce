using Darkroom.Worker.Access;
using Darkroom.Worker.Database;
using Microsoft.AspNetCore.Components;

namespace Darkroom.Worker.Dashboard;

/// <summary>
/// A part of a page that follows what it shows. It only reads; every change is a form, which any node takes. It ends with the
/// session, and shows the last figures while the database is away.
/// </summary>
public abstract class LiveView : ComponentBase, IDisposable
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    readonly CancellationTokenSource left = new();

    bool begun;

    [Parameter, EditorRequired] public required Visitor Visitor { get; set; }

    [Inject] internal SessionCheck Sessions { get; set; } = null!;
    [Inject] internal TimeProvider Time { get; set; } = null!;

    /// <summary>Why the figures stand still; null while they move.</summary>
    protected string? Standstill { get; private set; }

    /// <summary>Nothing will change any more.</summary>
    protected virtual bool Over => false;

    protected abstract Task ReadAsync(CancellationToken ct);

    /// <summary>Nothing is rendered before it is read: the circuit's first picture takes the place of the page's without a gap.</summary>
    public override async Task SetParametersAsync(ParameterView parameters)
    {
        parameters.SetParameterProperties(this);
        if (!begun)
        {
            begun = true;
            await ReadAsync(left.Token);
        }
        await base.SetParametersAsync(ParameterView.Empty);
    }

    /// <summary>Only a view with a circuit is ever "after render"; one that is merely sent reads once.</summary>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender)
            return;
        using var timer = new PeriodicTimer(Interval, Time);
        try
        {
            while (!Over && Standstill != SessionEnded && await timer.WaitForNextTickAsync(left.Token))
            {
                await RefreshAsync();
                StateHasChanged();
            }
        }
        catch (OperationCanceledException) when (left.IsCancellationRequested)
        {
        }
    }

    const string SessionEnded = "Your session has ended. Reload the page to sign in again.";

    async Task RefreshAsync()
    {
        try
        {
            if (await Sessions.OpenAsync(Visitor.Basis, left.Token) is null)
            {
                Standstill = SessionEnded;
                return;
            }
            await ReadAsync(left.Token);
            Standstill = null;
        }
        catch (Exception e) when (DatabaseOutage.Explains(e))
        {
            Standstill = "The database does not answer; these are the last figures.";
        }
    }

    public void Dispose()
    {
        left.Cancel();
        left.Dispose();
        GC.SuppressFinalize(this);
    }
}
