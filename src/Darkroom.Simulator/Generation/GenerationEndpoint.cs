using Darkroom.Simulator.Accounting;
using Darkroom.Simulator.Answers;
using Darkroom.Simulator.Contract;
using Darkroom.Simulator.Faults;
using Darkroom.Simulator.Limits;

namespace Darkroom.Simulator.Generation;

/// <summary>The path of one call: key, request, limits, faults, generation, bill, answer.</summary>
internal sealed class GenerationEndpoint(
    SimulatorOptions options, Account account, RequestReader reader, RateLimits limits, FaultPlan plan,
    PromptHistory history, Gate gate, AnswerSender sender, IHostApplicationLifetime lifetime)
{
    private readonly CancellationToken _stop = lifetime.ApplicationStopping;

    public async Task HandleAsync(HttpContext http)
    {
        var call = account.Arrive(http.Request.Headers["X-Client-Request-Id"].FirstOrDefault());
        var started = options.TimeProvider.GetTimestamp();
        http.Response.Headers["x-request-id"] = call.RequestId;
        var sent = new Sent(null, 0, ClientAborted: false);
        try
        {
            Answer answer;
            using (http.RequestAborted.Register(() => account.Abort(call.Number)))
                answer = await AnswerAsync(http, call.Number);
            http.Response.Headers["openai-processing-ms"] = $"{options.TimeProvider.GetElapsedTime(started).TotalMilliseconds:0}";
            sent = await sender.SendAsync(http, answer, _stop);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            http.Abort();
        }
        catch (IOException) when (http.RequestAborted.IsCancellationRequested)
        {
            sent = sent with { ClientAborted = true };
        }
        finally
        {
            account.Finish(call.Number, sent.Status, sent.Bytes, sent.ClientAborted);
        }
    }

    private async Task<Answer> AnswerAsync(HttpContext http, int call)
    {
        if (ApiKeys.Refuse(http.Request, options) is { } refused)
            return Answer.Of(refused);
        var (request, wrong) = await reader.ReadAsync(http.Request, _stop);
        if (request is null)
            return Answer.Of(wrong!);
        account.Describe(call, request);
        var (directives, mistake) = PromptDirectives.Read(request.Prompt);
        if (mistake is not null)
            return Answer.Of(ApiError.Invalid("unknown_directive", mistake, "prompt"));
        if (limits.Enter(request, http.Response.Headers) is { } tooFast)
            return Answer.Of(tooFast);
        try
        {
            return await GenerateAsync(request, directives, call);
        }
        finally
        {
            limits.Leave();
        }
    }

    /// <summary>The generation goes on when its caller has gone, and is charged, as at the real endpoint.</summary>
    private async Task<Answer> GenerateAsync(GenerationRequest request, PromptDirectives directives, int call)
    {
        var random = history.Next(request);
        var faults = plan.Draw(request, directives, random);
        if (faults.Count > 0)
            account.Strike(call, [.. faults.Select(fault => fault.Text)]);
        var format = FormatOf(request, directives);
        var answer = Answer.None;
        if (!faults.Any(fault => fault.Kind.AtOnce))
        {
            await WaitAtGateAsync(request, call);
            var latency = directives.Latency ?? Latency.Of(request.Quality, options, random);
            if (latency > TimeSpan.Zero)
                await Task.Delay(latency, options.TimeProvider, _stop);
            answer = await Answer.OfAsync(request, format, options) with { BodyDuration = directives.BodyDuration ?? options.BodyDuration };
        }
        foreach (var fault in faults)
            answer = fault.Apply(answer, new Strike(fault, request, format, options));
        if (answer.Billed)
            account.Charge(call, request);
        return answer;
    }

    private async Task WaitAtGateAsync(GenerationRequest request, int call)
    {
        var turn = gate.WaitAsync(request.Prompt, _stop);
        if (turn.IsCompletedSuccessfully)
            return;
        account.Hold(call, true);
        await turn;
        account.Hold(call, false);
    }

    private OutputFormat FormatOf(GenerationRequest request, PromptDirectives directives)
    {
        var format = directives.Format ?? options.OutputFormat;
        return format == OutputFormat.Mixed ? (OutputFormat)(request.PromptSeed % 3) : format;
    }
}
