import Synchronization

/// How requests from outside reach a run.
final class RunControl: Sendable {
  private struct State {
    var cancellations = 0
    var wake: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  /// Asks the current run, or the next one, to stop; each call is more urgent.
  func cancel() {
    let wake = state.withLock { state in
      state.cancellations += 1
      return state.wake
    }
    wake?()
  }

  /// How often somebody asked to stop.
  var cancellations: Int { state.withLock { $0.cancellations } }

  /// Calls the closure after every request, and at once when there was one before; `nil` ends that.
  func onRequest(_ wake: (@Sendable () -> Void)?) {
    let isPending = state.withLock { state in
      state.wake = wake
      return state.cancellations > 0
    }
    if isPending { wake?() }
  }
}
