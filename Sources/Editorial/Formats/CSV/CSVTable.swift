package import Diagnostics

/// Records of a CSV file with the place of every field. Source: RFC 4180; lines that start with `#` may be comments.
package struct CSVTable: Sendable {
  package struct Field: Hashable, Sendable {
    package var text: String
    package var location: SourceLocation
  }

  package struct Record: Sendable {
    package var fields: [Field]
    package var line: Int
    /// The first line of the record, for error messages.
    package var excerpt: String
  }

  package var records: [Record] = []
  package private(set) var diagnostics: [Diagnostic] = []

  /// Reads a table; faults are in `diagnostics`, all of them.
  ///
  /// - Parameters:
  ///   - kind: first part of the codes of faults: `credits` gives `credits.csv`.
  ///   - separator: what stands between fields.
  ///   - hasComments: whether lines that start with `#` are left out.
  package init(
    file: String, bytes: [UInt8], kind: String, separator: Character = ",", hasComments: Bool = true
  ) {
    var bytes = bytes[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    guard let text = String(validating: Array(bytes), as: UTF8.self) else {
      diagnostics = [Self.notUTF8(file: file, bytes: Array(bytes), kind: kind)]
      return
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
    var reader = Reader(
      file: file, kind: kind, separator: separator, hasComments: hasComments, lines: lines)
    reader.read()
    records = reader.records
    diagnostics = reader.diagnostics
  }

  private static func notUTF8(file: String, bytes: [UInt8], kind: String) -> Diagnostic {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let bad = lines.firstIndex { String(validating: Array($0), as: UTF8.self) == nil } ?? 0
    return Diagnostic(
      severity: .error, family: .usage, code: "\(kind).notUTF8",
      location: SourceLocation(file: file, line: bad + 1), message: "the line is not UTF-8",
      remedy: "Save the file as UTF-8.")
  }
}

/// Goes through the lines character by character: a quoted field may hold separators, quotes and line ends.
private struct Reader {
  let file: String
  let kind: String
  let separator: Character
  let hasComments: Bool
  let lines: [String]
  var records: [CSVTable.Record] = []
  var diagnostics: [Diagnostic] = []

  mutating func read() {
    var index = 0
    while index < lines.count {
      let line = lines[index]
      if line.allSatisfy(\.isWhitespace) || (hasComments && line.hasPrefix("#")) {
        index += 1
        continue
      }
      index = readRecord(at: index)
    }
  }

  /// - Returns: the index of the line after the record.
  private mutating func readRecord(at first: Int) -> Int {
    var line = first
    var characters = Array(lines[line])
    var position = 0
    var record = CSVTable.Record(fields: [], line: first + 1, excerpt: lines[first])
    while true {
      let location = SourceLocation(file: file, line: line + 1, column: position + 1)
      var text = ""
      if position < characters.count, characters[position] == "\"" {
        position += 1
        while true {
          if position == characters.count {
            // The field goes on in the next line.
            guard line + 1 < lines.count else {
              fault(location, first, "the quoted field is not closed", "Close it with a quotation mark.")
              return lines.count
            }
            line += 1
            text += "\n"
            characters = Array(lines[line])
            position = 0
          } else if characters[position] != "\"" {
            text.append(characters[position])
            position += 1
          } else if position + 1 < characters.count, characters[position + 1] == "\"" {
            text += "\""
            position += 2
          } else {
            position += 1
            break
          }
        }
        if position < characters.count, characters[position] != separator {
          fault(
            SourceLocation(file: file, line: line + 1, column: position + 1), line,
            "text follows the closing quotation mark",
            "Quote the whole field, and double quotation marks inside it.")
          while position < characters.count, characters[position] != separator { position += 1 }
        }
      } else {
        while position < characters.count, characters[position] != separator {
          text.append(characters[position])
          position += 1
        }
        if let quote = text.firstIndex(of: "\"") {
          let column = (location.column ?? 1) + text.distance(from: text.startIndex, to: quote)
          fault(
            SourceLocation(file: file, line: line + 1, column: column), line,
            "a quotation mark stands inside a field that is not quoted",
            "Quote the whole field, and double the quotation marks inside it.")
        }
      }
      record.fields.append(CSVTable.Field(text: text, location: location))
      guard position < characters.count else { break }
      position += 1
    }
    records.append(record)
    return line + 1
  }

  private mutating func fault(_ location: SourceLocation, _ line: Int, _ message: String, _ remedy: String) {
    diagnostics.append(
      Diagnostic(
        severity: .error, family: .usage, code: "\(kind).csv", location: location, message: message,
        remedy: remedy, excerpt: lines[line]))
  }
}
