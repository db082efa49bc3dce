using Darkroom.Worker.Decoding;

namespace Darkroom.Worker.Endpoint;

/// <summary>What a 200 without a usable picture means.</summary>
internal static class BodyFailure
{
    /// <summary>Null where the body came whole with a good picture.</summary>
    /// <param name="ended">Why we gave the call up ourselves; null if we did not.</param>
    public static FailureKind? KindOf(Decoded body, FailureKind? ended)
    {
        if (body.Fault is { } fault)
        {
            return fault.Kind switch
            {
                DecodeFaultKind.Canceled => ended ?? FailureKind.BodyCut,
                DecodeFaultKind.SinkFailed => FailureKind.SpoolFailed,
                DecodeFaultKind.TooLarge => FailureKind.BodyTooLarge,
                DecodeFaultKind.NotJson or DecodeFaultKind.TooDeep => FailureKind.BodyUnreadable,
                DecodeFaultKind.ReadFailed when fault.Exception is InvalidDataException or NotSupportedException =>
                    FailureKind.BodyUnreadable,
                _ => FailureKind.BodyCut,
            };
        }
        if (body.Pictures.Any(picture => picture.Fault is null))
            return null;
        return body.ErrorJson is not null ? FailureKind.ErrorInBody
            : body.Pictures.Count == 0 ? FailureKind.NoPictures
            : FailureKind.NoGoodPicture;
    }

    public static string Message(FailureKind kind, Decoded body, EndpointOptions endpoint) => kind switch
    {
        FailureKind.ErrorInBody => "The endpoint answered 200 with an error instead of pictures; the call was billed.",
        FailureKind.NoPictures => "The endpoint answered 200 without pictures; the call was billed.",
        FailureKind.NoGoodPicture => $"The endpoint answered 200, but no picture is whole ({Faults(body)}); the call was billed.",
        FailureKind.SpoolFailed => $"A picture could not be written to this node's spool; the call was billed. {body.Fault!.Detail}",
        FailureKind.BodyTooLarge => $"{body.Fault!.Detail} Darkroom:Decoding sets the limit.",
        FailureKind.BodyCut or FailureKind.BodyUnreadable =>
            $"The endpoint answered 200, but its body cannot be used. {body.Fault!.Detail}",
        _ => CallEnded.Message(kind, endpoint),
    };

    static string Faults(Decoded body) => string.Join(
        ", ", body.Pictures.GroupBy(picture => picture.Fault).Select(same => $"{same.Count()} of {body.Pictures.Count}: {same.Key}"));
}
