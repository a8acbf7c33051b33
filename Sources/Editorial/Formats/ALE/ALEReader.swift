import Diagnostics
import MediaTime

/// Reads Avid Log Exchange: a heading of keys, the names of the columns, and rows.
///
/// Source: `specs/timecode.md` §9. Lines end with LF, CR LF or CR.
struct ALEReader {
  private let path: String
  private var faults = FaultList()
  private var separator = UInt8(ascii: "\t")
  private var heading: [SourceLog.Column] = []
  private var rate: FrameRate?

  /// Avid itself has fewer than 200.
  private static let mostColumns = 2000

  static func isALE(path: String, bytes: [UInt8]) -> Bool {
    if FileNames.lastComponent(path).lowercased().hasSuffix(".ale") { return true }
    let start = bytes.prefix(4096).drop { $0 <= 0x20 || $0 == 0xEF || $0 == 0xBB || $0 == 0xBF }
    return start.starts(with: Array("Heading".utf8))
  }

  static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> SourceLog {
    var reader = ALEReader(path: path)
    return try reader.read(bytes)
  }

  private init(path: String) { self.path = path }

  private enum Section {
    case before, heading, columns, data
  }

  private mutating func read(_ bytes: [UInt8]) throws(DiagnosticList) -> SourceLog {
    var section = Section.before
    var rows: LogRowReader?
    var columnCount = 0
    var entries: [SourceLog.Entry] = []
    for line in TextLines(bytes) where !line.bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) {
      let word = line.text.trimmed.lowercased()
      switch section {
      case .before:
        if word == "heading" {
          section = .heading
        } else if word == "column" {
          section = .columns
        } else {
          throw failure("log.noHeading", line, "an ALE begins with the line `Heading`, not with this")
        }
      case .heading:
        if word == "column" { section = .columns } else { readHeading(line) }
      case .columns:
        if rows == nil {
          guard word != "data" else {
            throw failure("log.noColumns", line, "the line with the names of the columns is missing")
          }
          let names = try columnNames(line)
          columnCount = names.count
          noteMissingRate(line)
          rows = LogRowReader(columns: names, rate: rate, isStrict: true)
        } else if word == "data" {
          section = .data
        } else {
          throw failure("log.noData", line, "the line `Data` is expected after the names of the columns")
        }
      case .data:
        guard let cells = cells(line, columnCount: columnCount) else { continue }
        let location = SourceLocation(file: path, line: line.number)
        if let entry = rows?.entry(cells, location: location, excerpt: line.text) { entries.append(entry) }
      }
    }
    guard let rows, section == .data else {
      let missing = ["Heading", "Column", "Data"][section == .before ? 0 : rows == nil ? 1 : 2]
      throw DiagnosticList(
        faults.diagnostics + [
          Diagnostic(
            family: .usage, code: "log.cutOff", location: SourceLocation(file: path),
            message: "the file ends before the line `\(missing)`", remedy: "Export the log again.")
        ])
    }
    return SourceLog(
      path: path, rate: rate, heading: heading, entries: entries,
      faults: (faults.diagnostics + rows.faults.diagnostics).sorted(by: Self.isBefore))
  }

  private static func isBefore(_ left: Diagnostic, _ right: Diagnostic) -> Bool {
    guard let left = left.location, let right = right.location else { return false }
    return left < right
  }

  private func diagnostic(
    _ code: String, _ line: TextLine, _ message: String, remedy: String? = nil, at index: Int? = nil,
    severity: Diagnostic.Severity = .error
  ) -> Diagnostic {
    Diagnostic(
      severity: severity, family: .usage, code: code,
      location: line.location(in: path, at: index ?? line.bytes.startIndex), message: message, remedy: remedy,
      excerpt: line.text)
  }

  private func failure(_ code: String, _ line: TextLine, _ message: String) -> DiagnosticList {
    DiagnosticList(
      faults.diagnostics + [diagnostic(code, line, message, remedy: "Export the log again as an ALE.")])
  }

  private mutating func noteMissingRate(_ line: TextLine) {
    guard rate == nil, !heading.contains(where: { $0.name.uppercased() == "FPS" }) else { return }
    faults.add(
      diagnostic(
        "log.noRate", line, "the heading has no `FPS`; timecodes are counted at the rate of the sources",
        remedy: "Add a line `FPS` with the rate, for instance 23.976.", severity: .warning))
  }

  // MARK: Lines

  private mutating func readHeading(_ line: TextLine) {
    guard let end = line.bytes.firstIndex(where: { $0 == separator || $0 == 0x09 }) else {
      heading.append(SourceLog.Column(name: line.text.trimmed, text: ""))
      return
    }
    let key = TextLine.decode(line.bytes[..<end]).trimmed
    let value = TextLine.decode(line.bytes[(end + 1)...]).trimmed
    heading.append(SourceLog.Column(name: key, text: value))
    switch key.uppercased() {
    case "FIELD_DELIM":
      let known: [String: Character] = [
        "TABS": "\t", "TAB": "\t", "COMMAS": ",", "COMMA": ",", "SEMICOLONS": ";", "SEMICOLON": ";",
        "PIPES": "|", "PIPE": "|", ",": ",", ";": ";", "|": "|",
      ]
      if let character = known[value.uppercased()], let byte = character.asciiValue {
        separator = byte
      } else {
        faults.add(
          diagnostic(
            "log.badDelimiter", line, "`\(value)` is no separator of fields; tabs are assumed",
            remedy: "It is `TABS` or `COMMAS`.", at: end + 1))
      }
    case "FPS":
      rate = try? FrameRate(parsing: value)
      if rate == nil {
        faults.add(
          diagnostic(
            "log.badRate", line, "`\(value)` is not a frame rate", remedy: "Write it as 23.976, 24 or 25.",
            at: end + 1))
      }
    default: break
    }
  }

  /// The names; one separator too many at the end is usual.
  private mutating func columnNames(_ line: TextLine) throws(DiagnosticList) -> [String] {
    var parts = line.bytes.split(separator: separator, omittingEmptySubsequences: false)
    while let last = parts.last, TextLine.decode(last).trimmed.isEmpty { parts.removeLast() }
    guard parts.count <= Self.mostColumns else {
      throw failure(
        "log.tooManyColumns", line, "\(parts.count) columns are more than \(Self.mostColumns)")
    }
    var seen: Set<String> = []
    let names = parts.map { TextLine.decode($0).trimmed }
    for (name, part) in zip(names, parts) where !seen.insert(name).inserted && !name.isEmpty {
      faults.add(
        diagnostic(
          "log.columnTwice", line, "the column `\(name)` is there twice", at: part.startIndex,
          severity: .warning))
    }
    return names
  }

  /// - Returns: `nil` when the row is longer than the list of columns.
  private mutating func cells(_ line: TextLine, columnCount: Int) -> [LogCell]? {
    let parts = line.bytes.split(separator: separator, omittingEmptySubsequences: false)
    if let extra = parts.dropFirst(columnCount).first(where: { !TextLine.decode($0).trimmed.isEmpty }) {
      faults.add(
        diagnostic(
          "log.longRow", line, "the row has \(parts.count) cells, and there are \(columnCount) columns",
          remedy: "A cell may hold a separator: correct the row or export the log again.",
          at: extra.startIndex))
      return nil
    }
    let path = path
    return parts.prefix(columnCount).map { part in
      LogCell(
        text: TextLine.decode(part).trimmed, location: { line.location(in: path, at: part.startIndex) })
    }
  }
}
