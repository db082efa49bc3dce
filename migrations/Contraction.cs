using Microsoft.EntityFrameworkCore.Migrations;

namespace Darkroom.Migrations;

public static class Contraction
{
    /// <summary>What <see cref="ServesSince"/> writes down; absent until a migration has taken something away.</summary>
    public const string Function = $"{DarkroomDb.Schema}.serves_since()";

    /// <summary>
    /// For a migration that takes away what earlier versions use: a version that does not know the migration <paramref name="oldest"/> refuses
    /// to start from then on, in words, instead of failing at its first statement.
    /// </summary>
    /// <param name="oldest">The whole id of the migration by which the first version that needs no more what is taken away is known.</param>
    public static void ServesSince(this MigrationBuilder migration, string oldest) => migration.Sql(
        $"CREATE OR REPLACE FUNCTION {Function} RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '{oldest}' $$;");
}
