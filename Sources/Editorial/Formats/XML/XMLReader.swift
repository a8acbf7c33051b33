import Diagnostics

/// An XML element with its place.
struct XMLElement: Sendable {
  /// Without a namespace prefix.
  var name: String
  var attributes: [String: String]
  /// Character data directly inside, joined.
  var text: String
  var children: [XMLElement]
  var line: TextLine
  /// First byte of the element in the file.
  var offset: Int

  func children(_ names: String...) -> [XMLElement] { children.filter { names.contains($0.name) } }
}

/// Reads the XML that grading and editing applications write: elements, attributes, text.
///
/// Small on purpose: document types with entities of their own are refused (the usual way to attack a reader), and
/// Foundation with libxml2 is not loaded by a program that starts for every command.
struct XMLReader {
  private let path: String
  private let bytes: [UInt8]
  private let lines: [TextLine]
  private var position = 0

  static let deepest = 64

  /// - Returns: the root element.
  /// - Throws: the first fault: XML cannot be read past one.
  static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> XMLElement {
    var reader = XMLReader(path: path, bytes: bytes)
    do {
      return try reader.document()
    } catch {
      throw DiagnosticList([error])
    }
  }

  private init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
    lines = Array(TextLines(bytes))
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  private func line(at index: Int) -> TextLine {
    var low = 0
    var high = lines.count
    while low < high {
      let middle = (low + high) / 2
      if lines[middle].bytes.startIndex <= index { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? lines[low - 1] : TextLine(number: 1, bytes: bytes[..<0])
  }

  private func fault(_ message: String, at index: Int? = nil) -> Diagnostic {
    let index = min(index ?? position, bytes.count)
    let line = line(at: index)
    return Diagnostic(
      family: .usage, code: "xml.malformed",
      location: line.location(in: path, at: min(index, line.bytes.endIndex)),
      message: message, remedy: "Export the file again.", excerpt: line.text)
  }

  private mutating func document() throws(Diagnostic) -> XMLElement {
    try skipProlog()
    guard position < bytes.count, bytes[position] == UInt8(ascii: "<") else {
      throw fault("the file is not XML: an element is expected")
    }
    let root = try element(depth: 0)
    try skipProlog()
    guard position >= bytes.count || bytes[position] == 0 || bytes[position] == 0x1A else {
      throw fault("there is text after the end of the document")
    }
    return root
  }

  private mutating func skipProlog() throws(Diagnostic) {
    while true {
      skipBlanks()
      if starts("<?") {
        try skip(past: "?>")
      } else if starts("<!--") {
        try skip(past: "-->")
      } else if starts("<!DOCTYPE") {
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: ">") {
          guard bytes[position] != UInt8(ascii: "[") else {
            throw fault("document types with definitions of their own are not read", at: start)
          }
          position += 1
        }
        guard position < bytes.count else { throw fault("the document type has no end", at: start) }
        position += 1
      } else if starts("<!") {
        throw fault("a declaration stands where an element is expected")
      } else {
        return
      }
    }
  }

  private mutating func skipBlanks() {
    while position < bytes.count, Self.isBlank(bytes[position]) { position += 1 }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  private func starts(_ text: StaticString) -> Bool {
    let text = text.description.utf8
    return bytes.count - position >= text.count && bytes[position...].starts(with: text)
  }

  private mutating func skip(past text: StaticString) throws(Diagnostic) {
    let start = position
    let end = text.description.utf8.count
    while position < bytes.count, !starts(text) { position += 1 }
    guard position < bytes.count else { throw fault("`\(text)` is missing", at: start) }
    position += end
  }

  private mutating func element(depth: Int) throws(Diagnostic) -> XMLElement {
    guard depth < Self.deepest else { throw fault("elements nest deeper than \(Self.deepest) levels") }
    let start = position
    position += 1
    let name = try self.name()
    var element = XMLElement(
      name: Self.local(name), attributes: [:], text: "", children: [], line: line(at: start), offset: start)
    while true {
      skipBlanks()
      if starts("/>") {
        position += 2
        return element
      }
      if starts(">") {
        position += 1
        break
      }
      let key = try self.name()
      skipBlanks()
      guard starts("=") else { throw fault("`=` is expected after the attribute `\(key)`") }
      position += 1
      skipBlanks()
      element.attributes[Self.local(key)] = try attributeValue()
    }
    try content(of: &element, named: name, depth: depth)
    return element
  }

  private mutating func content(of element: inout XMLElement, named name: String, depth: Int)
    throws(Diagnostic)
  {
    while true {
      let start = position
      while position < bytes.count, bytes[position] != UInt8(ascii: "<") { position += 1 }
      if position > start { element.text += try unescaped(start..<position) }
      guard position < bytes.count else { throw fault("`<\(name)>` has no end", at: element.offset) }
      if starts("</") {
        position += 2
        let closing = try self.name()
        skipBlanks()
        guard closing == name, starts(">") else {
          throw fault("`</\(closing)` closes `<\(name)>`", at: start)
        }
        position += 1
        return
      } else if starts("<!--") {
        try skip(past: "-->")
      } else if starts("<![CDATA[") {
        let first = position + 9
        try skip(past: "]]>")
        element.text += TextLine.decode(bytes[first..<position - 3])
      } else if starts("<?") {
        try skip(past: "?>")
      } else {
        element.children.append(try self.element(depth: depth + 1))
      }
    }
  }

  private mutating func name() throws(Diagnostic) -> String {
    let start = position
    while position < bytes.count, !Self.isBlank(bytes[position]), !"<>/=\"'".utf8.contains(bytes[position]) {
      position += 1
    }
    guard position > start, position - start <= 1024 else { throw fault("a name is expected", at: start) }
    return TextLine.decode(bytes[start..<position])
  }

  private static func local(_ name: String) -> String {
    name.lastIndex(of: ":").map { String(name[name.index(after: $0)...]) } ?? name
  }

  private mutating func attributeValue() throws(Diagnostic) -> String {
    guard position < bytes.count,
      bytes[position] == UInt8(ascii: "\"") || bytes[position] == UInt8(ascii: "'")
    else {
      throw fault("a value in quotation marks is expected")
    }
    let quote = bytes[position]
    let start = position + 1
    position = start
    while position < bytes.count, bytes[position] != quote { position += 1 }
    guard position < bytes.count else { throw fault("the value has no end", at: start) }
    position += 1
    return try unescaped(start..<position - 1)
  }

  /// The five entities of XML and character references; nothing else can be defined.
  private func unescaped(_ range: Range<Int>) throws(Diagnostic) -> String {
    let slice = bytes[range]
    guard slice.contains(UInt8(ascii: "&")) else { return TextLine.decode(slice) }
    var text = ""
    var rest = slice
    while let mark = rest.firstIndex(of: UInt8(ascii: "&")) {
      text += TextLine.decode(rest[..<mark])
      guard let end = rest[mark...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
        throw fault("`&` begins no entity", at: mark)
      }
      let name = TextLine.decode(bytes[mark + 1..<end])
      switch name {
      case "amp": text += "&"
      case "lt": text += "<"
      case "gt": text += ">"
      case "quot": text += "\""
      case "apos": text += "'"
      default:
        let isHex = name.hasPrefix("#x")
        guard name.hasPrefix("#"), let code = UInt32(name.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10),
          let scalar = Unicode.Scalar(code)
        else { throw fault("`&\(name);` is not an entity of XML", at: mark) }
        text.unicodeScalars.append(scalar)
      }
      rest = bytes[end + 1..<range.upperBound]
    }
    return text + TextLine.decode(rest)
  }
}
