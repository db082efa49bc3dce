using System.Text;
using Darkroom.Cli.Submitting;
using Xunit;

namespace Darkroom.Tests.Cli;

/// <summary>What is read, and what is told about what cannot be.</summary>
public sealed class Checking_files : IDisposable
{
    static readonly RequestDefaults NoDefaults = new(null, null, null, null), WithModel = new("m", null, null, null);

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("darkroom-test-");

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("not json", "lines.jsonl:1:2: is not JSON")]
    [InlineData("[1]", "lines.jsonl:1:1: is not JSON: a line must be an object")]
    [InlineData("""{"prompt":"x","model":"m"} {}""", "lines.jsonl:1:28: is not JSON")]
    [InlineData("""{"prompt":"é" "x"}""", "lines.jsonl:1:15: is not JSON")]
    [InlineData("""{"prompt":"x"}""", "lines.jsonl:1: 'model' is missing")]
    [InlineData("""{"model":"m"}""", "lines.jsonl:1: 'prompt' is missing")]
    [InlineData("""{"model":"m","prompt":null}""", "lines.jsonl:1: 'prompt' is missing")]
    [InlineData("""{"model":"m","prompt":" "}""", "lines.jsonl:1:23: 'prompt' must be text, and not blank")]
    [InlineData("""{"model":"m","prompt":"\ud800"}""", "lines.jsonl:1:23: 'prompt' must be text")]
    [InlineData("""{"model":"m","prompt":"x","n":0}""", "lines.jsonl:1:31: 'n' must be a whole number")]
    [InlineData("""{"model":"m","prompt":"x","n":1.5}""", "lines.jsonl:1:31: 'n' must be a whole number")]
    [InlineData("""{"model":"m","prompt":"x","n":"2"}""", "lines.jsonl:1:31: 'n' must be a whole number")]
    [InlineData("""{"model":"m","prompt":"x","sise":"auto"}""", "lines.jsonl:1:27: 'sise' is no known field")]
    [InlineData("""{"model":"m","prompt":"x","prompt":"y"}""", "lines.jsonl:1:27: 'prompt' is given twice")]
    [InlineData("""{"custom_id":"a","method":"GET","url":"/v1/images/generations","body":{"model":"m","prompt":"x"}}""", "lines.jsonl:1:27: 'method' must be")]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"m","prompt":"x"}}""", "lines.jsonl:1:40: 'url' must be")]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/images/generations"}""", "lines.jsonl:1: 'body' is missing")]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/images/generations","body":[]}""", "lines.jsonl:1:72: 'body' must be an object")]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/images/generations","body":{"model":"m","prompt":"x","steps":9}}""", "lines.jsonl:1:98: 'body.steps' is no known field")]
    [InlineData("", "lines.jsonl:1: there is nothing in it")]
    public async Task A_bad_line_is_told_with_file_line_and_column(string text, string expected)
    {
        var (input, errors) = await ReadAsync("lines.jsonl", text, NoDefaults, null);

        Assert.Null(input);
        Assert.StartsWith(expected, errors.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_bad_line_is_told_under_its_number_and_blank_ones_count()
    {
        var (input, errors) = await ReadAsync("lines.jsonl", "{\"prompt\":\"x\"}\r\n\r\n{\"prompt\":\"x\",\"custom_id\":\"line-1\"}\n{\"prompt\":1}", WithModel, null);

        Assert.Null(input);
        Assert.Equal(["lines.jsonl:3:27: 'custom_id' \"line-1\" is that of line 1 too.", "lines.jsonl:4:11: 'prompt' must be text, and not blank."], errors);
    }

    [Fact]
    public async Task Bytes_that_are_no_utf8_are_told_where_they_stand()
    {
        var path = Path.Combine(folder.FullName, "latin.jsonl");
        await File.WriteAllBytesAsync(path, [.. "{\"prompt\":\""u8, 0xE9, .. "\"}"u8], Cancel);
        var errors = new InputErrors(path);

        Assert.Null(await CheckedInput.ReadAsync(errors, WithModel, null, Cancel));

        Assert.Equal((1, 12, "is not UTF-8 here."), (errors.Kept[0].Line, errors.Kept[0].Column, errors.Kept[0].Message));
    }

    [Fact]
    public async Task Openais_lines_and_bare_prompts_become_openais_lines_with_defaults_where_they_say_nothing()
    {
        var (input, _) = await ReadAsync(
            "lines.jsonl",
            "\uFEFF{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/images/generations\",\"body\":{\"prompt\":\"caf\\u00e9\",\"n\":3}}\n\n{\"prompt\":\"two\",\"model\":\"other\"}",
            new("m", "low", 2, "auto"), null);

        Assert.Equal(
            """
            {"custom_id":"a","method":"POST","url":"/v1/images/generations","body":{"model":"m","prompt":"café","quality":"low","n":3,"size":"auto"}}
            {"custom_id":"line-3","method":"POST","url":"/v1/images/generations","body":{"model":"other","prompt":"two","quality":"low","n":2,"size":"auto"}}

            """.ReplaceLineEndings("\n"), input);
    }

    [Theory]
    [InlineData("name,colour\nlamp,red\nvase\n", "table.csv:3: 1 fields, where the header has 2 columns.")]
    [InlineData("name,colour\nlamp,\"red\nx,y\n", "table.csv:2:6: the quote that opens here is never closed.")]
    [InlineData("name,colour\n\"lamp\"s,red\n", "table.csv:2:7: text after a closing quote; a quote inside a quoted field is doubled.")]
    [InlineData("name,colour\nla\"mp,red\n", "table.csv:2:3: a quote inside a field: put quotes around the field and double this one.")]
    [InlineData("name,colour\n\"a\n\nb\",red\nc,\n", "table.csv:5:3: 'colour' is empty, and the template uses it; --allow-empty lets it be.")]
    [InlineData("name,name,colour\na,b,c\n", "table.csv:1:6: the column 'name' is there twice.")]
    [InlineData("name,custom_id,colour\na,x,b\nc,x,d\n", "table.csv:3: the custom id \"x\" is that of line 2 too.")]
    [InlineData("name\na\n", "table.csv:1: --template, character 8: there is no column 'colour'; the columns are name.")]
    public async Task A_bad_row_is_told_with_file_line_and_column(string text, string expected)
    {
        var (input, errors) = await ReadAsync("table.csv", text, WithModel, new("{name} {colour}", null, [], ',', false));

        Assert.Null(input);
        Assert.Equal(expected, errors.Single());
    }

    [Theory]
    [InlineData("{name", "character 1: '{' stands alone")]
    [InlineData("a } b", "character 3: '}' stands alone")]
    public async Task A_brace_that_stands_alone_is_told(string template, string expected)
    {
        var (_, errors) = await ReadAsync("table.csv", "name\na\n", WithModel, new(template, null, [], ',', false));

        Assert.Contains(expected, errors.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_is_read_by_rfc_4180_and_fills_the_template()
    {
        var (input, _) = await ReadAsync(
            "table.csv", "\uFEFFname,note,n\r\n\"a \"\"big\"\" lamp, on\r\ntwo lines\",x,7\r\n\r\nvase,y,8", WithModel,
            new("photo of {name} in {{braces}}", "{note}", [], ',', false));

        Assert.Equal(
            """
            {"custom_id":"x","method":"POST","url":"/v1/images/generations","body":{"model":"m","prompt":"photo of a \"big\" lamp, on\r\ntwo lines in {braces}"}}
            {"custom_id":"y","method":"POST","url":"/v1/images/generations","body":{"model":"m","prompt":"photo of vase in {braces}"}}

            """.ReplaceLineEndings("\n"), input);
    }

    [Fact]
    public async Task Without_a_template_columns_are_parameters_and_with_one_only_those_named()
    {
        var (plain, _) = await ReadAsync("table.csv", "prompt,n,model\nx,2,big\ny,,\n", WithModel, new(null, null, [], ',', false));
        var (named, _) = await ReadAsync("table.csv", "thing;n;quality\nx;2;low\n", WithModel, new("{thing}", null, ["quality"], ';', false));

        Assert.Equal(
            """
            {"custom_id":"row-1","method":"POST","url":"/v1/images/generations","body":{"model":"big","prompt":"x","n":2}}
            {"custom_id":"row-2","method":"POST","url":"/v1/images/generations","body":{"model":"m","prompt":"y"}}

            """.ReplaceLineEndings("\n"), plain);
        Assert.Contains("""{"model":"m","prompt":"x","quality":"low"}""", named, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Delete(recursive: true);

    async Task<(string? Input, string[] Errors)> ReadAsync(string name, string text, RequestDefaults defaults, CsvOptions? csv)
    {
        var path = Path.Combine(folder.FullName, name);
        await File.WriteAllTextAsync(path, text, new UTF8Encoding(false), Cancel);
        var errors = new InputErrors(path);
        using var input = await CheckedInput.ReadAsync(errors, defaults, csv, Cancel);
        return (input is null ? null : await new StreamReader(input.Content).ReadToEndAsync(Cancel),
            [.. errors.Kept.Select(e => e.ToString().Replace(folder.FullName + "/", "", StringComparison.Ordinal))]);
    }
}
