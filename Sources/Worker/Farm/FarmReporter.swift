import Diagnostics
import Digests
import Foundation
import Synchronization
import TaskGraph

/// Tells the farm around a worker how far it is: a line for each percent, and one every few seconds where that takes longer.
struct FarmReporter: Reporter {
  let dialect: FarmDialect
  /// Of several tasks, how many are done before this one, and how many there are.
  var place = (before: 0, of: 1)

  private struct Told {
    var percent = 0.0
    /// The last whole percent that was written; below every one at first.
    var step = -1
  }

  private static let told = Mutex(Told())
  /// The longest that a number may wait although it has not grown by a percent, in seconds.
  private static let pause = 5.0

  func progress(frames: Int, of total: Int) {
    let part = total == 0 ? 0 : min(1, Double(frames) / Double(total))
    let percent = (Double(place.before) + part) * 100 / Double(max(1, place.of))
    let isNews = Self.told.withLock { told in
      told.percent = percent
      guard Int(percent) > told.step || StandardOutput.secondsOfSilence >= Self.pause else { return false }
      told.step = Int(percent)
      return true
    }
    if isNews, let line = dialect.progress(percent) { StandardOutput.write(line) }
  }

  /// What was told last, once more: a farm takes silence for a hang.
  static func repeatProgress(in dialect: FarmDialect) {
    StandardOutput.write(dialect.progress(told.withLock { $0.percent }) ?? "At work")
  }

  func status(_ text: String) { StandardOutput.write(dialect.status(text)) }

  func committed(_ key: TaskKey, frames: Int, isFirst: Bool) {
    // A segment says how long it is; what is no segment has no frames of its own.
    let length = frames > 0 ? " (\(frames == 1 ? "1 frame" : "\(frames) frames"))" : ""
    let was = isFirst ? "" : ", made before"
    StandardOutput.write(
      dialect == .json
        ? "{\"event\":\"committed\",\"frames\":\(frames),\"isFirst\":\(isFirst),\"key\":\"\(key.hex)\"}"
        : "Committed \(key.hex.prefix(12))\(length)\(was)")
  }

  func began(_ key: TaskKey) { status("\(key.hex.prefix(12)) begins") }

  func finished(_ ends: [WorkerEvent.TaskEnd]) {
    for end in ends { committed(end.key, frames: 0, isFirst: end.isFirst) }
  }

  /// In a batch the others go on, so this is no failure of the whole yet.
  func failed(_ key: TaskKey, _ failure: WorkerFailure, _ usage: WorkerEvent.Usage) {
    let reason = failure.diagnostics.first?.message ?? "exit \(failure.exit)"
    status("\(key.hex.prefix(12)) failed: \(reason)")
  }
}
