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
    var stamps: [FileSystem.Facts]
    var row: Row
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
    var versions: [VersionHead] = []
    _ = try publisher.newest(of: line) { version in
      versions.append(version)
      return false
    }
    var words: [Int: DeliverableRow.Word] = [:]
    for version in versions {
      words[version.version] = try publisher.decisions(on: version).decisions.last.map(
        DeliverableRow.Word.init)
    }
    var waivers: [Waiver] = []
    var handovers: [Handover] = []
    for version in versions where line.shelf == .deliverable {
      waivers += try publisher.statements(Waiver.self, on: version).statements
      handovers += try publisher.statements(Handover.self, on: version).statements
    }
    changes += 1
    let row = Row(
      line: line, versions: versions, words: words, waivers: waivers.sorted { $0.made < $1.made },
      handovers: handovers.sorted { $0.made < $1.made }, change: changes)
    kept[line] = Kept(stamps: stamps, row: row)
    return versions.isEmpty ? nil : row
  }

  /// What changes when a version or a decision is added: the folder of the line, those of its versions, and of their
  /// decisions.
  private func stamps(of line: VersionLine) throws(Diagnostic) -> [FileSystem.Facts] {
    let files = production.fileSystem
    let folder = line.folder(in: production)
    var stamps: [FileSystem.Facts] = []
    for name in try files.names(in: folder) {
      for path in ["\(folder)/\(name)", "\(folder)/\(name)/decisions"] {
        if let facts = try files.facts(path) { stamps.append(facts) }
      }
    }
    return stamps
  }
}
