import Dispatch
import Foundation
import Synchronization

/// Work on a thread of its own beside what its caller does meanwhile.
final class Beside<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)
  private let finished = DispatchSemaphore(value: 0)

  init(_ body: @escaping @Sendable () throws -> Value) {
    Thread.detachNewThread { [self] in
      let made = Result { try body() }
      result.withLock { $0 = made }
      finished.signal()
    }
  }

  /// Waits until it is done; call it once.
  func wait() -> Result<Value, any Error> {
    finished.wait()
    return result.withLock { $0 } ?? .failure(CancellationError())
  }
}
