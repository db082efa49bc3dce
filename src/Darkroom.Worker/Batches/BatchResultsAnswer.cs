using System.Text;
using System.Text.Json;
using Darkroom.Worker.Api;

namespace Darkroom.Worker.Batches;

/// <summary>A page of results as an answer, written line by line: with base64 it may be gigabytes, and is never held.</summary>
internal sealed partial class BatchResultsAnswer(LineEnds ended, BatchResultWriter writer, ILogger<BatchResultsAnswer> logger)
{
    public async Task<IResult> SendAsync(HttpContext http, Guid batchId, EndsCursor after, int limit, bool base64, CancellationToken ct)
    {
        var (ends, lines) = await ended.ReadAsync(batchId, after, limit, ct);
        var page = ends.Take(limit).ToList();
        http.Response.ContentType = "application/json; charset=utf-8";
        var body = http.Response.Body;
        try
        {
            await WriteAsync("""{"object":"list","data":[""");
            var first = true;
            foreach (var end in page)
            {
                // Put back since: its next end is to come.
                if (!lines.TryGetValue(end.JobId, out var line))
                    continue;
                if (!first)
                    await WriteAsync(",");
                first = false;
                await writer.WriteAsync(line, base64, body, ct);
            }
            await WriteAsync($"""],"first_id":{Quoted(page.FirstOrDefault())},"last_id":{Quoted(page.LastOrDefault())},"has_more":{(ends.Count > limit ? "true" : "false")}""" + "}");
        }
        catch (StoreTroubleException trouble)
        {
            Log.CutShort(logger, trouble.Message);
            if (!http.Response.HasStarted)
                return ApiError.Unavailable("The pictures' store does not answer. Try again shortly.");
            // Only a cut connection still tells the caller that something is missing.
            http.Abort();
        }
        return Results.Empty;

        async Task WriteAsync(string text) => await body.WriteAsync(Encoding.UTF8.GetBytes(text), ct);
    }

    static string Quoted(LineEnd? end) => end is null ? "null" : JsonSerializer.Serialize(end.Cursor.ToString(), JsonSerializerOptions.Default);

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "An answer with results was cut short: {Reason}")]
        public static partial void CutShort(ILogger logger, string reason);
    }
}
