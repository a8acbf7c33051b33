import Glibc
import Synchronization

/// Why a worker should stop, set from signal handlers and from the thread that reads standard input.
///
/// Global because a signal handler can reach nothing else; written with single atomic stores only, which are
/// safe inside a handler.
enum StopRequest {
  /// The signal received, or 0.
  private static let signal = Atomic<Int32>(0)
  /// True when the coordinator's end of the lifeline is gone.
  private static let lifelineLost = Atomic<Bool>(false)

  /// A program that we started and that runs, or 0: it does not outlive us.
  private static let program = Atomic<Int32>(0)

  static func setProgram(_ process: Int32) { program.store(process, ordering: .relaxed) }

  /// Installs handlers for SIGTERM and SIGINT: the first asks to stop, the second ends the process at once.
  static func installHandlers() {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { number in
      let (isFirst, _) = StopRequest.signal.compareExchange(
        expected: 0, desired: number, ordering: .relaxed)
      if !isFirst {
        let program = StopRequest.program.load(ordering: .relaxed)
        if program > 0 { kill(program, SIGKILL) }
        _exit(128 + number)
      }
    }
    unsafe sigaction(SIGTERM, &action, nil)
    unsafe sigaction(SIGINT, &action, nil)
    // Whoever started us may have blocked them in the thread that did it.
    var mask = sigset_t()
    unsafe sigemptyset(&mask)
    unsafe sigaddset(&mask, SIGTERM)
    unsafe sigaddset(&mask, SIGINT)
    unsafe pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    // A reader that went away is an error code of `write`, not a silent death.
    var ignore = sigaction()
    unsafe ignore.__sigaction_handler.sa_handler = SIG_IGN
    unsafe sigaction(SIGPIPE, &ignore, nil)
  }

  static func loseLifeline() { lifelineLost.store(true, ordering: .relaxed) }

  static var isLifelineLost: Bool { lifelineLost.load(ordering: .relaxed) }

  /// 143 or 130 when a signal asked to stop.
  static var exitCode: Int32? {
    let number = signal.load(ordering: .relaxed)
    return number == 0 ? nil : 128 + number
  }

  /// Called between frames: a signal discards the unfinished frame.
  static func check() throws {
    if exitCode != nil { throw Cancelled() }
  }

  /// Called between segments: a lost coordinator lets the current segment be committed, then ends the work.
  static func checkBetweenSegments() throws {
    if isLifelineLost || exitCode != nil { throw Cancelled() }
  }
}

/// The work was asked to stop. Not a failure: the task goes back to ready.
struct Cancelled: Error {}
