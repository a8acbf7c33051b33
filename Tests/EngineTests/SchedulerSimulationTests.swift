import TestSupport
import Testing

/// Whole runs in virtual time: random plans, needs, durations, failures of every class, crashes, cancellations, late
/// and repeated reports, coordinators that are killed and started again.
///
/// What has to hold is in `SchedulerPromise`. A broken promise names its seed; `SimulatedWorld(seed:)` replays it.
@Suite struct SchedulerSimulationTests {
  @Test(arguments: 0..<24)
  func `every run keeps the promises of the scheduler, whatever happens to it`(century: Int) throws {
    for seed in UInt64(century * 100)..<UInt64(century * 100 + 100) {
      var world = SimulatedWorld(seed: seed)
      try world.run()
      let broken = world.violations
      #expect(broken.isEmpty, "seed \(seed): \(broken.prefix(5).joined(separator: "; "))")
    }
  }

  @Test func `the simulation sees every kind of trouble`() throws {
    var seen: Set<String> = []
    for seed in UInt64(0)..<400 {
      var world = SimulatedWorld(seed: seed)
      try world.run()
      seen.formUnion(world.events)
    }
    #expect(
      seen == [
        "done", "bad input", "application", "infrastructure", "licence", "poisoned", "blocked", "cancelled",
        "retried", "stale", "halted", "stalled", "kept", "overtaken", "restarted", "shared",
        "untouched",
      ])
  }
}
