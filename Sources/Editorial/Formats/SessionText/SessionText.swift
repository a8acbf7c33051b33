import Diagnostics
import MediaTime

/// A Pro Tools session as its "Export Session Info as Text" writes it: a head, then sections of tab-separated tables.
///
/// Source: the exports themselves; there is no published grammar. Columns are found by their names, since options of
/// the export and newer versions add some.
struct SessionText: Sendable {
  /// A cell with its place.
  struct Cell: Sendable {
    var text: String
    var line: TextLine
    /// First byte of the cell in the file.
    var offset: Int
  }

  struct Track: Sendable {
    var name: String
    var comments = ""
    var state = ""
    var delay = ""
    var plugIns: [String] = []
    var line: TextLine
    /// Rows by the names of their columns, in the order of the file.
    var rows: [[String: Cell]] = []
  }

  /// As the user typed it.
  let path: String
  /// Keys of the head, in capitals.
  var head: [String: Cell] = [:]
  /// File name to folder, as written.
  var folders: [String: String] = [:]
  var offlineFiles: Set<String> = []
  /// Clip name to source file and channel.
  var sources: [String: (file: String, channel: Int?)] = [:]
  var tracks: [Track] = []
  var markers: [[String: Cell]] = []
  var plugInCount = 0
  /// Lines of sections that are not known.
  var unread: [TextLine] = []
  var faults = FaultList()

  static func isSessionText(_ bytes: some Collection<UInt8>) -> Bool {
    bytes.starts(with: Array("SESSION NAME:".utf8))
  }

  static func read(path: String, bytes: [UInt8]) -> SessionText {
    var session = SessionText(path: path)
    session.read(bytes)
    return session
  }

  private init(path: String) { self.path = path }

  private enum Section {
    case head, onlineFiles, offlineFiles, clips, plugIns, tracks, markers, unknown
  }

  /// Titles are printed with a blank between their letters.
  private static func section(_ text: String) -> Section? {
    guard text.utf8.count > 4, text.utf8.dropFirst().first == 0x20 else { return nil }
    let words = text.split(separator: "  ").map { $0.filter { $0 != " " } }
    guard text.split(separator: " ").allSatisfy({ $0.count == 1 }) else { return nil }
    switch words.joined(separator: " ").uppercased() {
    case "ONLINE FILES IN SESSION", "FILES IN SESSION": return .onlineFiles
    case "OFFLINE FILES IN SESSION": return .offlineFiles
    case "ONLINE CLIPS IN SESSION", "OFFLINE CLIPS IN SESSION", "CLIPS IN SESSION",
      "ONLINE REGIONS IN SESSION", "OFFLINE REGIONS IN SESSION", "REGIONS IN SESSION":
      return .clips
    case "PLUG-INS LISTING": return .plugIns
    case "TRACK LISTING": return .tracks
    case "MARKERS LISTING": return .markers
    default: return .unknown
    }
  }

  private mutating func read(_ bytes: [UInt8]) {
    var section = Section.head
    var columns: [String]?
    for line in TextLines(bytes) where !line.bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) {
      let text = line.text
      if let next = Self.section(text.trimmed) {
        section = next
        columns = nil
        if next == .unknown { unread.append(line) }
        continue
      }
      let cells = Self.cells(line)
      switch section {
      case .head: readHead(cells)
      case .tracks:
        if readTrackHead(cells, line) { columns = nil } else { readRow(cells, line, &columns) }
      case .markers:
        if let names = columns {
          markers.append(Self.row(cells, names))
        } else {
          columns = cells.map { $0.text.uppercased() }
        }
      case .onlineFiles, .offlineFiles, .clips, .plugIns:
        if columns == nil {
          columns = cells.map { $0.text.uppercased() }
        } else {
          readList(cells, section)
        }
      case .unknown: break
      }
    }
  }

  private static func cells(_ line: TextLine) -> [Cell] {
    line.bytes.split(separator: 0x09, maxSplits: 63, omittingEmptySubsequences: false).map {
      Cell(text: TextLine.decode($0).trimmed, line: line, offset: $0.startIndex)
    }
  }

  private static func row(_ cells: [Cell], _ columns: [String]) -> [String: Cell] {
    Dictionary(zip(columns, cells), uniquingKeysWith: { first, _ in first })
  }

  private mutating func readHead(_ cells: [Cell]) {
    guard let key = cells.first?.text, key.hasSuffix(":") else { return }
    let value = cells.count > 1 ? cells[1] : Cell(text: "", line: cells[0].line, offset: cells[0].offset)
    head[String(key.dropLast()).uppercased()] = value
  }

  private mutating func readList(_ cells: [Cell], _ section: Section) {
    guard let name = cells.first?.text, cells.count > 1 else { return }
    switch section {
    case .onlineFiles: folders[name] = cells[1].text
    case .offlineFiles:
      folders[name] = cells[1].text
      offlineFiles.insert(name)
    case .clips:
      let channel = cells.count > 2 ? cells[2].text.filter(\.isNumber) : ""
      sources[name] = (cells[1].text, Int(channel))
    case .plugIns: plugInCount += 1
    default: break
    }
  }

  /// - Returns: whether the line is one of the keys above a track's table.
  private mutating func readTrackHead(_ cells: [Cell], _ line: TextLine) -> Bool {
    let first = cells[0].text
    guard let colon = first.firstIndex(of: ":") else { return false }
    let key = first[..<colon].uppercased()
    let rest = [String(first[first.index(after: colon)...]).trimmed] + cells.dropFirst().map(\.text)
    let values = rest.filter { !$0.isEmpty }
    if key == "TRACK NAME" {
      tracks.append(Track(name: values.first ?? "", line: line))
      return true
    }
    guard !tracks.isEmpty else { return false }
    let last = tracks.count - 1
    switch key {
    case "COMMENTS": tracks[last].comments = values.joined(separator: " ")
    case "USER DELAY": tracks[last].delay = values.first ?? ""
    case "STATE": tracks[last].state = values.joined(separator: " ")
    case "PLUG-INS": tracks[last].plugIns = values
    default: return false
    }
    return true
  }

  private mutating func readRow(_ cells: [Cell], _ line: TextLine, _ columns: inout [String]?) {
    if cells[0].text.uppercased() == "CHANNEL" {
      columns = cells.map { $0.text.uppercased() }
      return
    }
    guard let columns, !tracks.isEmpty else {
      // Comments of a track may hold line ends.
      if !tracks.isEmpty, tracks[tracks.count - 1].rows.isEmpty {
        tracks[tracks.count - 1].comments += " " + line.text.trimmed
      } else {
        unread.append(line)
      }
      return
    }
    tracks[tracks.count - 1].rows.append(Self.row(cells, columns))
  }
}
