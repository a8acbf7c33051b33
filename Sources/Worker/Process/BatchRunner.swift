import Diagnostics
import Digests
import Foundation
import ObjectStore
import Synchronization
import TaskGraph
import TaskKinds

/// Does small tasks one after the other and publishes their results together, beside the next tasks: to publish is to wait
/// for the disk.
///
/// Nothing is reported before it is published. What is lost with the process are results that waited for that, and
/// nobody was told of those; who was at work then is known, as each task is named before it begins.
struct BatchRunner {
  /// So many results are published together at most, or those of so long: twice that is what a crash can cost.
  private static let mostResults = 64
  private static let longestWait = Duration.seconds(1)
  /// From then on no other task begins: the coordinator had expected less, and may have a free worker for the rest.
  private static let longest = Duration.milliseconds(1500)

  /// What became of the whole.
  struct Outcome {
    /// Tasks that have a result now.
    var done = 0
    var firstFailure: WorkerFailure?
  }

  /// Results on their way.
  private struct Publication {
    var tasks: [Waiting]
    /// Whether each was the first with its key.
    var firsts: Beside<[TaskKey: Bool]>
  }

  /// A task that is done and not published.
  private struct Waiting {
    var key: TaskKey
    var usage: WorkerEvent.Usage
    var diagnostics: [Diagnostic]
    /// False when there was a result before; nil when the group says it.
    var isFirst: Bool?
  }

  private let folder: AttemptFolder
  private let mapping: PathMapping?
  /// Whether a coordinator gives the rest to others; where nobody does, all of it is done here.
  private let isPooled: Bool
  private let reporter: any Reporter
  private let store: ObjectStore
  /// Of the tasks that wait.
  private var group: CommitGroup
  private var publication: Publication?
  /// Of all of them together.
  private let clock: WorkClock
  private var waiting: [Waiting] = []
  private var waitingSince = ContinuousClock.now
  private var outcome = Outcome()

  init(
    _ folder: AttemptFolder, _ order: AttemptRunner.Order, _ reporter: any Reporter, isPooled: Bool,
    clock: WorkClock
  ) throws {
    guard order.frames == nil else {
      throw Diagnostic(
        family: .usage, code: "task.noFrames", message: "several tasks in one attempt are made whole",
        remedy: "Leave --frames out.")
    }
    self.folder = folder
    mapping = order.mapping
    self.isPooled = isPooled
    self.reporter = reporter
    self.clock = clock
    store = ObjectStore(folder.production)
    group = try CommitGroup(store, scratch: folder.path)
  }

  /// Does as many of the tasks as it can; what it does not begin was not tried.
  ///
  /// - Throws: when the attempt cannot begin at all.
  mutating func run() throws -> Outcome {
    let tasks = try folder.taskFiles().map {
      try GivenTask($0, path: folder.batchFilePath, mapping: mapping)
    }
    guard !tasks.isEmpty else { throw Diagnostic.noTaskFile(folder.batchFilePath) }
    let started = ContinuousClock.now
    var mayGoOn = true
    for task in tasks where mayGoOn {
      guard StopRequest.mayBegin, !isPooled || ContinuousClock.now - started < Self.longest else { break }
      mayGoOn = perform(task)
      // Others may wait for what is published.
      if mayGoOn, publication?.firsts.isDone == true { mayGoOn = endPublication() }
      if waiting.count >= Self.mostResults || ContinuousClock.now - waitingSince >= Self.longestWait {
        mayGoOn = publish() && mayGoOn
      }
    }
    _ = publishAll()
    // Everything is published; what is left are the folders that they shared.
    group.abandon()
    _ = try? folder.sweepParts()
    if StopRequest.isWarned, outcome.firstFailure == nil, outcome.done < tasks.count {
      outcome.firstFailure = WorkerFailure(describing: TimeNearlyUp())
    }
    return outcome
  }

  /// - Returns: whether the others may be done, too.
  private mutating func perform(_ task: GivenTask) -> Bool {
    let head = task.head
    if waiting.isEmpty { waitingSince = ContinuousClock.now }
    AttemptRunner.began(head.key)
    reporter.began(head.key)
    let usage = AttemptUsage()
    let context = TaskContext(
      store: store, attempt: folder, log: AttemptLog(path: folder.logPath, isSection: true),
      reporter: reporter, usage: usage, clock: clock, group: group)
    do {
      let isFirst = try task.perform(in: context)
      waiting.append(
        Waiting(
          key: head.key, usage: usage.report,
          diagnostics: context.notes.diagnostics + AttemptRunner.endChildren(),
          isFirst: isFirst))
      return true
    } catch {
      var failure = WorkerFailure(describing: error)
      failure.diagnostics += AttemptRunner.endChildren()
      // What others have made is published before the scratch files of this one go.
      guard publishAll() else { return false }
      group.abandon()
      _ = try? folder.sweepParts()
      fail(head.key, failure, usage.report)
      return failure.failure.concernsOneTask
    }
  }

  /// Publishes what waits, and returns when everybody was told of it.
  private mutating func publishAll() -> Bool { publish() && endPublication() }

  /// Begins to publish what waits, once what was published before is told.
  ///
  /// - Returns: false when that is impossible; then the first of them is told to have failed, and nothing of the others.
  private mutating func publish() -> Bool {
    guard endPublication() else { return false }
    guard let first = waiting.first else { return true }
    do {
      // A group sees the faults of the disk since it began, and those of no other.
      let (full, next) = (group, try CommitGroup(store, scratch: folder.path))
      group = next
      publication = Publication(
        tasks: waiting,
        firsts: Beside { Dictionary(try full.commit().map { ($0.key, $0.isFirst) }) { $0 || $1 } })
      waiting = []
      return true
    } catch {
      return stop(first, error)
    }
  }

  /// Waits for what is being published and tells of it.
  ///
  /// - Returns: as `publish()`.
  private mutating func endPublication() -> Bool {
    guard let (tasks, made) = publication.map({ ($0.tasks, $0.firsts) }) else { return true }
    publication = nil
    do {
      let firsts = try made.wait(for: .mux, on: clock).get()
      let log = AttemptLog(path: folder.logPath, isSection: true)
      let ends = tasks.map { task in
        let isFirst = task.isFirst ?? firsts[task.key] ?? false
        var usage = task.usage
        if !isFirst { usage.writtenBytes = 0 }
        if task.isFirst == nil { log.write("commit \(task.key.hex) \(isFirst ? "first" : "late")") }
        return WorkerEvent.TaskEnd(
          key: task.key, usage: usage, isFirst: isFirst,
          diagnostics: task.diagnostics.isEmpty ? nil : task.diagnostics)
      }
      outcome.done += ends.count
      reporter.finished(ends)
      return true
    } catch {
      return tasks.first.map { stop($0, error) } ?? false
    }
  }

  /// Gives up everything that is not published.
  private mutating func stop(_ task: Waiting, _ error: any Error) -> Bool {
    group.abandon()
    waiting = []
    fail(task.key, WorkerFailure(describing: error), task.usage)
    return false
  }

  private mutating func fail(_ key: TaskKey, _ failure: WorkerFailure, _ usage: WorkerEvent.Usage) {
    outcome.firstFailure = outcome.firstFailure ?? failure
    reporter.failed(key, failure, usage)
  }
}
