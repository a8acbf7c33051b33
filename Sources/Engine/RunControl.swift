import Synchronization

/// How requests from outside reach a run: calls from our own process, and files that others put into its folder.
final class RunControl: Sendable {
  private struct State {
    var cancellations = 0
    var wake: (@Sendable () -> Void)?
    var folder: RunFolder?
    /// Of the requests in the folder, those that were heard.
    var heard = 0
  }

  private let state = Mutex(State())

  /// Asks the current run, or the next one, to stop; each call is more urgent.
  func cancel() { cancel(times: 1) }

  private func cancel(times: Int) {
    let wake = state.withLock { state in
      state.cancellations += times
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

  /// Listens for requests to another run from here on. One that came to the run before, after it had ended, is
  /// meant for what follows it.
  func follow(_ folder: RunFolder) {
    listen()
    state.withLock { state in
      state.folder = folder
      state.heard = 0
    }
  }

  /// Looks whether somebody has put a request into the run's folder.
  func listen() {
    guard let folder = state.withLock({ $0.folder }) else { return }
    let requests = folder.requests
    let new = state.withLock { state in
      guard state.folder == folder else { return 0 }
      defer { state.heard = max(state.heard, requests) }
      return max(0, requests - state.heard)
    }
    if new > 0 { cancel(times: new) }
  }
}
