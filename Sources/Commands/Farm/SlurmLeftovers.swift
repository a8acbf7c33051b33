import Engine
import Farm
import Foundation
import ObjectStore

/// Jobs of a run whose coordinator is dead.
struct SlurmLeftovers {
  private let client: SlurmClient

  init() { client = SlurmClient(InstalledSlurm(inheriting: ProcessInfo.processInfo.environment)) }

  /// The jobs of a run that Slurm has in its queue; empty when it never had any, nil when Slurm does not answer.
  func jobs(of run: RunFolder) async -> [SlurmJobID]? {
    guard run.production.fileSystem.exists(SlurmFolder(run).path) else { return [] }
    var prefersText = true
    let rows = await client.list(runs: [run.id], prefersText: &prefersText)
    return rows?.filter { !$0.state.isOver && SubmissionID(comment: $0.comment)?.run == run.id }.map(\.id)
  }

  /// Tells them to end.
  func end(_ jobs: [SlurmJobID]) async -> Bool { await client.cancel(jobs) }

  /// Lets nobody work beside jobs that go on: what they make would be made twice.
  ///
  /// - Throws: `EngineError.attemptStillRuns`.
  static func refuse(in production: Production) async throws {
    let dead = try RunFolder.all(in: production).prefix(20).filter {
      $0.ending == nil && $0.presence?.isAlive != true
    }
    let leftovers = SlurmLeftovers()
    for run in dead {
      // Where Slurm cannot be asked the locks of the attempts have to do.
      guard let jobs = await leftovers.jobs(of: run), !jobs.isEmpty else { continue }
      let names = jobs.prefix(3).map(\.description).joined(separator: ", ") + (jobs.count > 3 ? ", …" : "")
      throw EngineError(
        code: .attemptStillRuns,
        message: "\(jobs.count) jobs of an earlier run are still with Slurm: \(names)",
        remedy:
          "Go on with `--executor slurm`, which takes them up, or end them with `interlock cancel \(run.id)`.",
        exitCode: 75)
    }
  }
}
