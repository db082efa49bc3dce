namespace Darkroom.Client;

public sealed partial class DarkroomClient
{
    /// <summary>
    /// Uploads a file as a stream, whatever its size. Sent again from the same position after a lost connection where the stream can seek:
    /// an upload that broke off leaves nothing behind.
    /// </summary>
    /// <param name="content">From its present position to its end; left open.</param>
    /// <param name="filename">For people.</param>
    public Task<StoredFile> UploadFileAsync(
        Stream content, string filename, string purpose = "batch", CancellationToken cancellationToken = default)
    {
        var start = content.CanSeek ? content.Position : 0;
        return RepeatAsync(content.CanSeek ? Tries : 1, async ct =>
        {
            using var form = new MultipartFormDataContent { { new StringContent(purpose), "purpose" }, { new LentStream(content, start), "file", filename } };
            using var request = new HttpRequestMessage(HttpMethod.Post, "v1/files") { Content = form };
            return await SendAsync(request, DarkroomJson.Answers.StoredFile, Timeout.InfiniteTimeSpan, ct);
        }, cancellationToken);
    }

    public Task<StoredFile> GetFileAsync(string id, CancellationToken cancellationToken = default) =>
        GetAsync(FilePath(id), DarkroomJson.Answers.StoredFile, cancellationToken);

    /// <summary>Files, newest first, read page by page as they are enumerated.</summary>
    /// <param name="purpose">Only those of this purpose; all if null.</param>
    public IAsyncEnumerable<StoredFile> ListFilesAsync(string? purpose = null, CancellationToken cancellationToken = default) =>
        PagesAsync("v1/files", purpose is null ? [] : [("purpose", purpose)], DarkroomJson.Answers.ListPageStoredFile, cancellationToken);

    /// <summary>Opens a file for reading as it arrives; dispose the stream.</summary>
    public Task<Stream> OpenFileAsync(string id, CancellationToken cancellationToken = default) =>
        OpenAsync($"{FilePath(id)}/content", 0, cancellationToken);

    public async Task<DeletedFile> DeleteFileAsync(string id, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, FilePath(id));
        return await SendAsync(request, DarkroomJson.Answers.DeletedFile, AnswerTime, cancellationToken);
    }

    static string FilePath(string id) => $"v1/files/{Uri.EscapeDataString(id)}";
}
