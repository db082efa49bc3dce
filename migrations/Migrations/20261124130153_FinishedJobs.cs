using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Darkroom.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class FinishedJobs : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "ix_jobs_finished",
                schema: "darkroom",
                table: "jobs",
                columns: new[] { "finished_at", "id" },
                filter: "finished_at IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_jobs_finished",
                schema: "darkroom",
                table: "jobs");
        }
    }
}
