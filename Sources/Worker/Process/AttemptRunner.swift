import Diagnostics
import Digests
import Foundation
import Glibc
import Media
import ObjectStore
import Synchronization
import TaskGraph

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
    /// Of an attempt at several tasks, how many of them have a result now; each was reported by itself.
    var done: Int?
  }

  /// - Parameter isPooled: whether the coordinator hears the end; then `exit.json` is for people, and the disk is not
  ///   waited for.
  static func run(taskFile: String, isPooled: Bool, reporter: (String) -> any Reporter) -> Ending {
    let usage = AttemptUsage()
    var attempt = ""
    var key: TaskKey?
    func ending(_ exit: Int32, _ failure: WorkerEvent.FailureClass?, _ diagnostics: [Diagnostic]) -> Ending {
      let used = usage.report
      return Ending(
        attempt: attempt, key: key, exit: exit, failure: failure, diagnostics: diagnostics,
        seconds: used.seconds ?? 0, peakMemoryBytes: used.peakMemoryBytes ?? 0,
        cpuSeconds: used.cpuSeconds ?? 0, writtenBytes: used.writtenBytes ?? 0)
    }
    do {
      let folder = try AttemptFolder.containing(taskFile: taskFile)
      attempt = folder.id
      guard case .acquired(let lock) = try folder.tryLock() else {
        return ending(75, .infrastructure, [busy(folder)])
      }
      defer { withExtendedLifetime(lock) {} }
      var finished: Ending
      do {
        if folder.isBatch(taskFile) {
          var batch = try BatchRunner(folder, reporter(folder.id))
          let outcome = try batch.run()
          let failure = outcome.firstFailure
          finished = ending(
            failure?.exit ?? StopRequest.exitCode ?? 0, failure?.failure, failure?.diagnostics ?? [])
          finished.done = outcome.done
        } else {
          let notes = try perform(folder, key: &key, reporter: reporter(folder.id), usage: usage)
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
      let failure = WorkerFailure(describing: error)
      return ending(failure.exit, failure.failure, failure.diagnostics)
    }
  }

  /// - Returns: what is worth telling of an attempt that succeeded.
  private static func perform(
    _ folder: AttemptFolder, key: inout TaskKey?, reporter: any Reporter, usage: AttemptUsage
  ) throws -> [Diagnostic] {
    let store = ObjectStore(folder.production)
    guard let file = try store.fileSystem.read(folder.taskFilePath) else {
      throw WorkerFailure.noTaskFile(folder.taskFilePath)
    }
    let head = try head(of: file.bytes, path: folder.taskFilePath)
    key = head.key
    let context = TaskContext(
      store: store, attempt: folder, log: AttemptLog(path: folder.logPath), reporter: reporter,
      usage: usage)
    if let isFirst = try perform(head, file: file.bytes, in: context) {
      reporter.committed(head.key, frames: 0, isFirst: isFirst)
    }
    return context.notes.diagnostics
  }

  static func head(of file: [UInt8], path: String) throws -> TaskFileHead {
    do {
      return try JSONDecoder().decode(TaskFileHead.self, from: Data(file))
    } catch {
      throw WorkerFailure(
        exit: 2, failure: .user,
        diagnostics: [fault("task.unreadable", "\(path) is not a task file: \(error)")])
    }
  }

  /// Does one task, unless its result is there already.
  ///
  /// - Returns: whether this attempt was the first with the result; nil when others are published together with it.
  static func perform(_ head: TaskFileHead, file: [UInt8], in context: TaskContext) throws -> Bool? {
    guard head.schema == taskFileSchema, let interpreter = InterpreterRegistry.interpreter(for: head.kind),
      interpreter.version == head.version
    else {
      throw WorkerFailure(
        exit: 2, failure: .user,
        diagnostics: [
          fault(
            "task.otherVersion",
            "this worker does not know \(head.kind) tasks of version \(head.version) (file schema \(head.schema))",
            remedy: "Run coordinator and workers of one build.")
        ])
    }
    context.log.write("start \(head.key.hex) \(head.kind) \(head.label)")
    if interpreter.isAnsweredByResult, try context.store.storedResult(head.key) != nil {
      context.log.write("done before \(head.key.hex)")
      return false
    }
    return try interpreter.perform(head, file: file, in: context)
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
    fault(
      "attempt.held", "another worker is at attempt \(folder.id)",
      remedy: "Two copies of one attempt do no harm; this one stops.")
  }

  fileprivate static func fault(_ code: String, _ message: String, remedy: String? = nil) -> Diagnostic {
    Diagnostic(
      severity: .error, family: .usage, code: code, location: nil, message: message, remedy: remedy)
  }
}

extension WorkerFailure {
  static func noTaskFile(_ path: String) -> WorkerFailure {
    WorkerFailure(
      exit: 2, failure: .user,
      diagnostics: [AttemptRunner.fault("task.missing", "there is no task file \(path)")])
  }

  /// Classifies an error by who has to act on it.
  init(describing error: any Error) {
    switch error {
    case let failure as WorkerFailure:
      self = failure
    case is Cancelled:
      self.init(exit: StopRequest.exitCode ?? 143, failure: .cancelled, diagnostics: [])
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
