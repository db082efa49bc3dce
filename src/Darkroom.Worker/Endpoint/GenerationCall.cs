namespace Darkroom.Worker.Endpoint;

/// <summary>One paid call: which endpoint, for which attempt, and the endpoint's five fields.</summary>
/// <param name="AttemptId">Travels as <c>X-Client-Request-Id</c>, so that the endpoint's people can find what we ask about.</param>
internal sealed record GenerationCall(string Endpoint, Guid AttemptId, string Model, string Prompt, string Quality, int N, string Size);
