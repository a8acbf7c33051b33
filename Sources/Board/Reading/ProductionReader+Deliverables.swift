import Digests
import Monitoring
package import ObjectStore

extension ProductionReader {
  /// Every deliverable: those that the pipelines ask for, then others that are there.
  package func overview() throws -> BoardOverview {
    let shelves = try shelf.rows()
    let lines = Dictionary(shelves.map { ($0.line, $0) }, uniquingKeysWith: { first, _ in first })
    let work = WorkUnderWay(watch)
    var rows: [DeliverableRow] = []
    var known: Set<VersionLine> = []
    for row in surveyed?.survey.programmes.flatMap(\.rows) ?? [] {
      let line = VersionLine(.deliverable, programme: row.programme, name: row.stage)
      known.insert(line)
      rows.append(try planned(row, lines, among: shelves, work))
    }
    for shelf in shelves where shelf.line.shelf == .deliverable && !known.contains(shelf.line) {
      if let row = try unplanned(shelf, lines, among: shelves) { rows.append(row) }
    }
    rows += notOrdered(beside: rows)
    return BoardOverview(
      rows: rows, run: watch.folder == nil ? nil : RunGlance(watch), planning: planning)
  }

  /// The row of one line, as it is in the overview; nil where nothing is known of it.
  private func row(of line: VersionLine, among shelves: [VersionShelf.Row]) throws -> DeliverableRow? {
    let lines = Dictionary(
      shelves.lazy.filter { $0.line.programme == line.programme }.map { ($0.line, $0) },
      uniquingKeysWith: { first, _ in first })
    let rows = surveyed?.survey.programmes.lazy.flatMap(\.rows)
    if let row = rows?.first(where: { $0.programme == line.programme && $0.stage == line.name }) {
      return try planned(row, lines, among: shelves, WorkUnderWay(watch))
    }
    let line = VersionLine(.deliverable, programme: line.programme, name: line.name)
    return try lines[line].flatMap { try unplanned($0, lines, among: shelves) }
  }

  /// What a pipeline asks for, as it is by now.
  private func planned(
    _ row: DeliverableRow, _ lines: [VersionLine: VersionShelf.Row], among shelves: [VersionShelf.Row],
    _ work: WorkUnderWay?
  ) throws -> DeliverableRow {
    guard let shelf = lines[VersionLine(.deliverable, programme: row.programme, name: row.stage)],
      let shown = shelf.versions.first(where: { VersionLine.folderName(version: $0.version) == row.version })
    else { return heard(row.showing(work), lines) }
    let known = try facts(of: shown, shelf, among: shelves)
    return heard(row.decided(shelf.words[shown.version]).knowing(known).showing(work), lines)
  }

  /// What is there and no pipeline at hand asks for.
  private func unplanned(
    _ shelf: VersionShelf.Row, _ lines: [VersionLine: VersionShelf.Row], among shelves: [VersionShelf.Row]
  ) throws -> DeliverableRow? {
    guard let newest = shelf.versions.first else { return nil }
    return heard(published(newest, shelf).knowing(try facts(of: newest, shelf, among: shelves)), lines)
  }

  private func heard(_ row: DeliverableRow, _ lines: [VersionLine: VersionShelf.Row]) -> DeliverableRow {
    guard let made = surveyed?.made.iso8601 else { return row }
    return row.heard(since: made) { name in
      lines[VersionLine(.deliverable, programme: row.programme, name: name)]?.words.values
        .max { $0.made < $1.made }
    }
  }

  /// What other programmes have made and a planned one does not ask for.
  private func notOrdered(beside rows: [DeliverableRow]) -> [DeliverableRow] {
    let planned = surveyed?.survey.programmes.map(\.programme) ?? []
    guard planned.count > 1 else { return [] }
    var stages: [String] = []
    var known: Set<[String]> = []
    for row in rows {
      known.insert([row.programme, row.stage])
      if planned.contains(row.programme), !stages.contains(row.stage) { stages.append(row.stage) }
    }
    return planned.flatMap { programme in
      stages.filter { !known.contains([programme, $0]) }.map { DeliverableRow(notOrdered: $0, of: programme) }
    }
  }

  func facts(
    of version: VersionHead, _ shelf: VersionShelf.Row, among shelves: [VersionShelf.Row]
  ) throws -> VersionFacts {
    let assets = shelves.filter { $0.line.shelf == .asset && $0.line.programme == shelf.line.programme }
    let changes = [shelf.change, assets.map(\.change).max() ?? 0, assets.count]
    let day = WallClock.now().day
    if let known = facts[shelf.line], known.version == version.version, known.changes == changes,
      known.day == day
    {
      return known.facts
    }
    let found = try VersionFacts(of: version, in: shelf, among: assets, reports: &reports, store: store)
    facts[shelf.line] = KnownFacts(version: version.version, changes: changes, day: day, facts: found)
    return found
  }

