using System.Text.Json.Nodes;
using Darkroom.Client;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Darkroom.Worker.Api;

/// <summary>Makes <c>/openapi/v1.json</c> say what the routes' metadata cannot: the key, the refusals of all routes, what a route reads itself.</summary>
internal static class OpenApiDescription
{
    const string KeyScheme = "ApiKey";

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer(DescribeDocument);
        options.AddOperationTransformer(DescribeOperation);
    }

    static Task DescribeDocument(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken ct)
    {
        document.Info = new()
        {
            Title = "Darkroom",
            Version = "v1",
            Description = "Durable image generation: every job is committed before it is answered, every paid call is in its ledger.",
        };
        document.Components ??= new();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes[KeyScheme] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "An API key, dk_ and 43 characters.",
        };
        return Task.CompletedTask;
    }

    static async Task DescribeOperation(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken ct)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (!metadata.OfType<IAllowAnonymous>().Any())
            await RequireKeyAsync(operation, context, ct);
        foreach (var parameter in metadata.OfType<DescribedParameter>())
        {
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = parameter.Name,
                In = parameter.InHeader ? ParameterLocation.Header : ParameterLocation.Query,
                Description = parameter.Description,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
        }
        if (metadata.OfType<DescribedBody>().SingleOrDefault() is { } body)
        {
            var content = await JsonAsync(context, body.Type, ct, body.MediaType);
            content[body.MediaType].Example = body.Example is null ? null : JsonNode.Parse(body.Example);
            operation.RequestBody = new OpenApiRequestBody { Required = body.Required, Description = body.Description, Content = content };
        }
    }

    static async Task RequireKeyAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken ct)
    {
        operation.Security = [new() { [new OpenApiSecuritySchemeReference(KeyScheme, context.Document)] = [] }];
        operation.Responses ??= [];
        foreach (var (status, meaning) in new[]
        {
            ("401", "The API key is missing, unknown, expired or revoked."),
            ("403", "The key lacks the scope."),
            ("429", "The key has used up its requests; try again after Retry-After."),
            ("503", "The database does not answer; try again after Retry-After."),
        })
        {
            operation.Responses.TryAdd(status, new OpenApiResponse
            {
                Description = meaning,
                Content = await JsonAsync(context, typeof(ErrorBody), ct),
            });
        }
    }

    static async Task<Dictionary<string, OpenApiMediaType>> JsonAsync(
        OpenApiOperationTransformerContext context, Type type, CancellationToken ct, string mediaType = "application/json")
    {
        var schema = await context.GetOrCreateSchemaAsync(type, null, ct);
        context.Document!.AddComponent(type.Name, schema);
        return new Dictionary<string, OpenApiMediaType>
        {
            [mediaType] = new() { Schema = new OpenApiSchemaReference(type.Name, context.Document) },
        };
    }
}
