import Diagnostics

/// Reads JSON as OpenTimelineIO writes it.
///
/// Foundation's reader gives no places for diagnostics, refuses the `NaN`, `Inf` and `Infinity` that OpenTimelineIO
/// writes and rounds integers beyond 53 bits in some paths; this one is linear in the size of the text and bounded in
/// depth and number of values.
struct JSONReader {
  private let path: String
  private let bytes: [UInt8]
  private var position: Int
  private var line: Int32 = 1
  /// First byte of the line, moved on by the continuation bytes in it, so that columns count characters.
  private var lineStart: Int
  private var valueCount = 0
  /// Integers that neither 64 bits nor a floating-point number hold.
  private var rounded: [SourceLocation] = []

  static let deepest = 200
  static let mostValues = 8_000_000

  /// - Throws: the first fault: JSON cannot be read past one.
  static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> JSONValue {
    try readNotingRounding(path: path, bytes: bytes).value
  }

  /// The same with the places of integers that are too large to be read exactly.
  static func readNotingRounding(
    path: String, bytes: [UInt8]
  ) throws(DiagnosticList) -> (value: JSONValue, rounded: [SourceLocation]) {
    var reader = JSONReader(path: path, bytes: bytes)
    do throws(Diagnostic) {
      let value = try reader.value(depth: 0)
      reader.skipBlanks()
      if reader.position < bytes.count { throw reader.fault("there is text after the end of the document") }
      return (value, reader.rounded)
    } catch {
      throw DiagnosticList([error])
    }
  }

  private init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
    position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    lineStart = position
  }

  private var column: Int32 { Int32(clamping: position - lineStart + 1) }

  private func fault(_ message: String) -> Diagnostic {
    Diagnostic(
      family: .usage, code: "cut.badJSON",
      location: SourceLocation(file: path, line: Int(line), column: Int(column)),
      message: message, remedy: "Check that the file is whole.", excerpt: excerpt())
  }

  /// The line around the position, at most 2 KiB of it before and after.
  private func excerpt() -> String? {
    let limit = 2048
    var start = min(position, bytes.count)
    while start > 0, start > position - limit, bytes[start - 1] != 0x0A, bytes[start - 1] != 0x0D {
      start -= 1
    }
    // A caret needs the whole head of the line.
    if start > 0, bytes[start - 1] != 0x0A, bytes[start - 1] != 0x0D { return nil }
    var end = min(position, bytes.count)
    while end < bytes.count, end < position + limit, bytes[end] != 0x0A, bytes[end] != 0x0D { end += 1 }
    return TextLine.decode(bytes[start..<end])
  }

  private mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0D: position += 1
      case 0x0A:
        position += 1
        line += 1
        lineStart = position
      default: return
      }
    }
  }

  private mutating func value(depth: Int) throws(Diagnostic) -> JSONValue {
    skipBlanks()
    guard position < bytes.count else { throw fault("the document ends where a value is expected") }
    guard depth < Self.deepest else { throw fault("the document nests deeper than \(Self.deepest) levels") }
    valueCount += 1
    guard valueCount <= Self.mostValues else {
      throw fault("the document has more than \(Self.mostValues) values")
    }
    let (line, column) = (line, column)
    let content: JSONValue.Content =
      switch bytes[position] {
      case UInt8(ascii: "{"): .object(try object(depth: depth))
      case UInt8(ascii: "["): .array(try array(depth: depth))
      case UInt8(ascii: "\""): .string(try string())
      case UInt8(ascii: "-"), 0x30...0x39: try number()
      default: try word()
      }
    return JSONValue(content: content, line: line, column: column)
  }

  private mutating func object(depth: Int) throws(Diagnostic) -> [JSONValue.Member] {
    position += 1
    var members: [JSONValue.Member] = []
    skipBlanks()
    if take(UInt8(ascii: "}")) { return members }
    while true {
      skipBlanks()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
        throw fault("a key is expected")
      }
      let key = try string()
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { throw fault("`:` is expected after the key `\(key)`") }
      members.append(JSONValue.Member(key: key, value: try value(depth: depth + 1)))
      skipBlanks()
      if take(UInt8(ascii: "}")) { return members }
      guard take(UInt8(ascii: ",")) else { throw fault("`,` or `}` is expected") }
    }
  }

  private mutating func array(depth: Int) throws(Diagnostic) -> [JSONValue] {
    position += 1
    var values: [JSONValue] = []
    skipBlanks()
    if take(UInt8(ascii: "]")) { return values }
    while true {
      values.append(try value(depth: depth + 1))
      skipBlanks()
      if take(UInt8(ascii: "]")) { return values }
      guard take(UInt8(ascii: ",")) else { throw fault("`,` or `]` is expected") }
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func number() throws(Diagnostic) -> JSONValue.Content {
    let start = position
    if bytes[position] == UInt8(ascii: "-") {
      position += 1
      if position < bytes.count, bytes[position] == UInt8(ascii: "I") || bytes[position] == UInt8(ascii: "i")
      {
        _ = try word()
        return .number(-.infinity)
      }
    }
    while position < bytes.count, Self.isNumber(bytes[position]) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if let integer = Int64(text) { return .integer(integer) }
    guard let value = Double(text) else {
      position = start
      throw fault("`\(text.prefix(40))` is not a number")
    }
    if text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }),
      value.isInfinite || DecimalDigits.text(of: value) != text
    {
      rounded.append(SourceLocation(file: path, line: Int(line), column: Int(column)))
    }
    return .number(value)
  }

  private static func isNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private mutating func word() throws(Diagnostic) -> JSONValue.Content {
    let start = position
    while position < bytes.count,
      (0x41...0x5A).contains(bytes[position]) || (0x61...0x7A).contains(bytes[position])
    {
      position += 1
    }
    switch String(decoding: bytes[start..<position].prefix(16), as: UTF8.self) {
    case "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "NaN": return .number(.nan)
    case "Inf", "Infinity": return .number(.infinity)
    default:
      position = start
      throw fault("a value is expected")
    }
  }

  private mutating func string() throws(Diagnostic) -> String {
    position += 1
    var text: [UInt8] = []
    var runStart = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        text += bytes[runStart..<position]
        position += 1
        guard let string = String(validating: text, as: UTF8.self) else {
          throw fault("the text is not UTF-8")
        }
        return string
      case UInt8(ascii: "\\"):
        text += bytes[runStart..<position]
        try escape(into: &text)
        runStart = position
      case 0..<0x20 where bytes[position] != 0x09: throw fault("a line ends inside a text")
      case 0x80..<0xC0:
        lineStart += 1
        position += 1
      default: position += 1
      }
    }
    throw fault("a text has no end")
  }

  private mutating func escape(into text: inout [UInt8]) throws(Diagnostic) {
    position += 1
    guard position < bytes.count else { throw fault("a text has no end") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = UInt32(try codeUnit())
      let isHigh = (0xD800..<0xDC00).contains(code)
      if isHigh, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
        bytes[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        let low = UInt32(try codeUnit())
        guard (0xDC00..<0xE000).contains(low) else { throw fault("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw fault("half a surrogate pair") }
      text += Array(String(Character(scalar)).utf8)
    default: throw fault("`\\\(Character(Unicode.Scalar(byte)))` is not an escape")
    }
  }

  private mutating func codeUnit() throws(Diagnostic) -> UInt16 {
    guard position + 4 <= bytes.count,
      let code = UInt16(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw fault("four hexadecimal digits are expected") }
    position += 4
    return code
  }
}
