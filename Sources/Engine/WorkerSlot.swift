import Glibc
import ObjectStore

/// One try of one task in a worker, or of several small ones, done one after the other.
struct Attempt {
  /// A task that has not ended.
  struct Part {
    var task: Int
    /// Counts the attempts of the task in this run, from 1.
    var number: Int
    /// Whether the worker has come to it.
    var hasBegun = false
  }

  var folder: AttemptFolder
  /// In the order they are done.
  private(set) var parts: [Part]
  let isBatch: Bool
  /// The task at work, or the next; of one that is over the last.
  private(set) var task: Int
  var began: Duration
  var loggedProgress: Duration = .zero
  /// When it last got further, for the first time with its first report.
  var progressed: Duration?
  var frames: Int?
  /// Whether one of its tasks has failed.
  var hasFailures = false

  init(_ parts: [Part], in folder: AttemptFolder, began: Duration) {
    self.folder = folder
    self.parts = parts
    self.began = began
    isBatch = parts.count > 1
    task = parts[0].task
    // The worker says so where it has to choose.
    if !isBatch { self.parts[0].hasBegun = true }
  }

  var id: String { folder.id }
  var isOver: Bool { parts.isEmpty }
  /// What the worker is told to do.
  var taskFilePath: String { isBatch ? folder.batchFilePath : folder.taskFilePath }

  /// The worker has come to a task.
  mutating func begin(_ part: Part, at now: Duration) {
    guard let place = parts.firstIndex(where: { $0.task == part.task }) else { return }
    parts[place].hasBegun = true
    task = part.task
    progressed = now
    frames = nil
  }

  mutating func end(_ tasks: Set<Int>) { parts.removeAll { tasks.contains($0.task) } }
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
  /// What the current or last task is called, and the last of the attempt before.
  var label: String?
  var labelBefore: String?
  /// When the current or last attempt was given out, as `ProcessFacts.started` counts.
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
