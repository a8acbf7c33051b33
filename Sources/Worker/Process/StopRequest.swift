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
  /// When the first signal came, in nanoseconds of the clock that only goes forward.
  private static let since = Atomic<Int64>(0)
  /// How long after the first signal another one says nothing new, in nanoseconds.
  private static let echo = Atomic<Int64>(0)
  /// Whether somebody warned that the time of this process is nearly up.
  private static let warned = Atomic<Bool>(false)
  private static let heedsWarnings = Atomic<Bool>(false)
  /// True when the coordinator's end of the lifeline is gone.
  private static let lifelineLost = Atomic<Bool>(false)

  /// Installs handlers for SIGTERM and SIGINT: the first asks to stop, the second ends the process and its children at
  /// once, and a third does not wait for that.
  ///
  /// SIGUSR1 and SIGUSR2 are early warnings, as schedulers send them before a time limit or a preemption. A worker of a pool
  /// lets them pass: whoever gives it tasks gives it no more.
  /// - Parameters:
  ///   - isPooled: whether somebody gives this process one task after the other.
  ///   - echoSeconds: a signal that comes again within so many seconds is the same one: Slurm may signal a job and its
  ///     step, one after the other.
  static func installHandlers(isPooled: Bool = false, echoSeconds: Int = 0) {
    heedsWarnings.store(!isPooled, ordering: .relaxed)
    echo.store(Int64(echoSeconds) * 1_000_000_000, ordering: .relaxed)
    // Made before a handler can ask for it.
    _ = unsafe arrival
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { number in
      let (isFirst, _) = StopRequest.signal.compareExchange(
        expected: 0, desired: number, ordering: .relaxed)
      if isFirst {
        StopRequest.since.store(StopRequest.now, ordering: .relaxed)
      } else {
        let echo = StopRequest.echo.load(ordering: .relaxed)
        if echo > 0, StopRequest.now - StopRequest.since.load(ordering: .relaxed) < echo { return }
        if StopRequest.urgent.exchange(true, ordering: .relaxed) { _exit(128 + number) }
      }
      unsafe sem_post(StopRequest.arrival)
    }
    unsafe sigaction(SIGTERM, &action, nil)
    unsafe sigaction(SIGINT, &action, nil)
    var warning = sigaction()
    unsafe warning.__sigaction_handler.sa_handler = { _ in
      if StopRequest.heedsWarnings.load(ordering: .relaxed) {
        StopRequest.warned.store(true, ordering: .relaxed)
      }
    }
    // The work goes on, so nothing that waits in the kernel may end for it.
    warning.sa_flags = SA_RESTART
    unsafe sigaction(SIGUSR1, &warning, nil)
    unsafe sigaction(SIGUSR2, &warning, nil)
    // Whoever started us may have blocked them in the thread that did it.
    var mask = sigset_t()
    unsafe sigemptyset(&mask)
    for signal in [SIGTERM, SIGINT, SIGUSR1, SIGUSR2] { unsafe sigaddset(&mask, signal) }
    unsafe pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    // A reader that went away is an error code of `write`, not a silent death.
    var ignore = sigaction()
    unsafe ignore.__sigaction_handler.sa_handler = SIG_IGN
    unsafe sigaction(SIGPIPE, &ignore, nil)
  }

  /// The clock that only goes forward; reading it is allowed in a handler.
  private static var now: Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
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
  static var mayBegin: Bool { !isLifelineLost && exitCode == nil && !isWarned }

  /// Called between segments: a lost coordinator and an early warning let the current segment be committed, then end the
  /// work.
  static func checkBetweenSegments() throws {
    if isLifelineLost || exitCode != nil { throw Cancelled() }
    if isWarned { throw TimeNearlyUp() }
  }

  /// Whether the scheduler warned that it will soon end this process.
  static var isWarned: Bool { warned.load(ordering: .relaxed) }
}

/// The work was asked to stop. Not a failure: the task goes back to ready.
struct Cancelled: Error {}

/// The scheduler warned that it will soon end the process: what is finished is kept, and the rest is for another attempt.
struct TimeNearlyUp: Error {}