  private func published(_ version: VersionHead, _ shelf: VersionShelf.Row) -> DeliverableRow {
    var row = DeliverableRow(
      version, decision: nil,
      path: DeliverablePath.display(version, production: production, typed: typed))
    row.decision = shelf.words[version.version]
    return row.decided(row.decision)
  }

  /// One version, the newest where none is named; nil where there is none.
  package func deliverable(_ line: VersionLine, version: Int?) throws -> DeliverableFacts? {
    let shelves = try self.shelf.rows()
    guard let shelf = shelves.first(where: { $0.line == line }), let newest = shelf.versions.first,
      let record = try VersionPublisher(store).checked(version ?? newest.version, of: line)
    else { return nil }
    let row = try row(of: line, among: shelves)
    let gates = surveyed?.survey.programmes.first { $0.programme == line.programme }?.gates ?? []
    let quality: QualityState?
    if self.facts[line]?.version == record.version,
      let head = shelf.versions.first(where: { $0.version == record.version })
    {
      quality = try self.facts(of: head, shelf, among: shelves).quality
    } else {
      quality = try reports.evidence(of: record, in: shelf, among: shelves, store: store)?.state
    }
    var facts = try DeliverableFacts(
      record, shelf: shelf, row: row, gates: gates, quality: quality, pictures: pictures(of: record, shelf),
      in: store)
    facts.copy = movie(beside: record, among: shelves)
    facts.surveyed = surveyed?.made.iso8601
    facts.isUnplanned = plans && !isPlanned(line.programme)
    return facts
  }

  /// Whether it is known what a pipeline asks for of a programme, if any does: one that cannot be planned may name it.
  private func isPlanned(_ programme: String) -> Bool {
    guard let survey = surveyed?.survey else { return false }
    return survey.unplanned.isEmpty || survey.programmes.contains { $0.programme == programme }
  }

  private func pictures(of version: CheckedVersion, _ shelf: VersionShelf.Row) -> DeliverableFacts.Pictures {
    if let index = pictures.firstIndex(where: { $0.line == version.line && $0.version == version.version }) {
      let known = pictures.remove(at: index)
      if known.change == shelf.change {
        pictures.append(known)
        return known.pictures
      }
    }
    let found = DeliverableFacts.Pictures(version, shelf: shelf, recipes: &outlines)
    if pictures.count >= Self.mostPictures { pictures.removeFirst() }
    pictures.append(
      KnownPictures(line: version.line, version: version.version, change: shelf.change, pictures: found))
    return found
  }

  /// Versions whose page is open somewhere, about; each takes some megabytes.
  private static let mostPictures = 8

  /// The path of a file of a version, found by its digest: no name that somebody sends becomes a path.
  package func file(
    _ digest: String, of line: VersionLine, version: Int
  ) throws -> (path: String, name: String, byteCount: Int64)? {
    guard let shelf = try shelf.row(line),
      let version = shelf.versions.first(where: { $0.version == version }),
      let file = version.files.first(where: { $0.digest.hex == digest }), PortableName.isValid(file.name)
    else { return nil }
    let path = version.path(of: file, in: production)
    // A version holds plain files; a link that somebody put there leads elsewhere.
    guard let facts = try production.fileSystem.facts(path), facts.isRegularFile,
      facts.byteCount == file.byteCount
    else { return nil }
    return (path, file.name, file.byteCount)
  }

  /// Conformed cuts that are published with a page about them: the assets of editing stages.
  package func conforms() throws -> [VersionShelf.Row] {
    try shelf.rows().filter { row in
      guard row.line.shelf == .asset, let newest = row.versions.first else { return false }
      return newest.files.contains { $0.name.hasSuffix(".otio") } && newest.conformPage != nil
    }
  }

  /// The numbers of a conform; nil where there is no report that can be read.
  package func totals(of version: VersionHead) -> ConformTotals? {
    guard let file = version.files.first(where: { $0.name.hasSuffix(".json") }) else { return nil }
    if let known = totals[file.digest] { return known }
    if totals.count >= Self.mostTotals { totals = [:] }
    let found = ConformTotals(of: file, in: version, production)
    totals[file.digest] = .some(found)
    return found
  }

  private static let mostTotals = 200
}

/// Every deliverable, and what is said above them.
package struct BoardOverview: Sendable {
  package var rows: [DeliverableRow]
  package var run: RunGlance?
  package var planning: PlanningState

  package init(rows: [DeliverableRow], run: RunGlance?, planning: PlanningState) {
    (self.rows, self.run, self.planning) = (rows, run, planning)
  }
}
