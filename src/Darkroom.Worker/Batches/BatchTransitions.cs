using Darkroom.Migrations;
using Microsoft.EntityFrameworkCore;

namespace Darkroom.Worker.Batches;

/// <summary>
/// The only writer of a batch's state: named, conditional transitions; losing a race is a return value. Whoever holds a batch's row locks
/// no job: a job's transition locks its job first and then, if at all, its batch.
/// </summary>
internal sealed partial class BatchTransitions(IDbContextFactory<DarkroomDb> databases);
