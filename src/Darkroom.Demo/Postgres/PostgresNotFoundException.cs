namespace Darkroom.Demo.Postgres;

/// <summary>No Postgres can be had. The message is for the person at the terminal: what was tried, and how to get one.</summary>
internal sealed class PostgresNotFoundException(string message) : Exception(message)
{
    public static PostgresNotFoundException Anywhere(IEnumerable<string> whyNot) => new($"""
        Darkroom needs a Postgres (13 or later), and none was found:
          - {string.Join("\n  - ", whyNot)}
        Any one of these gives it one:
          - Debian, Ubuntu: sudo apt-get install postgresql
          - macOS: brew install postgresql@17
          - Docker: start the engine; the image {DockerPostgres.Image} is pulled when it is needed
          - a server you have: export {PostgresNeeds.Variable}='Host=127.0.0.1;Database=darkroom;Username=me;Password=secret'
        """);
}
