using Darkroom.Tests.Infrastructure;
using Xunit;

[assembly: AssemblyFixture(typeof(Turn))]

namespace Darkroom.Tests.Infrastructure;

/// <summary>
/// One test program at a time. <c>dotnet test</c> starts as many at once as there are cores, and each of ours is many processes: side by
/// side on two cores they took 1020 s and ran into time-outs, one after the other 900 s. A program that dies gives its turn back.
/// </summary>
public sealed class Turn : IAsyncLifetime
{
    FileStream? taken;

    public async ValueTask InitializeAsync()
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        while ((taken = TryTake()) is null)
            await ticks.WaitForNextTickAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (taken is not null)
            await taken.DisposeAsync();
    }

    static FileStream? TryTake()
    {
        try
        {
            return new FileStream(
                Path.Combine(Path.GetTempPath(), $"darkroom-tests-{Environment.UserName}.turn"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
