namespace Darkroom.Demo.Postgres;

/// <summary>A private cluster did not do as told. The message is what the server's programs and its log said.</summary>
internal sealed class PostgresCommandException(string message) : Exception(message);
