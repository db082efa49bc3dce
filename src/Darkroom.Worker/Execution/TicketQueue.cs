using System.Data;
using Hangfire.PostgreSql;
using Hangfire.Storage;

namespace Darkroom.Worker.Execution;

/// <summary>
/// Hangfire's queue of tickets, shared by all workers of this node. The stock provider makes a new queue object per call, each with its
/// own wake-up event, so that nobody can be woken; workers would have to poll (1000 idle ones at a one-second interval cost a core).
/// Here every worker of a queue waits on one event: a notice wakes one worker, and each worker that finds a ticket wakes the next.
/// </summary>
internal sealed class TicketQueue(string name, NodeCondition? node) : IPersistentJobQueue, IPersistentJobQueueProvider
{
    PostgreSqlJobQueue? queue;
    PostgreSqlJobQueueProvider? stock;

    /// <summary>Takes the place of the stock provider for its queue.</summary>
    public void AttachTo(PostgreSqlStorage storage, PostgreSqlStorageOptions options)
    {
        queue = new PostgreSqlJobQueue(storage);
        stock = new PostgreSqlJobQueueProvider(storage, options);
        storage.QueueProviders.Add(this, [name]);
    }

    public void Wake()
    {
        if (node is null or { Accepting: true })
            queue?.FetchNextJob();
    }

    public IFetchedJob Dequeue(string[] queues, CancellationToken cancellationToken)
    {
        // A node that takes no work leaves the tickets to the others.
        node?.WaitUntilAccepting(cancellationToken);
        var ticket = queue!.Dequeue(queues, cancellationToken);
        Wake();
        return ticket;
    }

    public void Enqueue(IDbConnection connection, string queueName, string jobId) => queue!.Enqueue(connection, queueName, jobId);

    public IPersistentJobQueue GetJobQueue() => this;

    public IPersistentJobQueueMonitoringApi GetJobQueueMonitoringApi() => stock!.GetJobQueueMonitoringApi();
}
