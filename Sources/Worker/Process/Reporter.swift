import Diagnostics
import Digests
import Foundation
import Glibc
import Synchronization
import TaskGraph

/// Where a running task tells how far it is.
protocol Reporter: Sendable {
  func progress(frames: Int, of total: Int)
  func committed(_ key: TaskKey, frames: Int, isFirst: Bool)

  // Of an attempt at several tasks:
  func began(_ key: TaskKey)
  /// Results that were published together.
  func finished(_ ends: [WorkerEvent.TaskEnd])
  func failed(_ key: TaskKey, _ failure: WorkerFailure, _ usage: WorkerEvent.Usage)
}

/// Writes whole lines to standard output, at once.
///
/// A reader that went away is no reason to stop: the work is committed in the store, whoever hears of it.
enum StandardOutput {
  /// Serialises lines of the work and of the thread that shows life.
  private static let lastWritten = Mutex(ContinuousClock.now)

  static func write(_ line: String) {
    lastWritten.withLock { time in
      writeAll(line)
      time = ContinuousClock.now
    }
  }

  /// How long nothing was written; 0 while somebody writes, however long that takes.
  static var secondsOfSilence: Double {
    guard let time = lastWritten.withLockIfAvailable({ $0 }) else { return 0 }
    let elapsed = (ContinuousClock.now - time).components
    return Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
  }

  /// Whether a short line can be written without waiting for whoever reads.
  static var isReadyToWrite: Bool {
    var wait = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
    return unsafe poll(&wait, 1, 0) == 1 && wait.revents & Int16(POLLOUT) != 0
  }

  private static func writeAll(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(STDOUT_FILENO, buffer.baseAddress?.advanced(by: done), buffer.count - done)
      }
      if count < 0, errno != EINTR { return }
      done += max(0, count)
    }
  }
}

/// Events for the coordinator, as lines of JSON.
struct PoolReporter: Reporter {
  let attempt: String

  func progress(frames: Int, of total: Int) {
    Self.send(WorkerEvent(.progress, attempt: attempt, frames: frames, total: total))
  }

  func committed(_ key: TaskKey, frames: Int, isFirst: Bool) {
    Self.send(WorkerEvent(.committed, attempt: attempt, key: key, frames: frames, isFirst: isFirst))
  }

  func began(_ key: TaskKey) { Self.send(WorkerEvent(.began, attempt: attempt, key: key)) }

  func finished(_ ends: [WorkerEvent.TaskEnd]) {
    var event = WorkerEvent(.finished, attempt: attempt)
    event.ends = ends
    Self.send(event)
  }

  func failed(_ key: TaskKey, _ failure: WorkerFailure, _ usage: WorkerEvent.Usage) {
    var event = WorkerEvent(
      .failed, attempt: attempt, key: key, exit: Int(failure.exit), failure: failure.failure,
      diagnostics: failure.diagnostics)
    event.usage = usage
    Self.send(event)
  }

  static func send(_ event: WorkerEvent) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // An event is made of plain values and always encodes.
    guard let data = try? encoder.encode(event) else { return }
    StandardOutput.write(String(decoding: data, as: UTF8.self))
  }
}

/// Progress in the words of the farm that called the worker.
enum FarmDialect: String, CaseIterable, Sendable {
  case openjd, tractor, generic

  /// Chosen from what each farm puts in the environment of its tasks.
  static func detect(_ environment: [String: String]) -> FarmDialect {
    if environment["OPENJD_SESSION_WORKING_DIR"] != nil { return .openjd }
    if environment["TR_ENV_JID"] != nil || environment["TRACTOR_JID"] != nil { return .tractor }
    return .generic
  }

  func progress(_ percent: Double) -> String {
    let tenths = (percent * 10).rounded() / 10
    return switch self {
    case .openjd: "openjd_progress: \(tenths)"
    case .tractor: "TR_PROGRESS \(Int(percent.rounded()))%"
    case .generic: "Progress: \(Int(percent.rounded()))%"
    }
  }

  func status(_ text: String) -> String {
    self == .openjd ? "openjd_status: \(text)" : "Status: \(text)"
  }

  func failure(_ text: String) -> String {
    self == .openjd ? "openjd_fail: \(text)" : "Error: \(text)"
  }
}

struct FarmReporter: Reporter {
  let dialect: FarmDialect
  /// Percent, last told.
  private static let last = Mutex(0.0)

  func progress(frames: Int, of total: Int) {
    let percent = total == 0 ? 0 : Double(frames) * 100 / Double(total)
    Self.last.withLock { $0 = percent }
    StandardOutput.write(dialect.progress(percent))
  }

  /// What was told last, once more: a farm takes silence for a hang.
  static func repeatProgress(in dialect: FarmDialect) {
    StandardOutput.write(dialect.progress(last.withLock { $0 }))
  }

  func committed(_ key: TaskKey, frames: Int, isFirst: Bool) {
    StandardOutput.write(
      "Committed \(key.hex.prefix(12)) (\(frames) frames)\(isFirst ? "" : ", made before")")
  }

  func began(_ key: TaskKey) { StandardOutput.write("Began \(key.hex.prefix(12))") }

  func finished(_ ends: [WorkerEvent.TaskEnd]) {
    for end in ends {
      StandardOutput.write("Committed \(end.key.hex.prefix(12))\(end.isFirst ? "" : ", made before")")
    }
  }

  func failed(_ key: TaskKey, _ failure: WorkerFailure, _ usage: WorkerEvent.Usage) {
    let reason = failure.diagnostics.first?.message ?? "exit \(failure.exit)"
    StandardOutput.write(dialect.status("\(key.hex.prefix(12)) failed: \(reason)"))
  }
}
