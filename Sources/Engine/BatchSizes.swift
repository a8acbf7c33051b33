import Ledger
import TaskGraph

/// Which tasks are small, and how many of them make a batch.
///
/// An attempt costs a folder, a lock, a transaction and several waits for the disk, milliseconds in all: nothing beside a
/// render, and ten times a task that takes less than a millisecond itself.
struct BatchSizes: Sendable {
  /// Work in a batch, in seconds: what is lost at most with its worker, and how long those that wait for its first
  /// result wait more than they must.
  static let mostSeconds = 0.5
  /// What takes longer by itself gains nothing worth having.
  static let longestTask = 0.05
  static let mostTasks = 384

  /// The part of these that a batch of a run gets, the first all: no two in a row the same. Workers whose batches ended
  /// together would all wait at once for their next ones.
  static func share(ofBatch number: Int) -> Double {
    let golden = 0.618034
    return 1 - 0.4 * (Double(number) * golden).truncatingRemainder(dividingBy: 1)
  }

  /// How much the latest task counts, as tasks of a kind differ from shot to shot.
  private static let weightOfLatest = 1.0 / 8

  /// By kind.
  private var timings: [String: TimingEstimate]

  init(_ timings: [String: TimingEstimate]) { self.timings = timings }

  /// How long a small task takes, in seconds; nil for one that is not, or of which nobody knows.
  ///
  /// What has a time limit or needs a licence stays alone, as both are about an attempt; so does what publishes results
  /// on the way, and a task of the coordinator, which has no attempt.
  func seconds(of node: TaskNode) -> Double? {
    guard node.place == .worker, node.needs.timeout == nil, node.needs.tokens.isEmpty, node.commits.isEmpty,
      let timing = timings[node.kind]
    else { return nil }
    let perFrame = node.frames > 0 ? timing.secondsPerFrame.map { $0 * Double(node.frames) } : nil
    let seconds = perFrame ?? timing.secondsPerTask
    return seconds <= Self.longestTask ? seconds : nil
  }

  /// Follows what tasks take in this run.
  mutating func note(_ node: TaskNode, seconds: Double) {
    let perFrame = node.frames > 0 ? seconds / Double(node.frames) : nil
    guard var known = timings[node.kind] else {
      timings[node.kind] = TimingEstimate(
        secondsPerTask: seconds, secondsPerFrame: perFrame, sampleCount: 1)
      return
    }
    known.secondsPerTask += (seconds - known.secondsPerTask) * Self.weightOfLatest
    if let perFrame {
      let before = known.secondsPerFrame ?? perFrame
      known.secondsPerFrame = before + (perFrame - before) * Self.weightOfLatest
    }
    timings[node.kind] = known
  }
}
