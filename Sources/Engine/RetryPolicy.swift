package import Digests

/// How often what is nobody's decision is tried again.
///
/// - Bad input (`user`, `media`): never.
/// - A program that says it failed (`application`): counted.
/// - A worker that crashes: counted; then the task is poison, and is quarantined beyond the run.
/// - Disk, network, licence server (`infrastructure`, `licence`): not held against the task. It waits, longer each
///   time, as long as the run gets anywhere; when nothing at all was achieved for the length of the patience, the
///   run starts nothing more.
package struct RetryPolicy: Sendable {
  /// Attempts in a row that end in a crash without publishing anything new, after which a task is poison.
  package var crashes = 3
  /// The same for workers that somebody else killed.
  package var kills = 25
  /// Attempts in a row that a program ended with failure.
  package var applicationFailures = 3
  /// The pause before the first repetition; it doubles with each further one.
  package var firstPause: Duration = .milliseconds(500)
  package var longestPause: Duration = .seconds(60)
  /// How much a task waits in all for disk and network while nothing else gets on either: an outage that somebody
  /// is repairing, not a night of error messages.
  package var infrastructurePatience: Duration = .seconds(600)
  /// The same for a licence: others use it for as long as a working day's render takes.
  package var licencePatience: Duration = .seconds(4 * 3600)
  /// Infrastructure failures in a row, of any tasks, after which the fault is taken for the machine's: from then on
  /// whoever waits keeps its cores, so that a broken disk is not asked by every task of the plan.
  package var faultsOfTheMachine = 8

  package init() {}

  /// The pause after the given failure in a row: doubling up to the longest, of which the upper half is drawn from the
  /// key. Tasks that failed together do not come back together, and a replay pauses as the run did.
  package func pause(afterFailures count: Int, of key: Digest) -> Duration {
    var pause = firstPause
    for _ in 1..<max(count, 1) where pause < longestPause { pause *= 2 }
    pause = min(pause, longestPause)
    // One step of SplitMix64 (Steele, Lea and Flood 2014) from the key.
    var state = key.words.0 &+ UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
    state = (state ^ state &>> 30) &* 0xBF58_476D_1CE4_E5B9
    state = (state ^ state &>> 27) &* 0x94D0_49BB_1331_11EB
    let part = Double((state ^ state &>> 31) &>> 11) / Double(1 << 53)
    return pause * (0.5 + part / 2)
  }
}
