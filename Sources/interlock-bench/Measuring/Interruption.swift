import Glibc
import Synchronization

/// Remembers that the user wants to stop, so that temporary folders are removed before the process ends.
enum Interruption {
  private static let received = Atomic<Int32>(0)

  /// The signal that asked to stop, `nil` before one did.
  static var signal: Int32? {
    let value = received.load(ordering: .relaxed)
    return value == 0 ? nil : value
  }

  /// From now on SIGINT and SIGTERM only interrupt waiting; children get them as usual.
  static func watch() {
    var action = sigaction()
    // Without SA_RESTART: a wait for a child returns, and the signal is passed on.
    unsafe action.__sigaction_handler.sa_handler = { Interruption.received.store($0, ordering: .relaxed) }
    for signal in [SIGINT, SIGTERM] { _ = unsafe sigaction(signal, &action, nil) }
  }
}
