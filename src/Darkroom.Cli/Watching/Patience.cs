using System.Net;
using Darkroom.Client;

namespace Darkroom.Cli.Watching;

/// <summary>Looks again and again, and outlasts a Darkroom that is restarted meanwhile.</summary>
/// <param name="answered">Whether Darkroom has answered this command already.</param>
internal sealed class Patience(Session session, bool answered = false)
{
    static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1), GiveUpAfter = TimeSpan.FromMinutes(5);

    DateTime? awaySince;

    /// <summary>Asks once a second while no answer comes; a first call that fails is a wrong address, and fails at once.</summary>
    public async Task<T> AskAsync<T>(Func<Task<T>> ask, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                var answer = await ask();
                if (awaySince is not null)
                    session.Hint("Darkroom answers again.");
                (answered, awaySince) = (true, null);
                return answer;
            }
            catch (Exception e) when (answered && IsPassing(e) && !(DateTime.UtcNow - awaySince > GiveUpAfter))
            {
                if (awaySince is null)
                    session.Hint($"Darkroom does not answer, trying on: {e.Message}");
                awaySince ??= DateTime.UtcNow;
            }
            await WaitAsync(ct);
        }
    }

    public static Task WaitAsync(CancellationToken ct) => Task.Delay(LookEvery, ct);

    public static bool IsPassing(Exception e) =>
        e is HttpRequestException or IOException or DarkroomException { Status: >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests };
}
