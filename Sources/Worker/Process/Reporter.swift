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
  /// What the task is at, or what it has brought, for people.
  func status(_ text: String)

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

  /// The coordinator knows what its tasks are at.
  func status(_ text: String) {}

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
