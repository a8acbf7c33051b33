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

  /// A limit of memory that nobody else watches.
  struct MemoryWatch: Sendable {
    /// Own memory of the process and all that came of it, in bytes.
    var limit: Int64
    /// Tells of what was used, just before the process ends with exit code 33; false where there is no work to end yet.
    var onExcess: @Sendable (_ used: Int64) -> Bool
  }

  /// - Parameters:
  ///   - beat: says that the process lives; called when nothing was written for a while.
  ///   - secondsLeft: how long whoever asked us to stop will wait, asked once at the first signal.
  static func start(
    memory: MemoryWatch? = nil, secondsLeft: @escaping @Sendable () -> Double? = { nil },
    beat: @escaping @Sendable () -> Void
  ) {
    let thread = Thread {
      var deadline: Double?
      while true {
        StopRequest.waitForSignal(atMostSeconds: 1)
        if let memory, case let used = memoryInUse, used > memory.limit, memory.onExcess(used) {
          end(with: 33)
        }
        if let code = StopRequest.exitCode {
          // A second to end the children, and one for a clock that is not ours.
          let last = deadline ?? now + min(patience, max(0.5, (secondsLeft() ?? patience + 2) - 2))
          deadline = last
          if StopRequest.isUrgent || now > last { end(with: code) }
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

  private static var memoryInUse: Int64 {
    ProcessFamily.descendants(of: getpid()).reduce(ProcessFacts(of: getpid())?.memoryBytes ?? 0) {
      $0 + $1.memoryBytes
    }
  }

  private static var now: Double { ProcessInfo.processInfo.systemUptime }
}
