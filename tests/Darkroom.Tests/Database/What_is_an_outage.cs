using Darkroom.Worker.Database;
using Npgsql;
using Xunit;

namespace Darkroom.Tests.Database;

public sealed class What_is_an_outage
{
    [Theory]
    [InlineData("57P01", true)] // The server stops.
    [InlineData("57014", true)] // A statement was cancelled, by a limit or a person.
    [InlineData("25006", true)] // Read-only: demoted, or its disk is full.
    [InlineData("25P03", true)] // It ended a transaction that idled, as a frozen node's does.
    [InlineData("23502", false)]
    [InlineData("42703", false)]
    public void Is_told_from_a_defect_by_its_code(string state, bool outage) =>
        Assert.Equal(outage, DatabaseOutage.Explains(new PostgresException("words", "ERROR", "ERROR", state)));
}
