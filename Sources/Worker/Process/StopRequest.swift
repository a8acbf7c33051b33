import Glibc
import Synchronization

/// Why a worker should stop, set from signal handlers and from the thread that reads standard input.
///
/// Global because a signal handler can reach nothing else; written with single atomic stores only, which are
/// safe inside a handler.
enum StopRequest {
  /// The signal received, or 0.
  private static let signal = Atomic<Int32>(0)
  /// Whether a second signal came.
  private static let urgent = Atomic<Bool>(false)
  /// Wakes the thread that acts for a busy worker; posting is allowed in a handler.
  nonisolated(unsafe) private static let arrival = {
    let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    unsafe sem_init(semaphore, 0, 0)
    return unsafe semaphore
  }()
  /// True when the coordinator's end of the lifeline is gone.
  private static let lifelineLost = Atomic<Bool>(false)

  /// Installs handlers for SIGTERM and SIGINT: the first asks to stop, the second ends the process and its children at
  /// once, and a third does not wait for that.
  static func installHandlers() {
    // Made before a handler can ask for it.
    _ = unsafe arrival
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { number in
      let (isFirst, _) = StopRequest.signal.compareExchange(
        expected: 0, desired: number, ordering: .relaxed)
      if !isFirst, StopRequest.urgent.exchange(true, ordering: .relaxed) { _exit(128 + number) }
      unsafe sem_post(StopRequest.arrival)
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

  /// Whether there is no time to stop cleanly.
  static var isUrgent: Bool { urgent.load(ordering: .relaxed) }

  /// Returns after a signal, or after a while.
  static func waitForSignal(atMostSeconds seconds: Int) {
    var until = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &until)
    until.tv_sec += seconds
    unsafe sem_timedwait(arrival, &until)
  }

  /// 143 or 130 when a signal asked to stop.
  static var exitCode: Int32? {
    let number = signal.load(ordering: .relaxed)
    return number == 0 ? nil : 128 + number
  }

  /// Called between frames: a signal discards the unfinished frame.
  static func check() throws {
    if exitCode != nil { throw Cancelled() }
  }

  /// Whether something new may begin.
  static var mayBegin: Bool { !isLifelineLost && exitCode == nil }

  /// Called between segments: a lost coordinator lets the current segment be committed, then ends the work.
  static func checkBetweenSegments() throws {
    if !mayBegin { throw Cancelled() }
  }
}

/// The work was asked to stop. Not a failure: the task goes back to ready.
struct Cancelled: Error {}
