import ArgumentParser
import Engine
import Glibc
import ObjectStore
import Planning
import TaskGraph

/// What commands share that go on to work with a plan.
extension ProgrammeSession {
  /// The plan, unless the command was asked to stop meanwhile: then it ends with the exit code of the signal.
  func plan(
    until: String?, probing engine: Coordinator, heeding signals: SignalWatch
  ) async throws -> ProgrammePlan {
    let plan: ProgrammePlan
    do {
      plan = try await self.plan(until: until, probing: engine)
    } catch is CancelledRun {
      throw ExitCode(128 + (signals.received ?? SIGINT))
    }
    if let signal = signals.received { throw ExitCode(128 + signal) }
    return plan
  }

  /// Puts on record what a plan rests on; one without tasks rests on what the one before it did, unless media was probed
  /// anew.
  ///
  /// - Parameter file: the pipeline file, as typed.
  func recordFootprint(of plan: ProgrammePlan, from file: String) throws {
    guard !plan.plan.isEmpty || plan.hasAsked else { return }
    try store.recordFootprint(of: plan.footprint, programme: pipeline.programme, pipeline: file)
  }
}
