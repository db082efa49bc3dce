using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Darkroom.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class DeliveryRounds : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "not_before",
                schema: "darkroom",
                table: "webhook_receivers",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "slow",
                schema: "darkroom",
                table: "webhook_receivers",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<int>(
                name: "round_from",
                schema: "darkroom",
                table: "webhook_deliveries",
                type: "integer",
                nullable: false,
                defaultValue: 0);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "not_before",
                schema: "darkroom",
                table: "webhook_receivers");

            migrationBuilder.DropColumn(
                name: "slow",
                schema: "darkroom",
                table: "webhook_receivers");

            migrationBuilder.DropColumn(
                name: "round_from",
                schema: "darkroom",
                table: "webhook_deliveries");
        }
    }
}
