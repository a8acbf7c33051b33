import Diagnostics
import Digests
import Foundation
import Glibc
import Media
import ObjectStore
import Synchronization
import TaskGraph
import TaskKinds

/// Does one task file from lock to exit record.
enum AttemptRunner {
  /// How an attempt ended; `exit.json` holds it.
  struct Ending: Codable {
    var schema = 1
    var attempt: String
    var key: TaskKey?
    var exit: Int32
    var failure: WorkerEvent.FailureClass?
    var diagnostics: [Diagnostic]
    var seconds: Double
    var peakMemoryBytes: Int64
    /// User and system time of the process and its children meanwhile.
    var cpuSeconds: Double
    /// Size of the objects put into the store.
    var writtenBytes: Int64
  }

  /// What is to be done.
  struct Order {
    var taskFile: String
    /// Where results go, of a file that does not lie in an attempt's folder: it gets an attempt of its own.
    var production: String?
    var frames: NumberRanges?
    var mapping: PathMapping?
  }

  /// An attempt under way, as whoever ends the process from outside of the work has to know it.
  struct Present {
    var folder: AttemptFolder
    var key: TaskKey?
    var started: ContinuousClock.Instant
    var usage: AttemptUsage

    func ending(
      _ exit: Int32, _ failure: WorkerEvent.FailureClass?, _ diagnostics: [Diagnostic]
    ) -> Ending {
      AttemptRunner.ending(
        exit, failure, diagnostics, attempt: folder.id, key: key, started: started, usage: usage)
    }
  }

  /// The attempt that this process is at.
  static var present: Present? { current.withLock { $0 } }
  private static let current = Mutex<Present?>(nil)

  /// - Parameters:
  ///   - began: called once, before anything else is said, with what is known of the task.
  ///   - reporter: made when the attempt is there, with its id.
  static func run(
    _ order: Order, began: (_ attempt: String?, _ task: TaskFileHead?) -> Void = { _, _ in },
    reporter: (String) -> any Reporter
  ) -> Ending {
    let started = ContinuousClock.now
    let usage = AttemptUsage()
    var attempt = ""
    var key: TaskKey?
    var isTold = false
    func tell(_ head: TaskFileHead?) {
      if !isTold { began(attempt.isEmpty ? nil : attempt, head) }
      isTold = true
    }
    func ending(_ exit: Int32, _ failure: WorkerEvent.FailureClass?, _ diagnostics: [Diagnostic]) -> Ending {
      Self.ending(exit, failure, diagnostics, attempt: attempt, key: key, started: started, usage: usage)
    }
    do {
      let folder: AttemptFolder
      switch try ForeignTask.open(order) {
      case .attempt(let own): folder = own
      case .done(let head):
        key = head.key
        tell(head)
        reporter("").committed(head.key, frames: 0, isFirst: false)
        return ending(0, nil, [])
      }
      attempt = folder.id
      tell(ForeignTask.head(folder.taskFilePath))
      guard case .acquired(let lock) = try folder.tryLock() else {
        return ending(75, .infrastructure, [busy(folder)])
      }
      defer { withExtendedLifetime(lock) {} }
      current.withLock { $0 = Present(folder: folder, started: started, usage: usage) }
      defer { current.withLock { $0 = nil } }
      let finished: Ending
      do {
        let notes = try perform(order, folder, key: &key, reporter: reporter(folder.id), usage: usage)
        finished = ending(0, nil, notes + endChildren())
      } catch {
        let failure = WorkerFailure(describing: error)
        finished = ending(failure.exit, failure.failure, failure.diagnostics + endChildren())
        _ = try? folder.sweepParts()
      }
      // A farm may run a file again: the last ending is the one that counts.
      try folder.production.fileSystem.remove(folder.exitPath)
      try folder.writeExit([UInt8](JSONEncoder().encode(finished)))
      return finished
    } catch {
      tell(nil)
      let failure = WorkerFailure(describing: error)
      return ending(failure.exit, failure.failure, failure.diagnostics)
    }
  }

  private static func ending(
    _ exit: Int32, _ failure: WorkerEvent.FailureClass?, _ diagnostics: [Diagnostic], attempt: String,
    key: TaskKey?, started: ContinuousClock.Instant, usage: AttemptUsage
  ) -> Ending {
    let elapsed = (ContinuousClock.now - started).components
    return Ending(
      attempt: attempt, key: key, exit: exit, failure: failure, diagnostics: diagnostics,
      seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18,
      peakMemoryBytes: usage.peakResidentBytes, cpuSeconds: usage.cpuSeconds,
      writtenBytes: usage.writtenBytes.load(ordering: .relaxed))
  }

