import Diagnostics

/// One line of a text file: its number and its bytes without the line end.
struct TextLine: Sendable {
  let number: Int
  let bytes: ArraySlice<UInt8>

  var text: String { Self.decode(bytes) }

  var isUTF8: Bool { String(validating: bytes, as: UTF8.self) != nil }

  /// UTF-8, or Latin-1 where the bytes are not: old lists come from systems of the eighties.
  static func decode(_ bytes: ArraySlice<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = ""
    for byte in bytes { text.unicodeScalars.append(Unicode.Scalar(byte)) }
    return text
  }

  /// The place of a byte of this line; columns count characters.
  func location(in file: String, at index: Int? = nil) -> SourceLocation {
    guard let index, index >= bytes.startIndex, index <= bytes.endIndex else {
      return SourceLocation(file: file, line: number)
    }
    return SourceLocation(file: file, line: number, column: Self.decode(bytes[..<index]).count + 1)
  }

  /// Words between blanks, as ranges of the file's bytes.
  var words: [ArraySlice<UInt8>] {
    bytes.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 })
  }
}

/// Cuts a file into lines: LF, CR LF and CR end a line, also mixed; Ctrl-Z and a byte order mark are not text.
struct TextLines: Sequence, IteratorProtocol {
  private let bytes: [UInt8]
  private var position: Int
  private let end: Int
  private var number = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    // CP/M and DOS end a text with Ctrl-Z and pad the rest of the block with it.
    end = bytes.firstIndex(of: 0x1A) ?? bytes.count
  }

  mutating func next() -> TextLine? {
    guard position < end else { return nil }
    number += 1
    let start = position
    while position < end, bytes[position] != 0x0A, bytes[position] != 0x0D { position += 1 }
    let line = TextLine(number: number, bytes: bytes[start..<position])
    if position < end {
      let isPair = bytes[position] == 0x0D && position + 1 < end && bytes[position + 1] == 0x0A
      position += isPair ? 2 : 1
    }
    return line
  }
}

/// Collects the faults of one file, up to a number that a person may still read.
struct FaultList {
  private(set) var diagnostics: [Diagnostic] = []
  /// Whether faults are no longer listed, so that reading on is of no use.
  private(set) var isFull = false

  /// A file with more faults than this is not the file that was meant.
  static let most = 200

  var isEmpty: Bool { diagnostics.isEmpty }

  mutating func add(_ diagnostic: Diagnostic) {
    guard !isFull else { return }
    guard diagnostics.count < Self.most else {
      isFull = true
      diagnostics.append(
        Diagnostic(
          severity: .note, family: diagnostic.family, code: "cut.moreFaults", location: diagnostic.location,
          message: "there are more faults; only the first \(Self.most) are listed"))
      return
    }
    diagnostics.append(diagnostic)
  }

  func throwIfAny() throws(DiagnosticList) {
    if !isEmpty { throw DiagnosticList(diagnostics) }
  }
}
