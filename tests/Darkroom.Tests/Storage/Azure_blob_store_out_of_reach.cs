using Darkroom.Worker.Storage;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darkroom.Tests.Storage;

public sealed class Azure_blob_store_out_of_reach(Azurite azurite) : IClassFixture<Azurite>
{
    [Fact(Timeout = 60_000)]
    public async Task Is_unavailable_in_words_and_works_again_when_it_is_back()
    {
        using var folder = new TestFolder();
        using var store = new AzureBlobImageStore(
            Options.Create(new StorageOptions { AzureBlob = { ConnectionString = azurite.ConnectionString } }), TimeProvider.System);
        var key = new ImageKey(Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), 0, "png");
        var picture = folder.Picture(1_000);
        var cancellation = TestContext.Current.CancellationToken;
        Assert.Null(await store.ProbeAsync(cancellation));
        await azurite.StopAsync();

        var putting = store.PutAsync(key, picture.File, picture.Properties, cancellation);
        var reading = store.OpenReadAsync(key, 0, null, cancellation);
        var deleting = store.DeleteAsync(key, cancellation);
        var probing = store.ProbeAsync(cancellation);

        Assert.All([(await putting).Failure, (await reading).Failure, await deleting, await probing], failure =>
        {
            Assert.Equal(StoreFailureKind.Unavailable, failure?.Kind);
            Assert.StartsWith("Azure Blob Storage (container images at 127.0.0.1:", failure!.Message, StringComparison.Ordinal);
        });
        await azurite.StartAsync();
        Assert.Null(await store.ProbeAsync(cancellation));
        Assert.Equal(PutOutcome.Stored, (await store.PutAsync(key, picture.File, picture.Properties, cancellation)).Value);
    }
}
