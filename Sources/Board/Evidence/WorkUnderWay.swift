package import Diagnostics
import Engine
package import Monitoring
package import ObjectStore

/// What the latest run of a programme is doing to its deliverables.
package struct WorkUnderWay: Sendable {
  package struct Stage: Sendable, Hashable {
    /// In frames, or in tasks where it makes none.
    package var done: Int
    package var total: Int
  }

  package var programme: String?
  package var isGoingOn: Bool
  package var stages: [String: Stage]
  /// What stopped a stage, in one line.
  package var failures: [String: String]
  package var secondsRemaining: Double?

  /// - Returns: nil while there is no run.
  package init?(_ watch: RunWatch) {
    guard watch.folder != nil, watch.board.run != nil else { return nil }
    programme = watch.heading?.programme
    switch watch.state {
    case .running, .silent: isGoingOn = true
    case .finished, .lost: isGoingOn = false
    }
    let progress = watch.board.progress
    stages = Dictionary(
      progress.stages.map { stage in
        (
          stage.name,
          stage.framesTotal > 0
            ? Stage(done: stage.framesDone, total: stage.framesTotal)
            : Stage(done: stage.tasksDone, total: stage.tasksTotal)
        )
      }, uniquingKeysWith: { first, _ in first })
    failures = Dictionary(
      watch.board.troubles.filter(\.isFinal).map { trouble in
        (trouble.stage, trouble.message.split(separator: "\n").first.map(String.init) ?? "")
      }, uniquingKeysWith: { first, _ in first })
    secondsRemaining = isGoingOn ? progress.secondsRemaining(at: watch.seconds) : nil
  }

  /// Of the latest run of a programme, if it goes on or failed: one that ended well has left its versions.
  package static func latest(in production: Production, programme: String) throws(Diagnostic) -> WorkUnderWay?
  {
    guard let newest = try RunFolder.all(in: production).first, newest.ending?.exit != 0 else { return nil }
    var watch = RunWatch(production, programme: programme)
    try watch.look()
    guard let folder = watch.folder, folder.ending?.exit != 0 else { return nil }
    return WorkUnderWay(watch)
  }
}
