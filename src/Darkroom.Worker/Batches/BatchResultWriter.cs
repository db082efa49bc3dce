using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Darkroom.Client;
using Darkroom.Worker.Access;
using Darkroom.Worker.Api;
using Darkroom.Worker.DropIn;
using Darkroom.Worker.Storage;
using Job = Darkroom.Migrations.Rows.Job;
using JobStatus = Darkroom.Migrations.Rows.JobStatus;

namespace Darkroom.Worker.Batches;

/// <summary>
/// Writes what became of a line in OpenAI's shape: pictures as absolute signed links, or as base64 that passes from the store to the stream in
/// small buffers, however large a picture is.
/// </summary>
internal sealed class BatchResultWriter(Links links, SignedLinks signed, IImageStore store)
{
    /// <summary>A multiple of 3: only the last part of a picture has padding.</summary>
    const int Part = 48 * 1024;

    /// <summary>Where a picture's text goes. Within a JSON text these bytes are that property and nothing else: inside a string its quotes are escaped.</summary>
    static readonly byte[] Place = "\"b64_json\":\"\""u8.ToArray();

    /// <param name="base64">Pictures themselves instead of links.</param>
    /// <exception cref="StoreTroubleException">The store does not give a picture; what was written is to be thrown away.</exception>
    public async Task WriteAsync(LineOutcome line, bool base64, Stream stream, CancellationToken ct)
    {
        var result = await OfAsync(line, base64, ct);
        ReadOnlyMemory<byte> json = JsonSerializer.SerializeToUtf8Bytes(result, DarkroomJson.Answers.BatchResult);
        if (base64 && line.Job.Status == JobStatus.Succeeded)
        {
            foreach (var image in line.Job.Images.OrderBy(i => i.Index))
            {
                // The pictures come before the usage, the only part that is not of our own making.
                var inside = json.Span.IndexOf(Place) + Place.Length - 1;
                await stream.WriteAsync(json[..inside], ct);
                await CopyAsync(new ImageKey(line.Job.ProjectId, line.Job.Id, image.AttemptId, image.Index, image.Extension), stream, ct);
                json = json[inside..];
            }
        }
        await stream.WriteAsync(json, ct);
    }

    public async Task<BatchResult> OfAsync(LineOutcome read, bool base64, CancellationToken ct)
    {
        var line = read.Job;
        var succeeded = line.Status == JobStatus.Succeeded;
        return new()
        {
            Id = "batch_req_" + line.Id.ToString("n"),
            CustomId = line.CustomId ?? "",
            Response = succeeded ? new(200, read.RequestId, await BodyOfAsync(line, base64, ct)) : RefusalOf(line),
            Error = succeeded ? null : ErrorOf(line),
            JobId = WireId.Job.Format(line.Id),
            Status = line.Status,
        };
    }

    async Task<BatchResponseBody> BodyOfAsync(Job line, bool base64, CancellationToken ct)
    {
        var pictures = new List<BatchPicture>();
        foreach (var image in line.Images.OrderBy(i => i.Index))
        {
            pictures.Add(base64
                ? new() { B64Json = "" }
                : new() { Url = links.Absolute(await signed.CreateAsync($"/v1/jobs/{WireId.Job.Format(line.Id)}/images/{image.Index}", SignedLinks.DefaultLifetime, ct)) });
        }
        return new()
        {
            Created = line.ResultCreated?.ToUnixTimeSeconds(),
            Data = pictures,
            OutputFormat = line.ResultFormat,
            Quality = line.ResultQuality,
            Size = line.ResultSize,
            Usage = line.Usage is null ? null : JsonElement.Parse(line.Usage),
        };
    }

    /// <summary>In the endpoint's own shape.</summary>
    static BatchResponse? RefusalOf(Job line) =>
        JobFailure.RefusalOf(line) is { } told
            ? new(told.Status, line.ErrorRequestId, new() { Error = new(told.Type, told.Code, told.Message, Param: null) })
            : null;

    static BatchResultError ErrorOf(Job line) => line.Status == JobStatus.Canceled
        ? new("batch_cancelled", "The line was cancelled before it had a result.")
        : new(line.ErrorCode, line.ErrorMessage);

    async Task CopyAsync(ImageKey key, Stream stream, CancellationToken ct)
    {
        var opened = await store.OpenReadAsync(key, 0, null, ct);
        if (opened.Failure is { } failure)
            throw new StoreTroubleException(failure.Message);
        if (opened.Value is not { } picture)
            return; // Removed from the store behind our back: an empty text is all that can be said of it.
        await using (picture)
        {
            var bytes = ArrayPool<byte>.Shared.Rent(Part);
            var text = ArrayPool<byte>.Shared.Rent(Base64.GetMaxEncodedToUtf8Length(Part));
            try
            {
                for (var last = false; !last;)
                {
                    var read = await ReadAsync(picture.Body, bytes.AsMemory(0, Part), ct);
                    last = read < Part;
                    Base64.EncodeToUtf8(bytes.AsSpan(0, read), text, out _, out var written, isFinalBlock: last);
                    await stream.WriteAsync(text.AsMemory(0, written), ct);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(bytes);
                ArrayPool<byte>.Shared.Return(text);
            }
        }
    }

    static async Task<int> ReadAsync(Stream body, Memory<byte> part, CancellationToken ct)
    {
        try
        {
            return await body.ReadAtLeastAsync(part, part.Length, throwOnEndOfStream: false, ct);
        }
        catch (Exception broken) when (broken is not OperationCanceledException)
        {
            throw new StoreTroubleException(broken.Message);
        }
    }
}

/// <summary>The store does not give what it should have; the same may work later.</summary>
internal sealed class StoreTroubleException(string message) : Exception(message);
