import Diagnostics
import Digests
import Foundation
import Glibc
import Media
import ObjectStore
import Synchronization
import TaskGraph
import TaskKinds

/// Does one attempt from lock to exit record.
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
    /// Processor seconds by kind of work, of tasks that make pictures.
    var work: [String: Double]?
    /// Pictures of sources that were decoded.
    var decodedPictures: Int?
    /// Of an attempt at several tasks, how many of them have a result now; each was reported by itself.
    var done: Int?
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
    var usage: AttemptUsage

    func ending(
      _ exit: Int32, _ failure: WorkerEvent.FailureClass?, _ diagnostics: [Diagnostic]
    ) -> Ending {
      AttemptRunner.ending(exit, failure, diagnostics, attempt: folder.id, key: key, usage: usage, clock: nil)
    }
  }

  /// The attempt that this process is at.
  static var present: Present? { current.withLock { $0 } }
  private static let current = Mutex<Present?>(nil)

  /// Notes which task is at work.
  static func began(_ key: TaskKey) { current.withLock { $0?.key = key } }

  /// - Parameters:
  ///   - isPooled: whether the coordinator hears the end; then `exit.json` is for people, and the disk is not waited for.
  ///   - began: called once, before anything else is said, with what is known of the task.
  ///   - reporter: made when the attempt is there, with its id.
  static func run(
    _ order: Order, isPooled: Bool = false,
    began: ((_ attempt: String?, _ task: TaskFileHead?) -> Void)? = nil,
    reporter: (String) -> any Reporter
  ) -> Ending {
    let usage = AttemptUsage()
    let clock = WorkClock()
    var attempt = ""
    var key: TaskKey?
    var untold = began
    func tell(_ head: @autoclosure () -> TaskFileHead?) {
      untold?(attempt.isEmpty ? nil : attempt, head())
      untold = nil
    }
    func ending(_ exit: Int32, _ failure: WorkerEvent.FailureClass?, _ diagnostics: [Diagnostic]) -> Ending {
      Self.ending(exit, failure, diagnostics, attempt: attempt, key: key, usage: usage, clock: clock)
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
      current.withLock { $0 = Present(folder: folder, usage: usage) }
      defer { current.withLock { $0 = nil } }
      var finished: Ending
      do {
        if folder.isBatch(order.taskFile) {
          var batch = try BatchRunner(folder, order, reporter(folder.id), isPooled: isPooled, clock: clock)
          let outcome = try batch.run()
          let failure = outcome.firstFailure
          finished = ending(
            failure?.exit ?? StopRequest.exitCode ?? 0, failure?.failure, failure?.diagnostics ?? [])
          finished.done = outcome.done
        } else {
          let notes = try perform(
            order, folder, key: &key, reporter: reporter(folder.id), usage: usage, clock: clock)
          finished = ending(0, nil, notes + endChildren())
        }
      } catch {
        let failure = WorkerFailure(describing: error)
        finished = ending(failure.exit, failure.failure, failure.diagnostics + endChildren())
        _ = try? folder.sweepParts()
      }
      // A farm may run a file again: the last ending is the one that counts.
      try folder.production.fileSystem.remove(folder.exitPath)
      try folder.writeExit([UInt8](JSONEncoder().encode(finished)), isDurable: !isPooled)
      return finished
    } catch {
      tell(nil)
      let failure = WorkerFailure(describing: error)
      return ending(failure.exit, failure.failure, failure.diagnostics)
    }
  }

  /// Of a worker that was asked for what it cannot understand.
  static func ending(refusing fault: Diagnostic) -> Ending {
    ending(
      Int32(fault.family.rawValue), .user, [fault], attempt: "", key: nil, usage: AttemptUsage(), clock: nil)
  }

  private static func ending(
    _ exit: Int32, _ failure: WorkerEvent.FailureClass?, _ diagnostics: [Diagnostic], attempt: String,
    key: TaskKey?, usage: AttemptUsage, clock: WorkClock?
  ) -> Ending {
    let used = usage.report
    return Ending(
      attempt: attempt, key: key, exit: exit, failure: failure, diagnostics: diagnostics,
      seconds: used.seconds ?? 0, peakMemoryBytes: used.peakMemoryBytes ?? 0,
      cpuSeconds: used.cpuSeconds ?? 0, writtenBytes: used.writtenBytes ?? 0,
      work: clock.flatMap { $0.seconds.isEmpty ? nil : $0.secondsByName },
      decodedPictures: clock.flatMap { $0.decodedPictures > 0 ? $0.decodedPictures : nil })
  }

  /// - Returns: what is worth telling of an attempt that succeeded.
  private static func perform(
    _ order: Order, _ folder: AttemptFolder, key: inout TaskKey?, reporter: any Reporter,
    usage: AttemptUsage, clock: WorkClock
  ) throws -> [Diagnostic] {
    let store = ObjectStore(folder.production)
    guard let file = try store.fileSystem.read(folder.taskFilePath) else {
      throw Diagnostic.noTaskFile(folder.taskFilePath)
    }
    let task = try GivenTask(file.bytes, path: folder.taskFilePath, mapping: order.mapping)
    let head = task.head
    key = head.key
    began(head.key)
    let context = TaskContext(
      store: store, attempt: folder, log: AttemptLog(path: folder.logPath), reporter: reporter,
      usage: usage, clock: clock, frames: order.frames)
    if let isFirst = try task.perform(in: context) {
      reporter.committed(head.key, frames: 0, isFirst: isFirst)
    }
    return context.notes.diagnostics
  }

  /// Ends what an attempt left running: every child is one, as its programs have been waited for.
  ///
  /// Nothing gets away: orphans are given to this process. Without children it costs one system call.
  /// - Returns: a warning for each process.
  static func endChildren() -> [Diagnostic] {
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
    Diagnostic(
      family: .usage, code: "attempt.held", message: "another worker is at attempt \(folder.id)",
      remedy: "Two copies of one attempt do no harm; this one stops.")
  }
}

extension Diagnostic {
  static func noTaskFile(_ path: String) -> Diagnostic {
    Diagnostic(family: .usage, code: "task.missing", message: "there is no task file \(path)")
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
