import Foundation
import Glibc
import ObjectStore
import Synchronization

/// A thread of the worker that does nothing but show that the process lives, and end it when asking did not help.
///
/// The work may sit in a library for minutes: it hears of nothing then, and this thread speaks and acts for it.
enum LifeThread {
  /// How long the work may take to stop after the first signal; the contract says 25 s.
  private static let patience = 24.0
  /// How often the process shows that it lives when it has nothing else to say, in seconds.
  private static let pulse = 5.0

  /// - Parameter beat: says that the process lives; called when nothing was written for a while.
  static func start(beat: @escaping @Sendable () -> Void) {
    let thread = Thread {
      var signalled: Double?
      while true {
        StopRequest.waitForSignal(atMostSeconds: 1)
        if let code = StopRequest.exitCode {
          let first = signalled ?? now
          signalled = first
          if StopRequest.isUrgent || now - first > patience { end(with: code) }
        } else if StandardOutput.secondsOfSilence > pulse, StandardOutput.isReadyToWrite {
          beat()
        }
      }
    }
    thread.name = "life"
    thread.start()
  }

  /// Ends every process that came of this one, then this one, without waiting for the work.
  private static func end(with code: Int32) -> Never {
    let deadline = now + 2
    while true {
      let children = ProcessFamily.descendants(of: getpid())
      if children.isEmpty || now > deadline { _exit(code) }
      for child in children { child.send(SIGKILL) }
      ProcessFamily.reapChildren()
      usleep(1000)
    }
  }

  private static var now: Double { ProcessInfo.processInfo.systemUptime }
}
