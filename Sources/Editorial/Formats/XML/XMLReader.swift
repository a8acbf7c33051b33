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
  /// Whether its end was read; a file that breaks off leaves the elements open that it broke off in.
  var isComplete = true

  func children(_ names: String...) -> [XMLElement] { children.filter { names.contains($0.name) } }
}

/// Reads the XML that grading and editing applications write: elements, attributes, text.
///
/// Small on purpose: document types with entities of their own are refused (the usual way to attack a
/// reader), and Foundation with libxml2 is not loaded by a program that starts for every command.
struct XMLReader {
  private let path: String
  private let bytes: [UInt8]
  private let lines: [TextLine]
  private var position = 0

  /// Longer lines are not quoted: some programs write the whole file as one.
  static let longestExcerpt = 1 << 16

  /// Sequences nested in sequences take six levels each.
  static let deepest = 192

  /// More would not fit into memory as elements.
  private static let mostElements = 3_000_000
  private var elementCount = 0

  /// - Returns: the root element.
  /// - Throws: the first fault: XML cannot be read past one.
  static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> XMLElement {
    let reading = readWhatCan(path: path, bytes: bytes)
    guard let root = reading.root, reading.fault == nil else {
      throw DiagnosticList(reading.fault.map { [$0] } ?? [])
    }
    return root
  }

  /// What stands before the first fault, the elements that it leaves open marked as not complete.
  ///
  /// - Returns: no root only with a fault.
  static func readWhatCan(path: String, bytes: [UInt8]) -> (root: XMLElement?, fault: Diagnostic?) {
    var reader = XMLReader(path: path, bytes: bytes)
    do {
      try reader.document()
      return (reader.root, nil)
    } catch {
      reader.closeAll()
      return (reader.root, error)
    }
  }

  private var root: XMLElement?
  /// Elements whose end has not come yet, each in the one before, with their names as written.
  private var open: [(element: XMLElement, name: ArraySlice<UInt8>)] = []

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
      message: message, remedy: "Export the file again.",
      excerpt: line.bytes.count > Self.longestExcerpt ? nil : line.text)
  }

  private mutating func document() throws(Diagnostic) {
    try skipProlog()
    guard position < bytes.count, bytes[position] == UInt8(ascii: "<") else {
      throw fault("the file is not XML: an element is expected")
    }
    try startTag()
    while !open.isEmpty { try content() }
    try skipProlog()
    guard position >= bytes.count || bytes[position] == 0 || bytes[position] == 0x1A else {
      throw fault("there is text after the end of the document")
    }
  }

  /// Puts a finished element into the one that it stands in.
  private mutating func close() {
    guard let last = open.popLast() else { return }
    if open.isEmpty {
      root = last.element
    } else {
      open[open.count - 1].element.children.append(last.element)
    }
  }

  private mutating func closeAll() {
    while !open.isEmpty {
      open[open.count - 1].element.isComplete = false
      close()
    }
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

  private static func endsLine(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  private func starts(_ text: StaticString) -> Bool {
    let text = text.description.utf8
    return bytes.count - position >= text.count && bytes[position...].starts(with: text)
  }

  private func isAt(_ first: Unicode.Scalar, _ second: Unicode.Scalar? = nil) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: first) else { return false }
    guard let second else { return true }
    return position + 1 < bytes.count && bytes[position + 1] == UInt8(ascii: second)
  }

  private mutating func skip(past text: StaticString) throws(Diagnostic) {
    let start = position
    let wanted = Array(text.description.utf8)
    while position < bytes.count {
      if bytes[position] == wanted[0], bytes[position...].starts(with: wanted) {
        position += wanted.count
        return
      }
      position += 1
    }
    throw fault("`\(text)` is missing", at: start)
  }

  /// Reads `<name attributes>` and leaves the element open, or closes it where the tag does.
  private mutating func startTag() throws(Diagnostic) {
    guard open.count < Self.deepest else { throw fault("elements nest deeper than \(Self.deepest) levels") }
    elementCount += 1
    guard elementCount <= Self.mostElements else {
      throw fault("the file has more than \(Self.mostElements) elements")
    }
    let start = position
    position += 1
    let name = try self.name()
    open.append(
      (
        XMLElement(
          name: Self.local(TextLine.decode(name)), attributes: [:], text: "", children: [],
          line: line(at: start),
          offset: start), name
      ))
    while true {
      skipBlanks()
      if isAt("/", ">") {
        position += 2
        close()
        return
      }
      if isAt(">") {
        position += 1
        return
      }
      let key = TextLine.decode(try self.name())
      skipBlanks()
      guard isAt("=") else { throw fault("`=` is expected after the attribute `\(key)`") }
      position += 1
      skipBlanks()
      let value = try attributeValue()
      open[open.count - 1].element.attributes[Self.local(key)] = value
    }
  }

  /// Text and whatever markup follows it.
  private mutating func content() throws(Diagnostic) {
    let start = position
    while position < bytes.count, bytes[position] != UInt8(ascii: "<") { position += 1 }
    // Line ends and indentation between elements are no text.
    let isIndentation =
      position > start && Self.endsLine(bytes[start]) && bytes[start..<position].allSatisfy(Self.isBlank)
    if position > start, !isIndentation {
      open[open.count - 1].element.text += try unescaped(start..<position)
    }
    let (element, name) = open[open.count - 1]
    guard position < bytes.count else {
      throw fault("`<\(TextLine.decode(name))>` has no end", at: element.offset)
    }
    if isAt("<", "/") {
      let tag = position
      position += 2
      let closing = try self.name()
      skipBlanks()
      guard closing.elementsEqual(name), isAt(">") else {
        throw fault("`</\(TextLine.decode(closing))` closes `<\(TextLine.decode(name))>`", at: tag)
      }
      position += 1
      close()
    } else if !isAt("<", "!"), !isAt("<", "?") {
      try startTag()
    } else if starts("<!--") {
      try skip(past: "-->")
    } else if starts("<![CDATA[") {
      let first = position + 9
      try skip(past: "]]>")
      open[open.count - 1].element.text += TextLine.decode(bytes[first..<position - 3])
    } else if isAt("<", "?") {
      try skip(past: "?>")
    } else {
      try startTag()
    }
  }

  private mutating func name() throws(Diagnostic) -> ArraySlice<UInt8> {
    let start = position
    while position < bytes.count, !Self.isBlank(bytes[position]), !Self.endsName(bytes[position]) {
      position += 1
    }
    guard position > start, position - start <= 1024 else { throw fault("a name is expected", at: start) }
    return bytes[start..<position]
  }

  private static func endsName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "\""),
      UInt8(ascii: "'"):
      true
    default: false
    }
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
