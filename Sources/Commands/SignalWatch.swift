import Dispatch
import Glibc
import Synchronization

/// Hears Ctrl-C and SIGTERM until it is stopped.
final class SignalWatch {
  /// Shared with the handlers, which outlive no stop.
  private final class Received: Sendable {
    let signal = Atomic<Int32>(0)
  }

  private let state = Received()
  private let sources: [any DispatchSourceSignal]

  /// - Parameter onSignal: called for each signal; the engine makes the second one immediate.
  init(onSignal: @escaping @Sendable () -> Void) {
    let state = state
    let queue = DispatchQueue(label: "interlock.signals")
    sources = [SIGINT, SIGTERM].map { number in
      // The default action would end the process before the source hears of it.
      _ = Glibc.signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        state.signal.store(number, ordering: .relaxed)
        onSignal()
      }
      source.resume()
      return source
    }
  }

  /// The signal that came last.
  var received: Int32? {
    let number = state.signal.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  func stop() { for source in sources { source.cancel() } }
}
