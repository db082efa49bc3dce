using System.Globalization;
using Darkroom.Client;

namespace Darkroom.Cli.Downloading;

/// <summary>A table of every job and picture, RFC 4180, written beside the pictures. It replaces the former one when it is whole.</summary>
internal sealed class Manifest : IAsyncDisposable
{
    public const string FileName = "manifest.csv";

    const string Header = "custom_id,job_id,status,index,file,content_type,bytes,width,height,sha256,model,quality,size,prompt,error_code,error_message";

    readonly string path;
    readonly StreamWriter writer;
    bool whole;

    string Unfinished => path + ".partial";

    public Manifest(DirectoryInfo folder)
    {
        path = Path.Combine(folder.FullName, FileName);
        writer = new StreamWriter(Unfinished) { NewLine = "\r\n" };
        writer.WriteLine(Header);
    }

    /// <param name="files">The name of each picture that is here; null for one that is not.</param>
    public void Add(Job job, IReadOnlyList<string?> files)
    {
        if (job.Images.Count == 0)
            Line(job, null, null);
        foreach (var (image, file) in job.Images.Zip(files))
            Line(job, image, file);
    }

    public async Task CompleteAsync()
    {
        await writer.DisposeAsync();
        File.Move(Unfinished, path, overwrite: true);
        whole = true;
    }

    public async ValueTask DisposeAsync()
    {
        await writer.DisposeAsync();
        if (!whole)
            File.Delete(Unfinished);
    }

    void Line(Job job, JobImage? image, string? file) => writer.WriteLine(string.Join(',', new[]
    {
        job.CustomId, job.Id, job.Status, Number(image?.Index), file, image?.ContentType, Number(image?.Bytes), Number(image?.Width), Number(image?.Height),
        image?.Sha256, job.Model, job.Result?.Quality ?? job.Quality, job.Result?.Size ?? job.Size, job.Prompt, job.Error?.Code, job.Error?.Message,
    }.Select(Field)));

    static string? Number(long? value) => value?.ToString(CultureInfo.InvariantCulture);

    static string Field(string? text) =>
        text is null ? "" : text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
