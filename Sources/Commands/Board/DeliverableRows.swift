import Board
import Engine
import Foundation
import ObjectStore
import Planning
import Publishing
import TaskGraph
import TaskKinds

/// Deliverables with their states from evidence: what `status` prints and the board shows.
struct DeliverableRows {
  private let store: ObjectStore
  private let publisher: VersionPublisher
  /// The production as the user named it.
  private let typed: String
  private let shelves: [VersionShelf.Row]
  private let lines: [VersionLine: VersionShelf.Row]

  init(_ store: ObjectStore, typed: String) throws {
    self.store = store
    self.typed = typed
    publisher = VersionPublisher(store)
    var shelf = VersionShelf(store)
    shelves = try shelf.rows()
    lines = Dictionary(shelves.map { ($0.line, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Of one programme, in the order of its pipeline.
  ///
  /// - Parameters:
  ///   - isAlone: whether it is the only one, so that a stage's name says enough.
  ///   - showsWork: whether a run that is at work on them is told; who follows the run tells it better.
  func rows(of planned: PlannedProgramme, isAlone: Bool, showsWork: Bool) throws -> [DeliverableRow] {
    let publishes = planned.work?.plan.publishes ?? []
    let cut = planned.work?.pipeline.timeline.cuts.map { FilePaths.name(of: $0.path) } ?? []
    let work =
      showsWork ? try WorkUnderWay.latest(in: store.production, programme: planned.programme) : nil
    let seconds = try workSeconds(of: planned.nodes, in: planned)
    // Behind a gate there is more, which begins when somebody opens it.
    let secondsWhenOpen = try workSeconds(
      of: planned.nodes + (planned.work?.plan.held ?? []), in: planned)
    var causes: [String]?
    var reports = QualityReports(store.production)
    return try planned.deliverables.map { deliverable in
      let publish = publishes.first { $0.stage == deliverable.stage && $0.assembly != nil }
      let exact = try publish.flatMap { try Publisher(store: store).existing($0) }
      let line = VersionLine(.deliverable, programme: planned.programme, name: deliverable.stage)
      let latest = try publisher.newest(of: line)
      let shown = exact ?? latest
      var row = DeliverableRow(
        deliverable, programme: planned.programme, isAlone: isAlone, gates: planned.gates, cut: cut,
        exact: exact, latest: latest, decision: try shown.flatMap(decision),
        path: shown.map { DeliverablePath.display($0, production: store.production, typed: typed) }
      )
      row.textless = planned.textless.pairs.filter { $0.textless == deliverable.stage }
      row.remarks = planned.textless.lines(of: deliverable.stage)
      if let shown { row = try known(row, shown, &reports) }
      addPeople(to: &row, gates: planned.gates)
      switch row.condition {
      case .stale, .missing: row.secondsOfWork = seconds
      case .waiting: row.secondsOfWork = secondsWhenOpen
      default: break
      }
      if row.condition == .stale, let latest {
        let explained = try causes ?? planned.explained().roots
        causes = explained
        row.because = newer(than: latest, of: planned, cut: cut) + explained
      }
      row.grades = try grades(of: deliverable, shown: exact == nil ? latest : nil, in: planned.programme)
      return row.showing(work)
    }
  }

  /// Wall time by recorded timings; nil where nothing is to be done or none is known.
  private func workSeconds(of nodes: [TaskNode], in planned: PlannedProgramme) throws -> Double? {
    nodes.isEmpty ? nil : try PlanEstimate(nodes, ledger: planned.place.ledger).seconds
  }

  /// With what is known of the version that is shown.
  private func known(
    _ row: DeliverableRow, _ version: VersionHead, _ reports: inout QualityReports
  ) throws -> DeliverableRow {
    guard let shelf = lines[version.line] else { return row }
    return row.knowing(
      try VersionFacts(of: version, in: shelf, among: shelves, reports: &reports, store: store))
  }

  /// Who is asked to look at it, and since when it waits.
  private func addPeople(to row: inout DeliverableRow, gates: [GateState]) {
    let closed = gates.filter { !$0.isOpen && $0.deliverable == row.stage }
    if !closed.isEmpty, row.version != nil, [.current, .unseen].contains(row.condition) {
      row.asks = closed.flatMap(\.waitsFor).map { $0.role ?? "anybody" }
      row.since = row.made
    }
    // What is behind a gate waits since there was something to look at.
    if row.condition == .waiting, let gate = row.gates?.first {
      let looked = VersionLine(.deliverable, programme: row.programme, name: gate.deliverable)
      row.since = lines[looked]?.versions.first?.made
    }
  }

  /// What it is made from that has newer versions than it.
  private func newer(than version: VersionHead, of planned: PlannedProgramme, cut: [String]) -> [String] {
    guard let pipeline = planned.work?.pipeline else { return [] }
    var words: [String] = []
    if let recipe = try? publisher.version(version.version, of: version.line).flatMap({
      try? $0.facts.decoded(as: Recipe.self)
    }), recipe.cut != cut {
      words.append(
        "cut \(cut.joined(separator: ", ")) is not the one it was made from, \(recipe.cut.joined(separator: ", "))"
      )
    }
    var seen: Set<String> = [version.line.name]
    var waiting = [version.line.name]
    while let name = waiting.popLast() {
      for source in pipeline.stage(named: name)?.declaration.wires.values.sorted() ?? []
      where seen.insert(source).inserted {
        waiting.append(source)
        let line = VersionLine(.asset, programme: planned.programme, name: source)
        guard let newest = lines[line]?.versions.first, newest.version > 1, newest.made > version.made else {
          continue
        }
        words.append("\(source) \(VersionLine.folderName(version: newest.version)) is newer")
      }
    }
    return words
  }

  /// What a deliverable is graded with, and what the version that is shown was.
  ///
  /// - Parameter shown: a version that is not what is asked for now.
  private func grades(of deliverable: DeliverablePlan, shown: VersionHead?, in programme: String) throws
    -> [String]
  {
    let versions = GradeVersions(publisher)
    let old = try shown.flatMap { try publisher.version($0.version, of: $0.line) }
      .flatMap { try? $0.facts.decoded(as: Recipe.self) }
    return try (deliverable.grades ?? []).map { grade in
      let words = grade.words(version: try versions.version(of: grade, programme: programme))
      guard let before = old?.grades?.first(where: { $0.stage == grade.stage }), before.files != grade.files,
        let version = try versions.version(of: before, programme: programme)
      else { return words }
      return words
        + "; \(shown.map { VersionLine.folderName(version: $0.version) } ?? "") was made with \(version)"
    }
  }

  /// Every version that is published, without a pipeline.
  func published() throws -> [DeliverableRow] {
    var reports = QualityReports(store.production)
    return try publisher.lines().filter { $0.shelf == .deliverable }.flatMap { line in
      try publisher.versions(of: line).versions.map { version in
        let row = DeliverableRow(
          version, decision: try decision(version),
          path: DeliverablePath.display(version, production: store.production, typed: typed))
        guard let shelf = lines[line] else { return row }
        return row.knowing(
          try VersionFacts(of: version, in: shelf, among: shelves, reports: &reports, store: store))
      }
    }
  }

  private func decision(_ version: some PublishedVersion) throws -> Decision? {
    try publisher.decisions(on: version).decisions.last
  }
}

extension ExplainedTasks {
  /// What makes tasks run that run not only because others do, in sentences: the first few.
  fileprivate var roots: [String] {
    let lines = CauseLines(tasks.filter { !$0.isPrepared }, roots: true).text(indent: "").map { line in
      // How much work each makes is told elsewhere.
      line.range(of: "  [", options: .backwards).map { String(line[..<$0.lowerBound]) } ?? line
    }
    // That a stage was never made says nothing where something else changed.
    let first = CauseWords.sentence(Cause(.first))
    let told = lines.filter { $0 != first }
    return Array((told.isEmpty ? lines : told).prefix(3))
  }
}
