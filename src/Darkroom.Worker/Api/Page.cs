using Darkroom.Client;

namespace Darkroom.Worker.Api;

/// <summary>The list shape that every list answers with.</summary>
internal static class Page
{
    /// <param name="rows">Up to one row more than <paramref name="limit"/>: its presence says that there are more.</param>
    public static ListPage<T> Of<TRow, T>(IReadOnlyList<TRow> rows, int limit, Func<TRow, T> view, Func<T, string> id)
    {
        T[] data = [.. rows.Take(limit).Select(view)];
        return new(data, data is [var first, ..] ? id(first) : null, data is [.., var last] ? id(last) : null, rows.Count > limit);
    }

    /// <summary>A list that is short by nature and comes whole.</summary>
    public static ListPage<T> Whole<T>(IReadOnlyList<T> data, Func<T, string> id) => Of(data, data.Count, x => x, id);
}
