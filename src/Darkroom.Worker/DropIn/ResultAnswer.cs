using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Darkroom.Migrations.Rows;
using Darkroom.Worker.Api;
using Darkroom.Worker.Storage;
using ImageRow = Darkroom.Migrations.Rows.Image;

namespace Darkroom.Worker.DropIn;

/// <summary>A result in the endpoint's own shape, its pictures encoded on their way from the store to the caller, a piece at a time.</summary>
internal sealed partial class ResultAnswer(IImageStore store, ILogger<ResultAnswer> logger)
{
    /// <summary>Whole groups of three bytes, so that each piece of base64 stands for itself.</summary>
    const int Piece = 24 * 1024;

    /// <param name="job">Succeeded, with its images.</param>
    /// <returns>What to answer instead; null once the answer has been sent, or cut off where the store failed midway.</returns>
    public async Task<ApiError?> SendAsync(HttpContext http, Job job, string id, CancellationToken ct)
    {
        var images = job.Images.OrderBy(i => i.Index).ToArray();
        if (images.Length == 0)
            return JobFailure.PicturesGone(id);
        // Before anything is sent, so that a store that is away can still be said.
        var first = await store.OpenReadAsync(KeyOf(job, images[0]), 0, null, ct);
        if (first.Failure is { } failure)
        {
            Log.StoreFailed(logger, id, failure.Message);
            return JobFailure.StoreAway(id);
        }
        if (first.Value is not { } opened)
            return JobFailure.PicturesGone(id);

        var (head, tail) = (Head(job), Tail(job));
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = Encoding.UTF8.GetByteCount(head) + Encoding.UTF8.GetByteCount(tail)
            + images.Sum(i => Opening.Length + Base64.GetMaxEncodedToUtf8Length(checked((int)i.Bytes)) + Closing.Length) + images.Length - 1;
        var body = http.Response.BodyWriter;
        try
        {
            Encoding.UTF8.GetBytes(head, body);
            for (var i = 0; i < images.Length; i++)
            {
                body.Write(i == 0 ? Opening : ",{\"b64_json\":\""u8);
                await using var picture = i == 0 ? opened : await OpenAsync(KeyOf(job, images[i]), ct);
                await EncodeAsync(picture.Body, body, ct);
                body.Write(Closing);
            }
            Encoding.UTF8.GetBytes(tail, body);
            await body.FlushAsync(ct);
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            // The status is sent: only a cut connection still tells the caller that pictures are missing.
            Log.StoreFailed(logger, id, e.Message);
            http.Abort();
        }
        return null;
    }

    static ReadOnlySpan<byte> Opening => "{\"b64_json\":\""u8;

    static ReadOnlySpan<byte> Closing => "\"}"u8;

    static async Task EncodeAsync(Stream picture, PipeWriter body, CancellationToken ct)
    {
        var piece = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            for (int read; (read = await picture.ReadAtLeastAsync(piece.AsMemory(0, Piece), Piece, throwOnEndOfStream: false, ct)) > 0;)
            {
                var encoded = body.GetSpan(Base64.GetMaxEncodedToUtf8Length(read));
                Base64.EncodeToUtf8(piece.AsSpan(0, read), encoded, out _, out var written);
                body.Advance(written);
                await body.FlushAsync(ct);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    async Task<StoredImage> OpenAsync(StoreKey key, CancellationToken ct)
    {
        var opened = await store.OpenReadAsync(key, 0, null, ct);
        return opened.Failure is { } failure ? throw new IOException(failure.Message)
            : opened.Value ?? throw new IOException("A picture is no longer in the store.");
    }

    static ImageKey KeyOf(Job job, ImageRow image) => new(job.ProjectId, image.JobId, image.AttemptId, image.Index, image.Extension);

    static string Head(Job job) => string.Create(
        CultureInfo.InvariantCulture, $$"""{"created":{{(job.ResultCreated ?? job.FinishedAt ?? job.CreatedAt).ToUnixTimeSeconds()}},"data":[""");

    static string Tail(Job job)
    {
        var tail = new StringBuilder("]");
        foreach (var (name, value) in new[] { ("output_format", job.ResultFormat), ("quality", job.ResultQuality), ("size", job.ResultSize) })
        {
            if (value is not null)
                tail.Append(CultureInfo.InvariantCulture, $",\"{name}\":{JsonSerializer.Serialize(value, JsonSerializerOptions.Default)}");
        }
        // To the letter as the endpoint sent it.
        if (job.Usage is { } usage)
            tail.Append(CultureInfo.InvariantCulture, $",\"usage\":{usage}");
        return tail.Append('}').ToString();
    }

    static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The pictures of {Job} cannot be sent: {Reason}")]
        public static partial void StoreFailed(ILogger logger, string job, string reason);
    }
}
