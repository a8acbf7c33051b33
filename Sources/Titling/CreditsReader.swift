package import Diagnostics
package import Digests
import Editorial

/// A logo that credits name: its path as written, relative to the folder of the file.
package struct LogoRequest: Hashable, Sendable {
  package var path: String
  package var location: SourceLocation
  package var excerpt: String
}

/// Reads end credits from CSV: `department, role, name` and, if wanted, `layout, language, logo`.
///
/// A row with an empty department goes on under the department before it, one with an empty layout in the layout
/// before it (a new department starts in `pair`). Rows are shown in the order of the file.
package struct CreditsReader {
  package static let columns = ["department", "role", "name", "layout", "language", "logo"]
  private static let longestText = 2_000
  private static let mostRows = 20_000

  private let table: CSVTable
  private let logo: (LogoRequest) -> Result<Digest, Diagnostic>
  private var diagnostics: [Diagnostic]
  private var places: [String: Int] = [:]

  /// - Parameter logo: finds the picture that a row names.
  /// - Throws: every fault of the file at once, with line and column.
  package static func read(
    file: String, bytes: [UInt8], logo: @escaping (LogoRequest) -> Result<Digest, Diagnostic>
  ) throws(DiagnosticList) -> Credits {
    var reader = CreditsReader(table: CSVTable(file: file, bytes: bytes, kind: "credits"), logo: logo)
    let credits = reader.credits(file: file)
    guard reader.diagnostics.isEmpty else { throw DiagnosticList(reader.diagnostics) }
    return credits
  }

  private init(table: CSVTable, logo: @escaping (LogoRequest) -> Result<Digest, Diagnostic>) {
    self.table = table
    self.logo = logo
    diagnostics = table.diagnostics
  }

  private mutating func credits(file: String) -> Credits {
    guard let header = table.records.first else {
      if diagnostics.isEmpty {
        diagnostics.append(
          Diagnostic(
            severity: .error, family: .usage, code: "credits.empty", location: SourceLocation(file: file),
            message: "the file holds no credits",
            remedy: "Start it with the line `\(Self.columns.joined(separator: ","))`."))
      }
      return Credits(blocks: [])
    }
    readHeader(header)
    let rows = table.records.dropFirst()
    if rows.count > Self.mostRows {
      fault(
        header, header.fields.first, "credits.tooMany", "\(rows.count) rows are more than \(Self.mostRows)")
      return Credits(blocks: [])
    }
    var blocks: [Credits.Block] = []
    guard places["name"] != nil else { return Credits(blocks: []) }
    for row in rows { add(row, to: &blocks, columns: header.fields.count) }
    if blocks.isEmpty, diagnostics.isEmpty {
      fault(header, header.fields.first, "credits.empty", "the file holds no credits below its first line")
    }
    return Credits(blocks: blocks)
  }

  private mutating func readHeader(_ header: CSVTable.Record) {
    for (index, field) in header.fields.enumerated() {
      let name = field.text.trimmed.lowercased()
      if !Self.columns.contains(name) {
        let suggestion = nearest(name, among: Self.columns).map { "Did you mean `\($0)`?" }
        fault(
          header, field, "credits.unknownColumn", "there is no column `\(field.text.trimmed)`",
          suggestion ?? "The columns are \(Self.columns.joined(separator: ", ")).")
      } else if places[name] != nil {
        fault(header, field, "credits.columnTwice", "the column `\(name)` is there twice")
      } else {
        places[name] = index
      }
    }
    if places["name"] == nil {
      fault(
        header, header.fields.first, "credits.missingColumn", "there is no column `name`",
        "The first line names the columns: \(Self.columns.joined(separator: ",")).")
    }
  }

  private mutating func add(_ row: CSVTable.Record, to blocks: inout [Credits.Block], columns: Int) {
    guard row.fields.count <= columns else {
      fault(
        row, row.fields[columns], "credits.tooManyFields",
        "the row has \(row.fields.count) fields, but there are \(columns) columns",
        "Quote a field that holds a comma.")
      return
    }
    func field(_ column: String) -> CSVTable.Field? {
      places[column].flatMap { row.fields.indices.contains($0) ? row.fields[$0] : nil }
    }
    func text(_ column: String) -> String { field(column)?.text.trimmed ?? "" }
    for column in Self.columns { check(row, field(column)) }
    let department = text("department")
    let startsBlock = !department.isEmpty && department != blocks.last?.heading
    guard let layout = layout(row, field("layout"), startsBlock ? nil : blocks.last?.layout) else { return }
    let place = field("name")?.location ?? SourceLocation(file: row.fields[0].location.file, line: row.line)
    var entry = Credits.Entry(
      role: text("role"), name: text("name"), language: language(row, field("language")), location: place)
    if !entry.role.isEmpty, !layout.takesRole {
      fault(
        row, field("role"), "credits.roleNotShown",
        "layout `\(layout.rawValue)` shows no role, and `\(entry.role)` would be lost",
        "Leave the role empty, or use layout `pair` or `card`.")
    }
    read(row, layout, field("name"), field("logo"), into: &entry)
    if startsBlock || blocks.isEmpty || blocks.last?.layout != layout {
      blocks.append(
        Credits.Block(
          heading: startsBlock ? department : "", headingLocation: field("department")?.location ?? place,
          layout: layout, entries: []))
    }
    blocks[blocks.count - 1].entries.append(entry)
  }

  /// What the layout wants of the name and the logo.
  private mutating func read(
    _ row: CSVTable.Record, _ layout: Credits.Layout, _ name: CSVTable.Field?, _ picture: CSVTable.Field?,
    into entry: inout Credits.Entry
  ) {
    let path = picture?.text.trimmed ?? ""
    switch layout {
    case .logo:
      guard !path.isEmpty, let picture else {
        fault(
          row, picture ?? name, "credits.missingLogo", "layout `logo` needs a picture in the column `logo`")
        return
      }
      if !entry.name.isEmpty, Int(entry.name).map({ (1...100).contains($0) }) != true {
        fault(
          row, name, "credits.badLogoHeight", "`\(entry.name)` is not the height of a logo",
          "Leave the name empty or give 1 to 100 percent of the picture's height.")
      }
      switch logo(LogoRequest(path: path, location: picture.location, excerpt: row.excerpt)) {
      case .success(let digest): entry.logo = digest
      case .failure(let diagnostic): diagnostics.append(diagnostic)
      }
    case .space:
      if !entry.name.isEmpty, Int(entry.name).map({ (1...200).contains($0) }) != true {
        fault(row, name, "credits.badSpace", "`\(entry.name)` is not a number of blank rows, 1 to 200")
      }
    default:
      if entry.name.isEmpty {
        fault(row, name ?? row.fields.first, "credits.missingName", "the row has no name")
      }
    }
    if layout != .logo, !path.isEmpty {
      fault(
        row, picture, "credits.logoNotShown", "layout `\(layout.rawValue)` shows no logo",
        "Put the logo on a row of its own with layout `logo`.")
    }
  }

  private mutating func layout(
    _ row: CSVTable.Record, _ field: CSVTable.Field?, _ before: Credits.Layout?
  ) -> Credits.Layout? {
    let name = field?.text.trimmed ?? ""
    // A blank row or a logo is one row, not a way to go on.
    if name.isEmpty { return before.flatMap { [.space, .logo].contains($0) ? nil : $0 } ?? .pair }
    if let layout = Credits.Layout(rawValue: name) { return layout }
    let names = Credits.Layout.allCases.map(\.rawValue)
    let suggestion = nearest(name, among: names).map { "Did you mean `\($0)`?" }
    fault(
      row, field, "credits.unknownLayout", "there is no layout `\(name)`",
      suggestion ?? "It is one of \(names.joined(separator: ", ")).")
    return nil
  }

  private mutating func language(_ row: CSVTable.Record, _ field: CSVTable.Field?) -> String? {
    guard let tag = field?.text.trimmed, !tag.isEmpty else { return nil }
    let parts = tag.split(separator: "-", omittingEmptySubsequences: false)
    let isTag =
      (2...3).contains(parts[0].utf8.count) && parts[0].utf8.allSatisfy { $0.isASCIILetter }
      && parts.dropFirst().allSatisfy { part in
        (1...8).contains(part.utf8.count)
          && part.utf8.allSatisfy { $0.isASCIILetter || (0x30...0x39).contains($0) }
      }
    if isTag { return tag }
    fault(
      row, field, "credits.badLanguage", "`\(tag)` is not a language tag",
      "Write it as in BCP 47: ja, ko, zh-Hant.")
    return nil
  }

  /// Text that would not be what it seems: control characters, and marks that turn the direction of what follows.
  private mutating func check(_ row: CSVTable.Record, _ field: CSVTable.Field?) {
    guard let field else { return }
    if field.text.utf8.count > Self.longestText {
      fault(row, field, "credits.tooLong", "the field is longer than \(Self.longestText) bytes")
    }
    let bad = field.text.unicodeScalars.first { scalar in
      (scalar.value < 0x20 && scalar != "\n" && scalar != "\t") || (0x7F...0x9F).contains(scalar.value)
        || (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    }
    if let bad {
      fault(
        row, field, "credits.controlCharacter",
        "the field holds the control character U+\(String(bad.value, radix: 16, uppercase: true))",
        "Remove it; the direction of a name follows from its letters.")
    }
  }

  private mutating func fault(
    _ row: CSVTable.Record, _ field: CSVTable.Field?, _ code: String, _ message: String,
    _ remedy: String? = nil
  ) {
    diagnostics.append(
      Diagnostic(
        severity: .error, family: .usage, code: code, location: field?.location, message: message,
        remedy: remedy, excerpt: field?.location.line == row.line ? row.excerpt : nil))
  }
}

extension String {
  /// Without blanks at its ends.
  var trimmed: String {
    let head = drop(while: \.isWhitespace)
    return String(head.reversed().drop(while: \.isWhitespace).reversed())
  }
}

extension UInt8 {
  fileprivate var isASCIILetter: Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
  }
}
