import Planning
import Testing

@Suite struct JSONBytesTests {
  @Test func `keys are sorted and slashes are plain`() throws {
    let bytes = try JSONBytes.encode(["b": "/media/x", "a": "ü"])
    #expect(String(decoding: bytes, as: UTF8.self) == #"{"a":"ü","b":"/media/x"}"#)
    #expect(
      String(decoding: try JSONBytes.encode(["a": 1], isPretty: true), as: UTF8.self) == "{\n  \"a\" : 1\n}")
  }
}
