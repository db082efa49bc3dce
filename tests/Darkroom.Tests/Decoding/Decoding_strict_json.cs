using System.Text;
using CsCheck;
using Darkroom.Worker.Decoding;
using Xunit;

namespace Darkroom.Tests.Decoding;

/// <summary>Held against System.Text.Json: legal JSON in any shape is read, anything else is a typed fault.</summary>
public sealed class Decoding_strict_json
{
    [Theory]
    [InlineData("{}")]
    [InlineData(" \t\r\n{ \n} \t\r\n")]
    [InlineData("""{"a":[[],{},[{}],"",{"":""}]}""")]
    [InlineData("""{"a":[0,-0,1,-1,10,0.5,-0.0e0,1E5,1e+5,1e-5,1E400,123456789012345678901234567890]}""")]
    [InlineData("""{"a":[true,false,null]}""")]
    [InlineData("""{"a":"\"\\\/\b\f\n\r\t\u0000\uFFFF\ud800\udc00\ud800 \udc00"}""")]
    [InlineData("""{"\ud800":1,"data\ud800":[],"a":"é€😀"}""")]
    [InlineData("""{"created":"1","size":2,"quality":null,"output_format":[],"usage":7,"error":"text"}""")]
    [InlineData("""{"created":1.5,"size":"a\u0000","quality":"\ud800","output_format":"é","usage":null,"error":false}""")]
    [InlineData("""{"created":9223372036854775808,"usage" : [ 1 , {"a":2} ] ,"error" :"x" }""")]
    [InlineData("""{"usage":-1.5e3,"error":true}""")]
    [InlineData("""{"cre\u0061ted":5,"\u0073ize":"auto"}""")]
    [InlineData("""{"created":1,"created":2,"usage":null,"usage":{},"size":"a","size":"b"}""")]
    [InlineData("""{"data":null}""")]
    [InlineData("""{"data":{"b64_json":"AAAA"}}""")]
    [InlineData("""{"data":"b64_json"}""")]
    [InlineData("""{"data":[],"data":[{}]}""")]
    [InlineData("""{"data":[1,null,"x",true,[],[{"b64_json":"AAAA"}],["b64_json","AAAA"],{},{"b64_json":null},{"b64_json":{"b64_json":"AAAA"}},{"url":"x"}]}""")]
    [InlineData("""{"data":[{"url":null},{"url":""},{"url":["x"]},{"url":"x","b64_json":null},{"a":{"url":"x"}},{"b64_json":1},{"b64_json":""},{"b64_json":" "}]}""")]
    [InlineData("""{"b64_json":"AAAA","x":[{"b64_json":"AAAA"}],"data":[{"x":{"b64_json":"AAAA"},"y":[{"b64_json":"AAAA"}]}]}""")]
    [InlineData("""{"data":[{"b64_json":null,"b64_json":"AAAA"},{"b64_json":"AAAA","b64_json":null}]}""")]
    [InlineData("""{"data":[0,0,0,0,0,0,0,0,0,0,0,0,{}]}""")]
    public Task Reads_what_is_legal(string body) => AgreesInAnySlicesAsync(Encoding.UTF8.GetBytes(body), legal: true);

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("<html><body>502 Bad Gateway</body></html>")]
    [InlineData("data: {}")]
    [InlineData("{}{}")]
    [InlineData("{} x")]
    [InlineData("{},")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{,\"a\":1}")]
    [InlineData("{\"a\" 1}")]
    [InlineData("{\"a\"::1}")]
    [InlineData("{\"a\":}")]
    [InlineData("{\"a\"}")]
    [InlineData("{a:1}")]
    [InlineData("{'a':1}")]
    [InlineData("{1:1}")]
    [InlineData("{\"a\":[1,]}")]
    [InlineData("{\"a\":[,1]}")]
    [InlineData("{\"a\":[1 2]}")]
    [InlineData("{\"a\":[1}")]
    [InlineData("{\"a\":[1}]")]
    [InlineData("{\"a\":{1]}")]
    [InlineData("{\"a\":tru}")]
    [InlineData("{\"a\":nul,\"b\":1}")]
    [InlineData("{\"a\":nullx}")]
    [InlineData("{\"a\":True}")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":+1}")]
    [InlineData("{\"a\":-}")]
    [InlineData("{\"a\":.5}")]
    [InlineData("{\"a\":1.}")]
    [InlineData("{\"a\":1.e5}")]
    [InlineData("{\"a\":1e}")]
    [InlineData("{\"a\":1e+}")]
    [InlineData("{\"a\":0x1}")]
    [InlineData("{\"a\":1-1}")]
    [InlineData("{\"a\":\"\t\"}")]
    [InlineData("{\"a\":\"\n\"}")]
    [InlineData("{\"a\":\"\u0000\"}")]
    [InlineData("{\"a\":\"\\x\"}")]
    [InlineData("{\"a\":\"\\u12G4\"}")]
    [InlineData("{\"a\":\"\\u123\"}")]
    [InlineData("{\"a\":\"\\U0041\"}")]
    [InlineData("{\"a\":1}/* c */")]
    [InlineData("{/* c */}")]
    [InlineData("{\"a\":1}\u00A0")]
    [InlineData("\u0001{}")]
    [InlineData(" \uFEFF{}")]
    [InlineData("\uFEFF\uFEFF{}")]
    public Task Refuses_what_is_not(string body) => AgreesInAnySlicesAsync(Encoding.UTF8.GetBytes(body), legal: false);

    [Theory]
    [InlineData("80")]
    [InlineData("BF")]
    [InlineData("C0AF")]
    [InlineData("C1BF")]
    [InlineData("C3")]
    [InlineData("C328")]
    [InlineData("E08080")]
    [InlineData("E282")]
    [InlineData("EDA080")]
    [InlineData("EDBFBF")]
    [InlineData("F0808080")]
    [InlineData("F09F98")]
    [InlineData("F4908080")]
    [InlineData("F5808080")]
    [InlineData("FF")]
    public async Task Refuses_bytes_that_are_not_utf8(string hex)
    {
        byte[] bad = Convert.FromHexString(hex);
        await AgreesInAnySlicesAsync([.. "{\"a\":\""u8, .. bad, .. "\"}"u8], legal: false);
        await AgreesInAnySlicesAsync([.. "{\""u8, .. bad, .. "\":1}"u8], legal: false);
        await AgreesInAnySlicesAsync([.. "{\"data\":[{\"b64_json\":\""u8, .. bad, .. "\"}]}"u8], legal: false);
        await AgreesInAnySlicesAsync([.. "{\"a\":1"u8, .. bad, .. "}"u8], legal: false);
    }

    [Theory]
    [InlineData("C280")]
    [InlineData("DFBF")]
    [InlineData("E0A080")]
    [InlineData("ED9FBF")]
    [InlineData("EE8080")]
    [InlineData("EFBFBF")]
    [InlineData("F0908080")]
    [InlineData("F48FBFBF")]
    public Task Reads_utf8_to_its_edges(string hex) =>
        AgreesInAnySlicesAsync([.. "{\"size\":\""u8, .. Convert.FromHexString(hex), .. "\"}"u8], legal: true);

    [Theory]
    [InlineData('[', ']')]
    [InlineData('{', '}')]
    public async Task Nests_to_64_levels_and_no_further(char open, char close)
    {
        string Nested(int levels) =>
            string.Concat(Enumerable.Repeat(open == '{' ? "{\"a\":" : "[", levels)) + "1" + new string(close, levels);
        await AgreesInAnySlicesAsync(Encoding.UTF8.GetBytes($$"""{"a":{{Nested(63)}},"created":5}"""), legal: true);
        DecodedBody deeper = await DecodedBody.FromAsync($$"""{"created":5,"a":{{Nested(64)}}}""");
        Assert.Equal(DecodeFaultKind.TooDeep, deeper.Result.Fault?.Kind);
        Assert.Equal(5, deeper.Result.Created);
    }

    [Fact]
    public async Task Reads_generated_documents_as_the_oracle_does()
    {
        Gen<string> text = Gen.OneOf("\"\"", "\"a\"", "\"\\u0041\\/\"", "\"é\\\"\"", "\"b64_json\"", Picture, Escaped(Picture));
        Gen<string> name = Gen.OneOf("\"data\"", "\"b64_json\"", "\"url\"", "\"usage\"", "\"created\"", "\"error\"", "\"size\"", "\"x\"", "\"d\\u0061ta\"", "\"b64\\u005fjson\"");
        Gen<string> space = Gen.OneOf("", "", "", " ", "\r\n\t", "        ");
        Gen<string> scalar = Gen.OneOf(text, Gen.OneOf("null", "true", "false", "0", "-1.5e+3", "17"));
        Gen<string> value = Gen.Recursive<string>((depth, self) => depth > 4
            ? scalar
            : Gen.OneOf(
                scalar,
                Gen.Select(space, self.Array[0, 4]).Select((s, items) => $"[{s}{string.Join($",{s}", items)}{s}]"),
                Gen.Select(space, Gen.Select(name, self).Array[0, 5]).Select((s, members) => Object(s, members))));
        Gen<string> element = Gen.OneOf(value, Gen.Select(space, Gen.Select(name, text).Array[0, 3]).Select((s, members) => Object(s, members)));
        Gen<string> member = Gen.OneOf(
            Gen.Select(name, value).Select((n, v) => $"{n}:{v}"),
            element.Array[0, 12].Select(items => $"\"data\":[{string.Join(',', items)}]"));
        Gen<(string Space, string[] Members, int Slice)> body = Gen.Select(space, member.Array[0, 6], Gen.Int[1, 50]);
        PCG seeded = new(1, 20261123);
        for (int i = 0; i < 3000; i++)
        {
            (string s, string[] members, int slice) = body.Generate(seeded, null, out _);
            await Oracle.AgreesAsync(Encoding.UTF8.GetBytes($"{s}{{{string.Join($"{s},", members)}}}{s}"), slice);
        }
    }

    private static readonly string Picture = $"\"{Convert.ToBase64String(SamplePictures.Png(noise: 7))}\"";

    private static string Escaped(string text) => text.Replace("/", "\\/").Replace("A", "\\u0041").Replace("Q", "\\u0051");

    private static string Object(string space, (string Name, string Value)[] members) =>
        $"{{{space}{string.Join($",{space}", members.Select(m => $"{m.Name}{space}:{space}{m.Value}"))}{space}}}";

    private static async Task AgreesInAnySlicesAsync(byte[] body, bool legal)
    {
        DecodedBody decoded = await DecodedBody.FromAsync(body);
        Assert.Equal(legal, decoded.Result.Fault is null);
        await Oracle.AgreesAsync(body);
        await Oracle.AgreesAsync(body, 1);
        for (int split = 1; split < body.Length; split++) await Oracle.AgreesAsync(body, split, body.Length);
    }
}
