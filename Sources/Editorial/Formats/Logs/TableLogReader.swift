import Diagnostics
import MediaTime

/// Reads logs that are tables with a line of column names: CSV and tab-separated text of cameras, recorders and
/// spreadsheets.
///
/// Lines before the names (a report's title) are taken for heading; the names are the first line with two columns
/// that are known.
enum TableLogReader {
  static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> SourceLog {
    let table = CSVTable(
      file: path, bytes: bytes, kind: "log", separator: separator(bytes), hasComments: false)
    guard let (index, columns) = header(table) else {
      throw DiagnosticList(
        table.diagnostics + [
          Diagnostic(
            family: .usage, code: "log.noColumns", location: SourceLocation(file: path, line: 1),
            message: "no line of the file names the columns of a log",
            remedy:
              "The first line names them: Name,Tape,Start,End,Scene,Take or as the recorder writes them.",
            excerpt: table.records.first?.excerpt)
        ])
    }
    var log = SourceLog(path: path)
    log.heading = table.records[..<index].map { record in
      let texts = record.fields.map { $0.text.trimmed }.filter { !$0.isEmpty }
      return SourceLog.Column(name: texts.first ?? "", text: texts.dropFirst().joined(separator: " "))
    }
    log.rate = headingRate(log.heading)
    var rows = LogRowReader(columns: columns, rate: log.rate, isStrict: false)
    var faults = FaultList()
    for record in table.records[(index + 1)...] {
      let filled = record.fields.lastIndex { !$0.text.trimmed.isEmpty } ?? -1
      guard filled >= 0 else { continue }
      if filled >= columns.count {
        faults.add(
          Diagnostic(
            family: .usage, code: "log.longRow", location: record.fields[filled].location,
            message: "the row has \(filled + 1) cells, and there are \(columns.count) columns",
            remedy: "Quote a cell that holds a separator.", excerpt: record.excerpt))
        continue
      }
      let cells = record.fields.prefix(columns.count).map { field in
        LogCell(text: field.text.trimmed, location: { field.location })
      }
      let location = SourceLocation(file: path, line: record.line)
      if let entry = rows.entry(Array(cells), location: location, excerpt: record.excerpt) {
        log.entries.append(entry)
      }
    }
    log.faults = (table.diagnostics + faults.diagnostics + rows.faults.diagnostics).sorted {
      guard let left = $0.location, let right = $1.location else { return false }
      return left < right
    }
    return log
  }

  /// The one of tab, semicolon and comma that the first lines hold most of.
  private static func separator(_ bytes: [UInt8]) -> Character {
    let start = bytes.prefix(8192)
    func count(_ character: Character) -> Int { start.count { $0 == character.asciiValue } }
    let counts = [",", ";", "\t"].map { (character: $0 as Character, count: count($0)) }
    return counts.max { $0.count < $1.count }?.character ?? ","
  }

  private static func header(_ table: CSVTable) -> (index: Int, columns: [String])? {
    for (index, record) in table.records.prefix(50).enumerated() {
      var names = record.fields.map { $0.text.trimmed }
      while names.last?.isEmpty == true { names.removeLast() }
      let meanings = Set(names.compactMap { LogColumn.meaning(of: $0)?.column })
      let hasSource = !meanings.isDisjoint(with: [.name, .reel, .sourceFile, .umid])
      if hasSource, meanings.count > 1 { return (index, names) }
    }
    return nil
  }

  private static func headingRate(_ heading: [SourceLog.Column]) -> FrameRate? {
    heading.lazy.filter { LogColumn.meaning(of: $0.name)?.column == .rate }
      .compactMap { try? FrameRate(parsing: $0.text) }.first
  }
}
