/// Writes JSON with members in the given order, so that equal documents have equal bytes.
struct JSONWriter {
  indirect enum Node {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([Node])
    case object([(String, Node)])
  }

  /// The document with two spaces of indentation and a final line end.
  static func bytes(_ node: Node) -> [UInt8] {
    var bytes: [UInt8] = []
    write(node, indent: 0, into: &bytes)
    bytes.append(0x0A)
    return bytes
  }

  private static func write(_ node: Node, indent: Int, into bytes: inout [UInt8]) {
    switch node {
    case .null: bytes += "null".utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .integer(let value): bytes += String(value).utf8
    case .number(let value): bytes += text(of: value).utf8
    case .string(let text): write(text, into: &bytes)
    case .array(let nodes):
      write("[", "]", nodes.count, indent, into: &bytes) { index, bytes in
        write(nodes[index], indent: indent + 1, into: &bytes)
      }
    case .object(let members):
      write("{", "}", members.count, indent, into: &bytes) { index, bytes in
        write(members[index].0, into: &bytes)
        bytes += ": ".utf8
        write(members[index].1, indent: indent + 1, into: &bytes)
      }
    }
  }

  /// Integers in full, also beyond 64 bits; what JSON has no word for as OpenTimelineIO writes it.
  private static func text(of value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    return value.magnitude >= 0x1p63 ? DecimalDigits.text(of: value) : value.description
  }

  private static func write(
    _ open: String, _ close: String, _ count: Int, _ indent: Int, into bytes: inout [UInt8],
    _ member: (Int, inout [UInt8]) -> Void
  ) {
    bytes += open.utf8
    for index in 0..<count {
      bytes += ((index > 0 ? "," : "") + "\n" + String(repeating: "  ", count: indent + 1)).utf8
      member(index, &bytes)
    }
    if count > 0 { bytes += ("\n" + String(repeating: "  ", count: indent)).utf8 }
    bytes += close.utf8
  }

  private static func write(_ text: String, into bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0x0A: bytes += "\\n".utf8
      case 0x0D: bytes += "\\r".utf8
      case 0x09: bytes += "\\t".utf8
      case 0..<0x20:
        let hex = String(byte, radix: 16)
        bytes += ("\\u" + String(repeating: "0", count: 4 - hex.count) + hex).utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
