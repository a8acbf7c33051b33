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
      return row.showing(work)
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
