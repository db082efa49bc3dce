using Darkroom.Worker.Database;
using Microsoft.Extensions.Options;

namespace Darkroom.Worker;

internal static class StartChecks
{
    /// <summary>Every mistake of every option at once, before anything is touched.</summary>
    /// <exception cref="StartException">Lists them.</exception>
    public static void CheckOptions(this IServiceProvider services)
    {
        try
        {
            services.GetRequiredService<IStartupValidator>().Validate();
        }
        catch (Exception e) when (e is OptionsValidationException or AggregateException or InvalidOperationException)
        {
            throw new StartException("Darkroom cannot start with this configuration:\n" + string.Join('\n', Mistakes(e).Distinct().Select(m => $"  - {m}")));
        }
    }

    /// <summary>A value that cannot even be read (letters where a number belongs) ends the checks: it is said alone.</summary>
    static IEnumerable<string> Mistakes(Exception error) => error switch
    {
        OptionsValidationException rules => rules.Failures,
        AggregateException all => all.Flatten().InnerExceptions.SelectMany(Mistakes),
        _ => [error.Message],
    };
}
