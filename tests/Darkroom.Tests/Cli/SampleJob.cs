using Darkroom.Client;

namespace Darkroom.Tests.Cli;

/// <summary>A job as Darkroom tells of it once it has its picture.</summary>
internal static class SampleJob
{
    public static Job With(JobImage picture, string id) => new()
    {
        Id = id,
        Status = "succeeded",
        Model = "m",
        Prompt = "p",
        Quality = "auto",
        N = 1,
        Size = "auto",
        Cost = new("USD", 0, 0),
        Attempts = 1,
        Priority = 5,
        CreatedAt = default,
        DueAt = default,
        Images = [picture],
    };
}
