using Darkroom.Worker.Storage;
using Xunit;

namespace Darkroom.Tests.Storage;

/// <summary>What they promise of puts at once, and of those broken off.</summary>
public abstract partial class ImageStoreConformance
{
    [Fact(Timeout = Timeout)]
    public async Task A_hundred_pictures_put_at_once_all_arrive()
    {
        var store = Open();
        var pictures = Enumerable.Range(0, 100).Select(index => Folder.Picture(index * 2_003)).ToArray();

        var outcomes = await Task.WhenAll(pictures.Select((picture, index) => PutAsync(store, Key(index), picture)));

        Assert.All(outcomes, outcome => Assert.Equal(PutOutcome.Stored, outcome));
        for (var index = 0; index < pictures.Length; index++)
        {
            Assert.Equal(pictures[index].Bytes, await ReadAsync(store, Key(index)));
        }
    }

    [Fact(Timeout = Timeout)]
    public async Task Of_many_puts_of_one_picture_at_once_exactly_one_stores_it()
    {
        IImageStore[] nodes = [Open(), Open()];
        var picture = Folder.Picture(300_000);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => PutAsync(nodes[i % 2], Key(), picture)));

        Assert.Single(outcomes, PutOutcome.Stored);
        Assert.Equal(19, outcomes.Count(outcome => outcome == PutOutcome.AlreadyStored));
        Assert.Equal(picture.Bytes, await ReadAsync(nodes[0], Key()));
    }

    [Fact(Timeout = Timeout)]
    public async Task Of_different_pictures_put_under_one_key_at_once_one_wins_whole()
    {
        var store = Open();
        var pictures = Enumerable.Range(0, 10).Select(_ => Folder.Picture(200_000)).ToArray();

        var answers = await Task.WhenAll(pictures.Select(picture => store.PutAsync(Key(), picture.File, picture.Properties, Cancellation)));

        var winner = Assert.Single(Enumerable.Range(0, 10), i => answers[i].Failure is null);
        Assert.All(answers.Where(answer => answer.Failure is not null), answer => Assert.Equal(StoreFailureKind.Conflict, answer.Failure!.Kind));
        Assert.Equal(pictures[winner].Bytes, await ReadAsync(store, Key()));
    }

    [Fact(Timeout = Timeout)]
    public async Task A_reader_during_a_put_sees_the_whole_picture_or_none()
    {
        var store = Open();
        var picture = Folder.Picture(3 << 20);
        var put = PutAsync(store, Key(), picture);

        byte[]? seen;
        do
        {
            var answer = await store.OpenReadAsync(Key(), 0, null, Cancellation);
            seen = answer.Value is { } opened ? await BytesAsync(opened) : null;
        }
        while (seen is null);

        Assert.Equal(picture.Bytes, seen);
        Assert.Equal(PutOutcome.Stored, await put);
    }

    [Fact(Timeout = Timeout)]
    public async Task A_put_cancelled_before_it_starts_leaves_nothing()
    {
        var store = Open();
        var picture = Folder.Picture(1_000);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.PutAsync(Key(), picture.File, picture.Properties, new CancellationToken(canceled: true)));

        Assert.Null((await store.OpenReadAsync(Key(), 0, null, Cancellation)).Value);
    }

    [Fact(Timeout = Timeout)]
    public async Task A_put_cancelled_at_any_moment_leaves_the_whole_picture_or_none_and_may_be_repeated()
    {
        var store = Open();
        var picture = Folder.Picture(1 << 20);
        for (var index = 0; index < 40; index++)
        {
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            cancel.CancelAfter(TimeSpan.FromMilliseconds(0.5 * index));
            try
            {
                await store.PutAsync(Key(index), picture.File, picture.Properties, cancel.Token);
            }
            catch (OperationCanceledException)
            {
                var answer = await store.OpenReadAsync(Key(index), 0, null, Cancellation);
                Assert.Equal(picture.Bytes, answer.Value is { } opened ? await BytesAsync(opened) : picture.Bytes);
            }

            await PutAsync(store, Key(index), picture);
            Assert.Equal(picture.Bytes, await ReadAsync(store, Key(index)));
        }
    }

    [Fact(Timeout = Timeout)]
    public async Task Puts_that_fail_or_are_cancelled_give_their_turn_to_others()
    {
        var store = Open();
        var picture = Folder.Picture(1_000);
        var other = Folder.Picture(1_000);
        await PutAsync(store, Key(), picture);

        for (var i = 0; i < Writes; i++)
        {
            Assert.NotNull((await store.PutAsync(Key(), other.File, other.Properties, Cancellation)).Failure);
            Assert.NotNull((await store.PutAsync(Key(), other.File + ".gone", other.Properties, Cancellation)).Failure);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.PutAsync(Key(), picture.File, picture.Properties, new CancellationToken(canceled: true)));
        }

        Assert.Equal(PutOutcome.Stored, await PutAsync(store, Key(1), other));
    }
}
