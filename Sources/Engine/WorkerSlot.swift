import Glibc
import ObjectStore

/// One try of one task in a worker.
struct Attempt {
  var folder: AttemptFolder
  var task: Int
  /// Counts the attempts of the task in this run, from 1.
  var number: Int
  var began: Duration
  var loggedProgress: Duration = .zero
  /// When it last got further, for the first time with its first report.
  var progressed: Duration?
  var frames: Int?
  /// An earlier coordinator gave it out; here its end is awaited.
  var isFormer = false

  var id: String { folder.id }
}

/// A place for one worker process; processes come and go in it.
struct WorkerSlot {
  enum State {
    /// No process; the next task starts one.
    case absent
    case idle
    case working(Attempt)
    /// The task's end was reported and `ready` is awaited.
    case draining
  }

  var state: State = .absent
  /// Number of the current or last process.
  var life = 0
  /// Takes task-file paths for the process; its end closes the worker's standard input.
  var lines: AsyncStream<String>.Continuation?
  var saidReady = false
  var lastHeard: Duration = .zero
  /// Why we killed the process, if we did.
  var fault: WorkerFault?
  /// What the current or last task is called, and the one before it.
  var label: String? { didSet { labelBefore = oldValue } }
  private(set) var labelBefore: String?
  /// When the current or last task was given out, as `ProcessFacts.started` counts.
  var startedTicks: UInt64 = 0
  /// Processes left behind that we ended.
  var ended: Set<ProcessFacts> = []

  var isAbsent: Bool { if case .absent = state { true } else { false } }
  var isIdle: Bool { if case .idle = state { true } else { false } }
  var isWorking: Bool { if case .working = state { true } else { false } }
  /// Whether the process owes us a word.
  var isBusy: Bool { !isAbsent && !isIdle }
}

extension WorkerEnd {
  /// Whether somebody stopped the worker, rather than a fault in it.
  var isBySomebodyElse: Bool {
    switch self {
    case .signalled(let signal): [SIGKILL, SIGTERM, SIGINT, SIGHUP].contains(signal)
    case .exited(let code): code == 128 + SIGTERM || code == 128 + SIGINT
    case .notStarted: false
    }
  }
}
