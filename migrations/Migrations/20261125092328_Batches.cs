using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Darkroom.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class Batches : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "trace_parent",
                schema: "darkroom",
                table: "webhook_deliveries",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "key_id",
                schema: "darkroom",
                table: "jobs",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "trace_parent",
                schema: "darkroom",
                table: "jobs",
                type: "text",
                nullable: true);

            migrationBuilder.AlterColumn<Guid>(
                name: "job_id",
                schema: "darkroom",
                table: "idempotency_keys",
                type: "uuid",
                nullable: true,
                oldClrType: typeof(Guid),
                oldType: "uuid");

            migrationBuilder.AddColumn<Guid>(
                name: "batch_id",
                schema: "darkroom",
                table: "idempotency_keys",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "max_body_bytes",
                schema: "darkroom",
                table: "api_keys",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "requests_per_minute",
                schema: "darkroom",
                table: "api_keys",
                type: "integer",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "audit_log",
                schema: "darkroom",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    key_id = table.Column<Guid>(type: "uuid", nullable: true),
                    actor = table.Column<string>(type: "text", nullable: false),
                    project_id = table.Column<Guid>(type: "uuid", nullable: true),
                    address = table.Column<string>(type: "text", nullable: true),
                    action = table.Column<string>(type: "text", nullable: false),
                    target = table.Column<string>(type: "text", nullable: false),
                    detail = table.Column<string>(type: "json", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_audit_log", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "batch_deltas",
                schema: "darkroom",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    batch_id = table.Column<Guid>(type: "uuid", nullable: false),
                    succeeded = table.Column<int>(type: "integer", nullable: false),
                    failed = table.Column<int>(type: "integer", nullable: false),
                    held = table.Column<int>(type: "integer", nullable: false),
                    canceled = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_batch_deltas", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "batches",
                schema: "darkroom",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    project_id = table.Column<Guid>(type: "uuid", nullable: false),
                    key_id = table.Column<Guid>(type: "uuid", nullable: true),
                    status = table.Column<string>(type: "text", nullable: false),
                    input_file_id = table.Column<Guid>(type: "uuid", nullable: false),
                    completion_window = table.Column<string>(type: "text", nullable: false),
                    metadata = table.Column<string>(type: "json", nullable: false),
                    model = table.Column<string>(type: "text", nullable: true),
                    priority = table.Column<short>(type: "smallint", nullable: false),
                    max_attempts = table.Column<short>(type: "smallint", nullable: false),
                    max_unknown_attempts = table.Column<short>(type: "smallint", nullable: false),
                    on_unknown = table.Column<string>(type: "text", nullable: false),
                    webhook_url = table.Column<string>(type: "text", nullable: true),
                    retry_of = table.Column<Guid>(type: "uuid", nullable: true),
                    skip_invalid = table.Column<bool>(type: "boolean", nullable: false),
                    output_base64 = table.Column<bool>(type: "boolean", nullable: false),
                    output_expires_after = table.Column<int>(type: "integer", nullable: true),
                    paused_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    total = table.Column<int>(type: "integer", nullable: false),
                    succeeded = table.Column<int>(type: "integer", nullable: false),
                    failed = table.Column<int>(type: "integer", nullable: false),
                    held = table.Column<int>(type: "integer", nullable: false),
                    canceled = table.Column<int>(type: "integer", nullable: false),
                    skipped_lines = table.Column<int>(type: "integer", nullable: false),
                    errors = table.Column<string>(type: "json", nullable: true),
                    output_file_id = table.Column<Guid>(type: "uuid", nullable: true),
                    error_file_id = table.Column<Guid>(type: "uuid", nullable: true),
                    claimed_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    in_progress_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    finalizing_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    completed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    failed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    expiring_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    expired_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    cancelling_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    cancelled_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_batches", x => x.id);
                    table.ForeignKey(
                        name: "fk_batches_projects_project_id",
                        column: x => x.project_id,
                        principalSchema: "darkroom",
                        principalTable: "projects",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "files",
                schema: "darkroom",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    project_id = table.Column<Guid>(type: "uuid", nullable: false),
                    purpose = table.Column<string>(type: "text", nullable: false),
                    filename = table.Column<string>(type: "text", nullable: false),
                    bytes = table.Column<long>(type: "bigint", nullable: false),
                    sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_files", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "job_events",
                schema: "darkroom",
                columns: table => new
                {
                    xid = table.Column<ulong>(type: "xid8", nullable: false, defaultValueSql: "pg_current_xact_id()"),
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    job_id = table.Column<Guid>(type: "uuid", nullable: false),
                    batch_id = table.Column<Guid>(type: "uuid", nullable: true),
                    status = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_job_events", x => new { x.xid, x.id });
                });

            migrationBuilder.CreateIndex(
                name: "ix_usage_totals_batch",
                schema: "darkroom",
                table: "usage_totals",
                column: "batch_id",
                filter: "batch_id <> '00000000-0000-0000-0000-000000000000'");

            migrationBuilder.CreateIndex(
                name: "ix_audit_log_created_at_id",
                schema: "darkroom",
                table: "audit_log",
                columns: new[] { "created_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_batches_open",
                schema: "darkroom",
                table: "batches",
                column: "status",
                filter: "status IN ('validating', 'in_progress', 'cancelling', 'finalizing')");

            migrationBuilder.CreateIndex(
                name: "ix_batches_project",
                schema: "darkroom",
                table: "batches",
                columns: new[] { "project_id", "created_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_files_expires",
                schema: "darkroom",
                table: "files",
                column: "expires_at",
                filter: "expires_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_files_project",
                schema: "darkroom",
                table: "files",
                columns: new[] { "project_id", "created_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_job_events_batch",
                schema: "darkroom",
                table: "job_events",
                columns: new[] { "batch_id", "xid", "id" },
                filter: "batch_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_job_events_job",
                schema: "darkroom",
                table: "job_events",
                column: "job_id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "audit_log",
                schema: "darkroom");

            migrationBuilder.DropTable(
                name: "batch_deltas",
                schema: "darkroom");

            migrationBuilder.DropTable(
                name: "batches",
                schema: "darkroom");

            migrationBuilder.DropTable(
                name: "files",
                schema: "darkroom");

            migrationBuilder.DropTable(
                name: "job_events",
                schema: "darkroom");

            migrationBuilder.DropIndex(
                name: "ix_usage_totals_batch",
                schema: "darkroom",
                table: "usage_totals");

            migrationBuilder.DropColumn(
                name: "trace_parent",
                schema: "darkroom",
                table: "webhook_deliveries");

            migrationBuilder.DropColumn(
                name: "key_id",
                schema: "darkroom",
                table: "jobs");

            migrationBuilder.DropColumn(
                name: "trace_parent",
                schema: "darkroom",
                table: "jobs");

            migrationBuilder.DropColumn(
                name: "batch_id",
                schema: "darkroom",
                table: "idempotency_keys");

            migrationBuilder.DropColumn(
                name: "max_body_bytes",
                schema: "darkroom",
                table: "api_keys");

            migrationBuilder.DropColumn(
                name: "requests_per_minute",
                schema: "darkroom",
                table: "api_keys");

            migrationBuilder.AlterColumn<Guid>(
                name: "job_id",
                schema: "darkroom",
                table: "idempotency_keys",
                type: "uuid",
                nullable: false,
                defaultValue: new Guid("00000000-0000-0000-0000-000000000000"),
                oldClrType: typeof(Guid),
                oldType: "uuid",
                oldNullable: true);
        }
    }
}
