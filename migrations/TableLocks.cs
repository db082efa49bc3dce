using Microsoft.EntityFrameworkCore.Migrations;

namespace Darkroom.Migrations;

public static class TableLocks
{
    /// <summary>
    /// What waits for a table's lock makes everything after it wait too. A migration gives way after so long and is tried again, so that a
    /// long query of somebody's costs nodes that run seconds and not minutes.
    /// </summary>
    public const string Patience = "SET lock_timeout = '3s'";

    /// <summary>
    /// For an index on a table that has rows, in a migration that does nothing else: what it does is outside any transaction, and after a
    /// failure the whole migration is run again, over the invalid index that the failure left. It has no patience, since it waits for every
    /// transaction that began before it and nothing waits behind it.
    /// </summary>
    /// <param name="index">A name that no other index has, without its schema.</param>
    /// <param name="on">The table and what follows it, as in SQL: <c>darkroom.jobs (note) WHERE note IS NOT NULL</c>.</param>
    public static void CreateIndexConcurrently(this MigrationBuilder migration, string index, string on)
    {
        migration.Sql($"DROP INDEX CONCURRENTLY IF EXISTS {DarkroomDb.Schema}.{index};", suppressTransaction: true);
        migration.Sql("SET lock_timeout = 0;", suppressTransaction: true);
        migration.Sql($"CREATE INDEX CONCURRENTLY {index} ON {on};", suppressTransaction: true);
        migration.Sql($"{Patience};", suppressTransaction: true);
    }
}
