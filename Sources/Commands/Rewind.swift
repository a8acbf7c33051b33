import Diagnostics
import Engine
import Foundation
import Ledger
import ObjectStore
import Planning
import Publishing
import TaskGraph

/// Runs plans to their end, although something they count on may be gone or damaged.
///
/// Results are believed by a look at their files; what somebody deleted or flipped behind our back is found by digest
/// when a task reads it. Then every result that names what is lost is taken back, and what is missing is planned and
/// made again, in the same run.
struct Rewind {
  let engine: Coordinator
  var options = RunOptions()
  /// What is kept with the record of the run of a plan.
  var heading: (ProgrammePlan) throws -> [UInt8]? = { _ in nil }
  /// Plans again, from what there is by then.
  let replan: () async throws -> ProgrammePlan

  /// How often a run begins again; losses that keep coming are a broken disk.
  private static let mostRounds = 5

  /// - Parameter tasks: which of a plan to run.
  /// - Returns: what became of all rounds together; losses are among its warnings.
  func run(
    _ plan: ProgrammePlan, tasks: (ProgrammePlan) throws -> Plan = { $0.plan }
  ) async throws -> RunOutcome {
    let publisher = Publisher(store: engine.store)
    var plan = plan
    var whole = RunOutcome()
    for round in 1... {
      let part = try tasks(plan)
      try ObjectIntake.store(plan.objects, in: engine.store, when: !part.isEmpty)
      var options = options
      options.heading = part.isEmpty ? nil : try heading(plan)
      let outcome = try await engine.run(part, options: options) { node in
        _ = try publisher.publish(node)
      }
      whole = whole.followed(by: outcome)
      guard round < Self.mostRounds, try Self.takeBack(outcome, in: engine) else { break }
      whole.warnings += outcome.failures.flatMap(\.diagnostics).filter(\.isLoss).map(\.asWarning)
      Outcome.printError("Something that was made before is gone or damaged; it is made again")
      plan = try await replan()
    }
    whole.warnings += engine.store.losses.take() + engine.ledger.losses.take()
    return whole
  }

  /// Takes back the results that a run found incomplete, if it failed because of any.
  static func takeBack(_ outcome: RunOutcome, in engine: Coordinator) throws -> Bool {
    guard !outcome.isCancelled, outcome.failures.contains(where: { $0.diagnostics.contains(where: \.isLoss) })
    else { return false }
    let lost = try engine.store.withdrawIncompleteResults()
    if !lost.isEmpty { try engine.ledger.forget(lost) }
    return true
  }
}

extension Diagnostic {
  /// Whether it says that something which was made before is not there any more.
  fileprivate var isLoss: Bool {
    [
      "object.missing", "object.damaged", "result.objectMissing", "version.objectMissing",
      "version.objectDamaged",
    ].contains(code)
  }

  fileprivate var asWarning: Diagnostic {
    var warning = self
    warning.severity = .warning
    warning.remedy = "It was made again in this run."
    return warning
  }
}
