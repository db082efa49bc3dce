using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Darkroom.Migrations.NextVersion;

/// <summary>What a next version may bring while this one runs: a column with a default.</summary>
[DbContext(typeof(DarkroomDb))]
[Migration("99990101000000_Expand")]
public sealed class Expand : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql("ALTER TABLE darkroom.jobs ADD COLUMN note text NOT NULL DEFAULT '';");
}

/// <summary>And an index that locks nobody out.</summary>
[DbContext(typeof(DarkroomDb))]
[Migration("99990101000001_ExpandByIndex")]
public sealed class ExpandByIndex : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.CreateIndexConcurrently("ix_jobs_note", "darkroom.jobs (note) WHERE note <> ''");
}
