import Foundation
import Synchronization

/// Task-file paths from standard input, one a line; the end of the input is the end of the coordinator.
///
/// Reading happens on a thread of its own so that a lost lifeline is noticed while a task runs.
final class TaskLines: Sendable {
  private let lines = Mutex<[String]>([])
  private let isEnded = Atomic<Bool>(false)
  private let available = DispatchSemaphore(value: 0)

  init() {
    let thread = Thread { [self] in
      while let line = readLine(strippingNewline: true) {
        lines.withLock { $0.append(line) }
        available.signal()
      }
      isEnded.store(true, ordering: .releasing)
      StopRequest.loseLifeline()
      available.signal()
    }
    thread.name = "lifeline"
    thread.start()
  }

  /// The next path; nil when the coordinator is gone or a signal asked to stop.
  func next() -> String? {
    while true {
      if StopRequest.exitCode != nil { return nil }
      // A lost coordinator gives out no more work, even if lines are left: nobody would hear of the result.
      if isEnded.load(ordering: .acquiring) { return nil }
      if let line = lines.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return line }
      _ = available.wait(timeout: .now() + .milliseconds(500))
    }
  }
}
