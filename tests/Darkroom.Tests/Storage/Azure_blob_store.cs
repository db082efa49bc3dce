using System.Net;
using Azure.Storage.Blobs;
using Darkroom.Worker.Storage;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Storage;

public sealed class Azure_blob_store(Azurite azurite) : ImageStoreConformance, IClassFixture<Azurite>
{
    private readonly string _container = $"test-{Guid.NewGuid():N}";

    private protected override IImageStore Open() => Open(azurite.ConnectionString);

    private AzureBlobImageStore Open(string connectionString) => new(
        Options.Create(new StorageOptions { MaxConcurrentWrites = Writes, AzureBlob = { ConnectionString = connectionString, Container = _container } }),
        TimeProvider.System);

    [Fact(Timeout = Timeout)]
    public async Task A_blob_carries_its_content_type_hash_and_job()
    {
        var picture = Folder.Picture(1_000);
        await PutAsync(Open(), Key(7, "jpg"), picture);

        var blob = new BlobContainerClient(azurite.ConnectionString, _container).GetBlobClient(Key(7, "jpg").Path);
        var properties = (await blob.GetPropertiesAsync(cancellationToken: Cancellation)).Value;

        Assert.Equal("image/jpeg", properties.ContentType);
        Assert.Equal(Convert.ToHexStringLower(picture.Properties.Sha256), properties.Metadata["sha256"]);
        Assert.Equal($"job_{Key().Job:N}", properties.Metadata["job_id"]);
    }

    [Fact(Timeout = Timeout)]
    public async Task A_signed_link_reads_the_picture_until_it_expires_and_writes_nothing()
    {
        var store = Open();
        var picture = Folder.Picture(1_000);
        await PutAsync(store, Key(), picture);
        using var http = new HttpClient();

        var link = store.SignedUrl(Key(), TimeSpan.FromMinutes(5));
        using var answer = await http.GetAsync(link, Cancellation);
        using var expired = await http.GetAsync(store.SignedUrl(Key(), TimeSpan.FromMinutes(-5)), Cancellation);
        using var deletion = await http.DeleteAsync(link, Cancellation);

        Assert.Equal("image/png", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(picture.Bytes, await answer.Content.ReadAsByteArrayAsync(Cancellation));
        Assert.Equal(HttpStatusCode.Forbidden, expired.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, deletion.StatusCode);
    }

    [Fact(Timeout = Timeout)]
    public async Task A_blob_of_unknown_content_is_never_taken_for_ours()
    {
        var store = Open();
        var picture = Folder.Picture(1_000);
        var container = new BlobContainerClient(azurite.ConnectionString, _container);
        await container.CreateAsync(cancellationToken: Cancellation);
        await container.GetBlobClient(Key().Path).UploadAsync(picture.File, Cancellation);

        var answer = await store.PutAsync(Key(), picture.File, picture.Properties, Cancellation);

        Assert.Equal(StoreFailureKind.Conflict, answer.Failure?.Kind);
    }

    [Fact(Timeout = Timeout)]
    public async Task Wrong_credentials_are_denied_in_words_without_them()
    {
        var key = Convert.ToBase64String(new byte[64]);
        var good = azurite.ConnectionString;
        var store = Open(good.Replace(good.Split("AccountKey=")[1].Split(';')[0], key, StringComparison.Ordinal));
        var picture = Folder.Picture(10);

        var put = await store.PutAsync(Key(), picture.File, picture.Properties, Cancellation);
        var read = await store.OpenReadAsync(Key(), 0, null, Cancellation);
        var deleted = await store.DeleteAsync(Key(), Cancellation);
        var probe = await store.ProbeAsync(Cancellation);

        Assert.All([put.Failure, read.Failure, deleted, probe], failure =>
        {
            Assert.Equal(StoreFailureKind.Denied, failure?.Kind);
            Assert.Matches($@"^Azure Blob Storage \(container {_container} at 127\.0\.0\.1:\d+\) refuses our credentials: \w+\.$", failure!.Message);
        });
    }
}
