using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Darkroom.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "darkroom");

            // All SQL asks this function for the time, so that nodes' clocks do not matter and a test can shift it.
            migrationBuilder.Sql(
                "CREATE FUNCTION darkroom.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT statement_timestamp() $$;");

            migrationBuilder.CreateTable(
                name: "endpoints",
                schema: "darkroom",
                columns: table => new
                {
                    name = table.Column<string>(type: "text", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: true),
                    since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    next_probe_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    probes = table.Column<int>(type: "integer", nullable: false),
                    probe_job_id = table.Column<Guid>(type: "uuid", nullable: true),
                    last_failed_job_id = table.Column<Guid>(type: "uuid", nullable: true),
                    forbidden_jobs = table.Column<Guid[]>(type: "uuid[]", nullable: false),
                    hold_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    throttles = table.Column<int>(type: "integer", nullable: false),
                    learned_images_per_minute = table.Column<double>(type: "double precision", nullable: true),
                    learned_tokens_per_minute = table.Column<double>(type: "double precision", nullable: true),
                    learned_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    images_balance = table.Column<double>(type: "double precision", nullable: false),
                    tokens_balance = table.Column<double>(type: "double precision", nullable: false),
                    balance_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_endpoints", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "idempotency_keys",
                schema: "darkroom",
                columns: table => new
                {
                    project_id = table.Column<Guid>(type: "uuid", nullable: false),
                    key = table.Column<string>(type: "text", nullable: false),
                    body_sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    job_id = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_idempotency_keys", x => new { x.project_id, x.key });
                });

            migrationBuilder.CreateTable(
                name: "jobs",
                schema: "darkroom",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    project_id = table.Column<Guid>(type: "uuid", nullable: false),
                    batch_id = table.Column<Guid>(type: "uuid", nullable: true),
                    lane = table.Column<Guid>(type: "uuid", nullable: false),
                    endpoint = table.Column<string>(type: "text", nullable: false),
                    custom_id = table.Column<string>(type: "text", nullable: true),
                    model = table.Column<string>(type: "text", nullable: false),
                    prompt = table.Column<string>(type: "text", nullable: false),
                    quality = table.Column<string>(type: "text", nullable: false),
                    n = table.Column<int>(type: "integer", nullable: false),
                    size = table.Column<string>(type: "text", nullable: false),
                    metadata = table.Column<string>(type: "json", nullable: false),
                    priority = table.Column<short>(type: "smallint", nullable: false),
                    deadline = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    max_attempts = table.Column<short>(type: "smallint", nullable: false),
                    max_unknown_attempts = table.Column<short>(type: "smallint", nullable: false),
                    on_unknown = table.Column<string>(type: "text", nullable: false),
                    webhook_url = table.Column<string>(type: "text", nullable: true),
                    webhook_events = table.Column<string[]>(type: "text[]", nullable: true),
                    status = table.Column<string>(type: "text", nullable: false),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ticket = table.Column<int>(type: "integer", nullable: false),
                    admitted_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    tokens_taken = table.Column<int>(type: "integer", nullable: false),
                    attempt_id = table.Column<Guid>(type: "uuid", nullable: true),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    counted_attempts = table.Column<short>(type: "smallint", nullable: false),
                    unknown_attempts = table.Column<short>(type: "smallint", nullable: false),
                    result_created = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    result_format = table.Column<string>(type: "text", nullable: true),
                    result_quality = table.Column<string>(type: "text", nullable: true),
                    result_size = table.Column<string>(type: "text", nullable: true),
                    result_partial = table.Column<bool>(type: "boolean", nullable: true),
                    usage = table.Column<string>(type: "json", nullable: true),
                    cost_amount = table.Column<decimal>(type: "numeric(18,8)", precision: 18, scale: 8, nullable: true),
                    cost_possible = table.Column<decimal>(type: "numeric(18,8)", precision: 18, scale: 8, nullable: true),
                    error_code = table.Column<string>(type: "text", nullable: true),
                    error_message = table.Column<string>(type: "text", nullable: true),
                    error_stage = table.Column<string>(type: "text", nullable: true),
                    error_http_status = table.Column<int>(type: "integer", nullable: true),
                    error_request_id = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    started_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    finished_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_jobs", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "leases",
                schema: "darkroom",
                columns: table => new
                {
                    name = table.Column<string>(type: "text", nullable: false),
                    node_id = table.Column<Guid>(type: "uuid", nullable: true),
                    until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_leases", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "nodes",
                schema: "darkroom",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    started_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    heartbeat_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    slots = table.Column<int>(type: "integer", nullable: false),
                    accepting = table.Column<bool>(type: "boolean", nullable: false),
                    not_accepting_reason = table.Column<string>(type: "text", nullable: true),
                    ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    lost = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_nodes", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "projects",
                schema: "darkroom",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    last_turn = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_projects", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "usage_deltas",
                schema: "darkroom",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    day = table.Column<DateOnly>(type: "date", nullable: false),
                    project_id = table.Column<Guid>(type: "uuid", nullable: false),
                    batch_id = table.Column<Guid>(type: "uuid", nullable: false),
                    endpoint = table.Column<string>(type: "text", nullable: false),
                    model = table.Column<string>(type: "text", nullable: false),
                    quality = table.Column<string>(type: "text", nullable: false),
                    size = table.Column<string>(type: "text", nullable: false),
                    attempts = table.Column<long>(type: "bigint", nullable: false),
                    unknown_attempts = table.Column<long>(type: "bigint", nullable: false),
                    images = table.Column<long>(type: "bigint", nullable: false),
                    input_tokens = table.Column<long>(type: "bigint", nullable: false),
                    output_tokens = table.Column<long>(type: "bigint", nullable: false),
                    total_tokens = table.Column<long>(type: "bigint", nullable: false),
                    cost = table.Column<decimal>(type: "numeric(18,8)", precision: 18, scale: 8, nullable: false),
                    wasted_cost = table.Column<decimal>(type: "numeric(18,8)", precision: 18, scale: 8, nullable: false),
                    possible_cost = table.Column<decimal>(type: "numeric(18,8)", precision: 18, scale: 8, nullable: false),
                    unpriced = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_usage_deltas", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "usage_totals",
                schema: "darkroom",
                columns: table => new
                {
                    day = table.Column<DateOnly>(type: "date", nullable: false),
                    project_id = table.Column<Guid>(type: "uuid", nullable: false),
                    batch_id = table.Column<Guid>(type: "uuid", nullable: false),
                    endpoint = table.Column<string>(type: "text", nullable: false),
                    model = table.Column<string>(type: "text", nullable: false),
                    quality = table.Column<string>(type: "text", nullable: false),
                    size = table.Column<string>(type: "text", nullable: false),
                    attempts = table.Column<long>(type: "bigint", nullable: false),
                    unknown_attempts = table.Column<long>(type: "bigint", nullable: false),
                    images = table.Column<long>(type: "bigint", nullable: false),
                    input_tokens = table.Column<long>(type: "bigint", nullable: false),
                    output_tokens = table.Column<long>(type: "bigint", nullable: false),
                    total_tokens = table.Column<long>(type: "bigint", nullable: false),
                    cost = table.Column<decimal>(type: "numeric(18,8)", precision: 18, scale: 8, nullable: false),
                    wasted_cost = table.Column<decimal>(type: "numeric(18,8)", precision: 18, scale: 8, nullable: false),
                    possible_cost = table.Column<decimal>(type: "numeric(18,8)", precision: 18, scale: 8, nullable: false),
                    unpriced = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_usage_totals", x => new { x.day, x.project_id, x.batch_id, x.endpoint, x.model, x.quality, x.size });
                });

            migrationBuilder.CreateTable(
                name: "attempts",
                schema: "darkroom",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    job_id = table.Column<Guid>(type: "uuid", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    node_id = table.Column<Guid>(type: "uuid", nullable: false),
                    node_name = table.Column<string>(type: "text", nullable: false),
                    endpoint = table.Column<string>(type: "text", nullable: false),
                    started_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    received_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    finished_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    http_status = table.Column<int>(type: "integer", nullable: true),
                    request_id = table.Column<string>(type: "text", nullable: true),
                    usage = table.Column<string>(type: "json", nullable: true),
                    cost = table.Column<decimal>(type: "numeric(18,8)", precision: 18, scale: 8, nullable: true),
                    possible_cost = table.Column<decimal>(type: "numeric(18,8)", precision: 18, scale: 8, nullable: true),
                    error_code = table.Column<string>(type: "text", nullable: true),
                    error_message = table.Column<string>(type: "text", nullable: true),
                    error_stage = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_attempts", x => x.id);
                    table.ForeignKey(
                        name: "fk_attempts_jobs_job_id",
                        column: x => x.job_id,
                        principalSchema: "darkroom",
                        principalTable: "jobs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "images",
                schema: "darkroom",
                columns: table => new
                {
                    job_id = table.Column<Guid>(type: "uuid", nullable: false),
                    index = table.Column<int>(type: "integer", nullable: false),
                    attempt_id = table.Column<Guid>(type: "uuid", nullable: false),
                    extension = table.Column<string>(type: "text", nullable: false),
                    content_type = table.Column<string>(type: "text", nullable: false),
                    bytes = table.Column<long>(type: "bigint", nullable: false),
                    sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    crc32 = table.Column<long>(type: "bigint", nullable: false),
                    width = table.Column<int>(type: "integer", nullable: false),
                    height = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_images", x => new { x.job_id, x.index });
                    table.ForeignKey(
                        name: "fk_images_jobs_job_id",
                        column: x => x.job_id,
                        principalSchema: "darkroom",
                        principalTable: "jobs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "api_keys",
                schema: "darkroom",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    project_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    hint = table.Column<string>(type: "text", nullable: false),
                    scopes = table.Column<string[]>(type: "text[]", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    revoked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_used_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_api_keys", x => x.id);
                    table.ForeignKey(
                        name: "fk_api_keys_projects_project_id",
                        column: x => x.project_id,
                        principalSchema: "darkroom",
                        principalTable: "projects",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_api_keys_project_id",
                schema: "darkroom",
                table: "api_keys",
                column: "project_id");

            migrationBuilder.CreateIndex(
                name: "ix_api_keys_sha256",
                schema: "darkroom",
                table: "api_keys",
                column: "sha256",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_attempts_job_id_number",
                schema: "darkroom",
                table: "attempts",
                columns: new[] { "job_id", "number" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_attempts_open",
                schema: "darkroom",
                table: "attempts",
                column: "node_id",
                filter: "status IN ('dispatched', 'received')");

            migrationBuilder.CreateIndex(
                name: "ix_idempotency_keys_created_at",
                schema: "darkroom",
                table: "idempotency_keys",
                column: "created_at");

            migrationBuilder.CreateIndex(
                name: "ix_jobs_admitted",
                schema: "darkroom",
                table: "jobs",
                column: "admitted_at",
                filter: "status = 'queued' AND admitted_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_jobs_batch",
                schema: "darkroom",
                table: "jobs",
                columns: new[] { "batch_id", "created_at", "id" },
                filter: "batch_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_jobs_custom_id",
                schema: "darkroom",
                table: "jobs",
                columns: new[] { "project_id", "custom_id", "created_at", "id" },
                filter: "custom_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_jobs_deadline",
                schema: "darkroom",
                table: "jobs",
                column: "deadline",
                filter: "status = 'queued' AND deadline IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_jobs_due",
                schema: "darkroom",
                table: "jobs",
                columns: new[] { "endpoint", "priority", "lane", "due_at", "id" },
                filter: "status = 'queued' AND admitted_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_jobs_project",
                schema: "darkroom",
                table: "jobs",
                columns: new[] { "project_id", "created_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_jobs_running",
                schema: "darkroom",
                table: "jobs",
                column: "endpoint",
                filter: "status = 'running'");

            migrationBuilder.CreateIndex(
                name: "ix_jobs_status",
                schema: "darkroom",
                table: "jobs",
                columns: new[] { "project_id", "status", "created_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_nodes_heartbeat_at",
                schema: "darkroom",
                table: "nodes",
                column: "heartbeat_at",
                filter: "ended_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_projects_name",
                schema: "darkroom",
                table: "projects",
                column: "name",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP FUNCTION darkroom.now();");

            migrationBuilder.DropTable(
                name: "api_keys",
                schema: "darkroom");

            migrationBuilder.DropTable(
                name: "attempts",
                schema: "darkroom");

            migrationBuilder.DropTable(
                name: "endpoints",
                schema: "darkroom");

            migrationBuilder.DropTable(
                name: "idempotency_keys",
                schema: "darkroom");

            migrationBuilder.DropTable(
                name: "images",
                schema: "darkroom");

            migrationBuilder.DropTable(
                name: "leases",
                schema: "darkroom");

            migrationBuilder.DropTable(
                name: "nodes",
                schema: "darkroom");

            migrationBuilder.DropTable(
                name: "usage_deltas",
                schema: "darkroom");

            migrationBuilder.DropTable(
                name: "usage_totals",
                schema: "darkroom");

            migrationBuilder.DropTable(
                name: "projects",
                schema: "darkroom");

            migrationBuilder.DropTable(
                name: "jobs",
                schema: "darkroom");
        }
    }
}
