import Dispatch
import Foundation
import Synchronization

/// Work on a thread of its own beside what its caller does meanwhile.
final class Beside<Value: Sendable>: Sendable {
  private struct Made {
    var result: Result<Value, any Error>
    /// Processor time of the thread.
    var seconds: Double
  }

  private let made = Mutex<Made?>(nil)
  private let finished = DispatchSemaphore(value: 0)

  init(_ body: @escaping @Sendable () throws -> Value) {
    Thread.detachNewThread { [self] in
      let result = Result { try body() }
      made.withLock { $0 = Made(result: result, seconds: WorkClock.threadSeconds) }
      finished.signal()
    }
  }

  var isDone: Bool { made.withLock { $0 != nil } }

  /// Waits until it is done; call it once.
  ///
  /// - Parameters:
  ///   - work: what its processor time counts for.
  ///   - clock: of the task that waits.
  func wait(for work: WorkClock.Work, on clock: WorkClock) -> Result<Value, any Error> {
    finished.wait()
    guard let made = made.withLock({ $0 }) else { return .failure(CancellationError()) }
    clock.add(made.seconds, to: work)
    return made.result
  }
}
