using System;
using Microsoft.EntityFrameworkCore.Migrations;
using NpgsqlTypes;

#nullable disable

namespace Darkroom.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class DashboardTables : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "bulk_actions",
                schema: "darkroom",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    project_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    filter = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    cursor_created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    cursor_id = table.Column<Guid>(type: "uuid", nullable: true),
                    changed = table.Column<long>(type: "bigint", nullable: false),
                    skipped = table.Column<long>(type: "bigint", nullable: false),
                    claimed_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    finished_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    stopped = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_bulk_actions", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "job_search",
                schema: "darkroom",
                columns: table => new
                {
                    job_id = table.Column<Guid>(type: "uuid", nullable: false),
                    project_id = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    words = table.Column<NpgsqlTsVector>(type: "tsvector", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_job_search", x => x.job_id);
                    table.ForeignKey(
                        name: "fk_job_search_jobs_job_id",
                        column: x => x.job_id,
                        principalSchema: "darkroom",
                        principalTable: "jobs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "thumbnails",
                schema: "darkroom",
                columns: table => new
                {
                    job_id = table.Column<Guid>(type: "uuid", nullable: false),
                    index = table.Column<int>(type: "integer", nullable: false),
                    bytes = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_thumbnails", x => new { x.job_id, x.index });
                    table.ForeignKey(
                        name: "fk_thumbnails_images_job_id_index",
                        columns: x => new { x.job_id, x.index },
                        principalSchema: "darkroom",
                        principalTable: "images",
                        principalColumns: new[] { "job_id", "index" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_bulk_actions_project",
                schema: "darkroom",
                table: "bulk_actions",
                columns: new[] { "project_id", "created_at" });

            migrationBuilder.CreateIndex(
                name: "ix_job_search_newest",
                schema: "darkroom",
                table: "job_search",
                columns: new[] { "project_id", "created_at", "job_id" });

            migrationBuilder.CreateIndex(
                name: "ix_job_search_words",
                schema: "darkroom",
                table: "job_search",
                column: "words")
                .Annotation("Npgsql:IndexMethod", "gin");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "bulk_actions",
                schema: "darkroom");

            migrationBuilder.DropTable(
                name: "job_search",
                schema: "darkroom");

            migrationBuilder.DropTable(
                name: "thumbnails",
                schema: "darkroom");
        }
    }
}
