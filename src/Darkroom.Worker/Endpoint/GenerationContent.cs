using System.Net;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Darkroom.Worker.Endpoint;

/// <summary>
/// The body of one paid call, which can be sent once. A second sending, by whatever part of the HTTP stack believes it safe, would be a
/// second purchase under one attempt; it is refused here.
/// </summary>
internal sealed class GenerationContent : HttpContent
{
    static readonly JsonWriterOptions AsWritten = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly int length;
    byte[]? json;
    volatile bool begun;
    volatile bool sent;

    public GenerationContent(GenerationCall call)
    {
        json = Write(call);
        length = json.Length;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    /// <summary>
    /// Whether any byte of the request may have left. The handler writes the head of a request into its buffer and then asks the content
    /// for its bytes, before it flushes anything (<c>HttpConnection.SendAsync</c>, when the request has a body and no <c>Expect</c>);
    /// connecting and TLS come before that. So as long as the content was not asked, nothing was sent, whatever the exception.
    /// </summary>
    public bool Begun => begun;

    /// <summary>Whether all of it was handed to the connection.</summary>
    public bool Sent => sent;

    /// <summary>The parameters of the endpoint: a new one is a field of <see cref="GenerationCall"/> and a line here.</summary>
    static byte[] Write(GenerationCall call)
    {
        using var bytes = new MemoryStream(call.Prompt.Length + 200);
        using (var writer = new Utf8JsonWriter(bytes, AsWritten))
        {
            writer.WriteStartObject();
            writer.WriteString("model", call.Model);
            writer.WriteString("prompt", call.Prompt);
            writer.WriteString("quality", call.Quality);
            writer.WriteNumber("n", call.N);
            writer.WriteString("size", call.Size);
            writer.WriteEndObject();
        }
        return bytes.ToArray();
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // Let go as soon as it is sent: the answer takes minutes, and a thousand prompts would wait in memory with it.
        var once = Interlocked.Exchange(ref json, null) ?? throw new InvalidOperationException("A generation request is sent only once.");
        begun = true;
        await stream.WriteAsync(once, cancellationToken);
        sent = true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override bool TryComputeLength(out long length)
    {
        length = this.length;
        return true;
    }
}
