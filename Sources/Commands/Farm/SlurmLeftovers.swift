import Engine
import Farm
import Foundation
import ObjectStore

/// Jobs of a run whose coordinator is dead.
struct SlurmLeftovers {
  private let client: SlurmClient

  init() { client = SlurmClient(InstalledSlurm(inheriting: ProcessInfo.processInfo.environment)) }

  /// The jobs of runs that Slurm has in its queue, by run; empty when it never had any, nil when Slurm does not answer.
  func jobs(of runs: [RunFolder]) async -> [String: [SlurmJobID]]? {
    let ids = runs.filter { $0.production.fileSystem.exists(SlurmFolder($0).path) }.map(\.id)
    guard !ids.isEmpty else { return [:] }
    var prefersText = true
    guard let rows = await client.list(runs: ids, prefersText: &prefersText) else { return nil }
    var jobs: [String: [SlurmJobID]] = [:]
    for row in rows where !row.state.isOver {
      guard let run = SubmissionID(comment: row.comment)?.run, ids.contains(run) else { continue }
      jobs[run, default: []].append(row.id)
    }
    return jobs
  }

  /// Tells them to end.
  func end(_ jobs: [SlurmJobID]) async -> Bool { await client.cancel(jobs) }

  /// Lets nobody work beside jobs that go on: what they make would be made twice.
  ///
  /// - Throws: `EngineError.attemptStillRuns`.
  static func refuse(in production: Production) async throws {
    let open = try RunFolder.all(in: production).prefix(20).filter { $0.ending == nil }
    let dead = open.filter { $0.presence?.isAlive != true }
    // Whoever is at work now has taken them up; the claim on the production says who that is.
    guard dead.count == open.count else { return }
    // Where Slurm cannot be asked the locks of the attempts have to do.
    for (run, jobs) in (await SlurmLeftovers().jobs(of: dead) ?? [:]).sorted(by: { $0.key > $1.key }) {
      let names = jobs.prefix(3).map(\.description).joined(separator: ", ") + (jobs.count > 3 ? ", …" : "")
      throw EngineError(
        code: .attemptStillRuns,
        message: "\(jobs.count) jobs of an earlier run are still with Slurm: \(names)",
        remedy:
          "Go on with `--executor slurm`, which takes them up, or end them with `interlock cancel \(run)`.",
        exitCode: 75)
    }
  }
}
