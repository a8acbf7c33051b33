package import Diagnostics
package import ObjectStore

/// The versions of a production, read once as long as nobody touches them.
package struct VersionShelf: Sendable {
  /// One line of versions as it is now.
  package struct Row: Sendable {
    package var line: VersionLine
    /// The newest first.
    package var versions: [VersionHead]
    /// The last word on each version, by its number.
    package var words: [Int: DeliverableRow.Word]
    /// On any of the versions, in the order in which they were made.
    package var waivers: [Waiver]
    package var handovers: [Handover]
    /// The number of the change that it came with.
    package var change: Int
  }

  private struct Kept: Sendable {
    var stamps: [String: [FileSystem.Facts]]
    var row: Row
    var versions: [Int: Version]
  }

  /// One version with what was said of it: of a line to which something is added the others are not read again.
  private struct Version: Sendable {
    var stamps: [FileSystem.Facts]
    /// Nil for one that cannot be read.
    var head: VersionHead?
    var word: DeliverableRow.Word?
    var waivers: [Waiver] = []
    var handovers: [Handover] = []
  }

  private let publisher: VersionPublisher
  private let production: Production
  private var kept: [VersionLine: Kept] = [:]
  /// Grows by one with every change.
  package private(set) var changes = 0

  package init(_ store: ObjectStore) {
    publisher = VersionPublisher(store)
    production = store.production
  }

  /// Every line, in order of shelf, programme and name.
  package mutating func rows() throws(Diagnostic) -> [Row] {
    var rows: [Row] = []
    let lines = try publisher.lines()
    for line in lines { if let row = try row(line) { rows.append(row) } }
    let present = Set(lines)
    for line in kept.keys where !present.contains(line) {
      kept[line] = nil
      changes += 1
    }
    return rows
  }

  /// Every line that has a version, as it was read last.
  package var known: [Row] { kept.values.map(\.row).filter { !$0.versions.isEmpty } }

  /// One line; nil where it has no version.
  package mutating func row(_ line: VersionLine) throws(Diagnostic) -> Row? {
    let stamps = try stamps(of: line)
    if let known = kept[line], known.stamps == stamps { return known.row.versions.isEmpty ? nil : known.row }
    let before = kept[line]?.versions ?? [:]
    var versions: [Int: Version] = [:]
    for number in try publisher.numbers(of: line) {
      let present = stamps[VersionLine.folderName(version: number)] ?? []
      if let known = before[number], known.stamps == present {
        versions[number] = known
      } else {
        versions[number] = try version(number, of: line, stamps: present)
      }
    }
    changes += 1
    let all = versions.keys.sorted(by: >).compactMap { versions[$0] }
    let row = Row(
      line: line, versions: all.compactMap(\.head), words: versions.compactMapValues(\.word),
      waivers: all.flatMap(\.waivers).sorted { $0.made < $1.made },
      handovers: all.flatMap(\.handovers).sorted { $0.made < $1.made }, change: changes)
    kept[line] = Kept(stamps: stamps, row: row, versions: versions)
    return row.versions.isEmpty ? nil : row
  }

  private func version(
    _ number: Int, of line: VersionLine, stamps: [FileSystem.Facts]
  ) throws(Diagnostic) -> Version {
    var version = Version(stamps: stamps)
    guard let head = try publisher.head(of: number, in: line) else { return version }
    version.head = head
    version.word = try publisher.decisions(on: head).decisions.last.map(DeliverableRow.Word.init)
    if line.shelf == .deliverable {
      version.waivers = try publisher.statements(Waiver.self, on: head).statements
      version.handovers = try publisher.statements(Handover.self, on: head).statements
    }
    return version
  }

  /// What changes when a version or a decision is added: the folders of the versions of a line, their records, and the
  /// folders of their decisions.
  private func stamps(of line: VersionLine) throws(Diagnostic) -> [String: [FileSystem.Facts]] {
    let files = production.fileSystem
    let folder = line.folder(in: production)
    var stamps: [String: [FileSystem.Facts]] = [:]
    for name in try files.names(in: folder) {
      for path in ["\(folder)/\(name)", "\(folder)/\(name)/version.json", "\(folder)/\(name)/decisions"] {
        if let facts = try files.facts(path) { stamps[name, default: []].append(facts) }
      }
    }
    return stamps
  }
}
