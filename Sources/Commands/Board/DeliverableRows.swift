import Board
import Foundation
import ObjectStore
import Planning
import Publishing
import TaskKinds

/// Deliverables with their states from evidence: what `status` prints and the board shows.
struct DeliverableRows {
  private let store: ObjectStore
  private let publisher: VersionPublisher
  /// The production as the user named it.
  private let typed: String

  init(_ store: ObjectStore, typed: String) {
    self.store = store
    self.typed = typed
    publisher = VersionPublisher(store)
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
      row.grades = try grades(of: deliverable, shown: exact == nil ? latest : nil, in: planned.programme)
      return row.showing(work)
    }
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
    try publisher.lines().filter { $0.shelf == .deliverable }.flatMap { line in
      try publisher.versions(of: line).versions.map { version in
        DeliverableRow(
          version, decision: try decision(version),
          path: DeliverablePath.display(version, production: store.production, typed: typed))
      }
    }
  }

  private func decision(_ version: some PublishedVersion) throws -> Decision? {
    try publisher.decisions(on: version).decisions.last
  }
}
