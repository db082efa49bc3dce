using System.IO.Hashing;
using System.Text;
using Darkroom.Tests.Infrastructure;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(TestOrder))]
[assembly: TestClassOrderer(typeof(TestOrder))]
[assembly: TestMethodOrderer(typeof(TestOrder))]
[assembly: TestCaseOrderer(typeof(TestOrder))]

namespace Darkroom.Tests.Infrastructure;

/// <summary>
/// The same order of tests on every machine. xunit's own order comes from a hash of the assembly's path, so a test that leans on
/// another passes in one clone and fails in the next. <c>DARKROOM_TESTS_ORDER</c> (a whole number, default 0) gives another order: a
/// few of them show such tests before they land.
/// </summary>
public sealed class TestOrder : ITestCollectionOrderer, ITestClassOrderer, ITestMethodOrderer, ITestCaseOrderer
{
    private readonly long seed = long.TryParse(Environment.GetEnvironmentVariable("DARKROOM_TESTS_ORDER"), out var number) ? number : 0;

    public IReadOnlyCollection<T> OrderTestCollections<T>(IReadOnlyCollection<T> testCollections)
        where T : ITestCollection =>
        Ordered(testCollections, collection => collection.TestCollectionDisplayName);

    public IReadOnlyCollection<T?> OrderTestClasses<T>(IReadOnlyCollection<T?> testClasses)
        where T : notnull, ITestClass =>
        Ordered(testClasses, @class => @class?.TestClassName);

    public IReadOnlyCollection<T?> OrderTestMethods<T>(IReadOnlyCollection<T?> testMethods)
        where T : notnull, ITestMethod =>
        Ordered(testMethods, method => method?.MethodName);

    public IReadOnlyCollection<T> OrderTestCases<T>(IReadOnlyCollection<T> testCases)
        where T : notnull, ITestCase =>
        Ordered(testCases, test => test.TestCaseDisplayName);

    private T[] Ordered<T>(IEnumerable<T> tests, Func<T, string?> name) =>
        [.. tests.OrderBy(test => XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(name(test) ?? ""), seed))];
}