  /// - Returns: what is worth telling of an attempt that succeeded.
  private static func perform(
    _ order: Order, _ folder: AttemptFolder, key: inout TaskKey?, reporter: any Reporter, usage: AttemptUsage
  ) throws -> [Diagnostic] {
    let store = ObjectStore(folder.production)
    guard let file = try store.fileSystem.read(folder.taskFilePath) else {
      throw WorkerFailure(
        exit: 2, failure: .user,
        diagnostics: [fault("task.missing", "there is no task file \(folder.taskFilePath)")])
    }
    let (head, interpreter) = try ForeignTask.interpreter(of: file.bytes, path: folder.taskFilePath) {
      key = $0
      let known = $0
      current.withLock { $0?.key = known }
    }
    if order.frames != nil, head.kind != RenderTask.identifier {
      throw WorkerFailure(
        exit: 2, failure: .user,
        diagnostics: [
          fault(
            "task.noFrames",
            "a \(head.kind) task is made whole; only render tasks can be made frame by frame",
            remedy: "Leave --frames out.")
        ])
    }
    var context = TaskContext(
      store: store, attempt: folder, log: AttemptLog(path: folder.logPath), reporter: reporter,
      usage: usage)
    context.frames = order.frames
    context.mapping = order.mapping
    context.log.write("start \(head.key.hex) \(head.kind) \(head.label)")
    if interpreter.isAnsweredByResult, try store.storedResult(head.key) != nil {
      context.log.write("done before \(head.key.hex)")
      reporter.committed(head.key, frames: 0, isFirst: false)
      return []
    }
    try interpreter.perform(head, file: file.bytes, in: context)
    return context.notes.diagnostics
  }

  /// Ends what an attempt left running: every child is one, as its programs have been waited for.
  ///
  /// Nothing gets away: orphans are given to this process. Without children it costs one system call.
  /// - Returns: a warning for each process.
  private static func endChildren() -> [Diagnostic] {
    var ended: [ProcessFacts] = []
    let deadline = ContinuousClock.now + .seconds(5)
    while ProcessFamily.hasChildren, ContinuousClock.now < deadline {
      ProcessFamily.reapChildren()
      for process in ProcessFamily.descendants(of: getpid()) {
        if !ended.contains(process) { ended.append(process) }
        process.send(SIGKILL)
      }
      usleep(1000)
    }
    return ended.map { process in
      Diagnostic(
        severity: .warning, family: .failed, code: "task.leftProcess",
        message:
          "a process was left behind: \(process), \(process.isAlive ? "which does not end" : "ended by us")",
        remedy: "A task has to wait for the programs it starts.")
    }
  }

  private static func busy(_ folder: AttemptFolder) -> Diagnostic {
    fault(
      "attempt.held", "another worker is at attempt \(folder.id)",
      remedy: "Two copies of one attempt do no harm; this one stops.")
  }

  private static func fault(_ code: String, _ message: String, remedy: String? = nil) -> Diagnostic {
    Diagnostic(
      severity: .error, family: .usage, code: code, location: nil, message: message, remedy: remedy)
  }
}

extension WorkerFailure {
  /// Classifies an error by who has to act on it.
  init(describing error: any Error) {
    switch error {
    case let failure as WorkerFailure:
      self = failure
    case is Cancelled:
      self.init(exit: StopRequest.exitCode ?? 143, failure: .cancelled, diagnostics: [])
    case is TimeNearlyUp:
      self.init(
        exit: 75, failure: .infrastructure,
        diagnostics: [
          Diagnostic(
            family: .transient, code: "worker.timeNearlyUp",
            message: "the scheduler warned that this job's time is nearly up; what is finished is kept",
            remedy: "Run it again: only what is missing is made. A longer time limit saves the restart.")
        ])
    case let media as MediaError:
      let exit: Int32 = media.code == .outOfMemory ? 33 : Int32(media.diagnostic.family.rawValue)
      let failure: WorkerEvent.FailureClass =
        switch media.fault {
        case .user: .user
        case .media: .media
        case .infrastructure: .infrastructure
        }
      self.init(exit: exit, failure: failure, diagnostics: [media.diagnostic])
    case let diagnostic as Diagnostic:
      self.init(
        exit: Int32(diagnostic.family.rawValue),
        failure: [.failed, .transient].contains(diagnostic.family) ? .infrastructure : .user,
        diagnostics: [diagnostic])
    case let list as DiagnosticList:
      self.init(exit: Int32(list.exitCode), failure: .user, diagnostics: list.diagnostics)
    default:
      self.init(
        exit: 1, failure: .infrastructure,
        diagnostics: [
          Diagnostic(
            severity: .error, family: .failed, code: "worker.failed", location: nil, message: "\(error)")
        ])
    }
  }
}
