package import Diagnostics
package import Engine
import FoundationEssentials
import ObjectStore
package import TaskGraph

/// What happened in one run, put together from its folder: the plan, the heading and the events.
///
/// It can be read while the run goes on, and of a run that was killed: what has no end ends with the last word.
package struct RunHistory: Sendable {
  package struct Task: Sendable {
    package var key: TaskKey
    package var kind: String
    package var stage: String
    package var label: String
    package var frames: Int
    /// Indices of what it waited for.
    package var after: [Int]
    /// Seconds since the run began; `nil` for a task that never ran.
    package var began: Double?
    package var ended: Double?
    package var isDone = false
    package var attempts = 0
    package var cpuSeconds = 0.0
    package var peakMemoryBytes: Int64 = 0
  }

  /// One attempt on a worker.
  package struct Span: Sendable {
    package var task: Int
    /// From 1; 0 stands for the coordinator.
    package var worker: Int
    package var began: Double
    package var ended: Double
    /// `nil` where the record ends before the attempt does.
    package var outcome: AttemptEnding?
    /// Between the moment it could have started and its start.
    package var waited: Double
    package var cpuSeconds: Double
    package var peakMemoryBytes: Int64
    package var writtenBytes: Int64
    package var attempt: String?
  }

  package struct Failure: Sendable {
    package var task: Int
    package var diagnostics: [Diagnostic]
    package var attempt: String?
  }

  package private(set) var run: String
  package private(set) var heading: RunHeading?
  package private(set) var tasks: [Task] = []
  package private(set) var spans: [Span] = []
  package private(set) var failures: [Failure] = []
  /// Indices of tasks that could not run, in plan order.
  package private(set) var blocked: [Int] = []
  package private(set) var retries = 0
  /// Time of day, ISO 8601; `nil` while there is no event.
  package private(set) var began: String?
  package private(set) var host: String?
  package private(set) var workers = 0
  /// Length of the record.
  package private(set) var seconds = 0.0
  /// `nil` for a run without an end on record.
  package private(set) var exit: Int?

  private var indices: [TaskKey: Int] = [:]
  /// Spans of tasks that run, and the latest of each task.
  private var open: [Int: Int] = [:]
  private var latest: [Int: Int] = [:]

  /// - Throws: `failed`, `run.unreadable`, when the plan of the run cannot be read.
  package init(_ folder: RunFolder) throws {
    run = folder.id
    heading = try? folder.heading()
    guard let file = try folder.production.fileSystem.read(folder.planPath) else {
      throw Self.unreadable(folder, "there is no plan.json in the folder of the run")
    }
    do {
      try readPlan(file.bytes)
    } catch {
      throw Self.unreadable(folder, "its plan.json cannot be read: \(error)")
    }
    var tail = RunTail(path: folder.eventsPath)
    repeat { for event in tail.look() { apply(event) } } while tail.hasMore
    finish()
  }

  /// From events that are at hand, for tests and for a run without work.
  package init(run: String, heading: RunHeading?, plan: [UInt8]?, events: [RunEvent]) throws {
    self.run = run
    self.heading = heading
    if let plan { try readPlan(plan) }
    for event in events { apply(event) }
    finish()
  }

  /// Of a command that found nothing to do and left no record.
  package init(withoutWork heading: RunHeading) {
    run = "without a record"
    self.heading = heading
    exit = 0
  }

  private static func unreadable(_ folder: RunFolder, _ message: String) -> Diagnostic {
    Diagnostic(
      family: .failed, code: "run.unreadable", message: "run \(folder.id): \(message)",
      remedy: "Name another run; they are in .interlock/runs.")
  }

  // MARK: Plan

  /// What we need of `plan.json`; other fields are for others.
  private struct PlanFile: Decodable {
    struct Entry: Decodable {
      var key: TaskKey
      var kind: String
      var stage: String
      var label: String
      var frames: Int?
      var after: [Int]?
    }

    var tasks: [Entry]
  }

  private mutating func readPlan(_ bytes: [UInt8]) throws {
    let plan = try JSONDecoder().decode(PlanFile.self, from: Data(bytes))
    for (index, entry) in plan.tasks.enumerated() {
      indices[entry.key] = index
      let after = (entry.after ?? []).filter { plan.tasks.indices.contains($0) }
      tasks.append(
        Task(
          key: entry.key, kind: entry.kind, stage: entry.stage, label: entry.label, frames: entry.frames ?? 0,
          after: after))
    }
  }

  // MARK: Events

  private mutating func apply(_ event: RunEvent) {
    seconds = max(seconds, event.seconds)
    switch event.event {
    case .runStarted:
      (began, host, workers) = (event.at, event.host, event.workers ?? 0)
      return
    case .runFinished:
      exit = event.exit
      return
    default: break
    }
    guard let task = event.task.flatMap({ indices[$0] }) else { return }
    switch event.event {
    case .attemptStarted:
      close(task, at: event.seconds, .lost)
      tasks[task].attempts += 1
      tasks[task].began = tasks[task].began ?? event.seconds
      open[task] = spans.count
      latest[task] = spans.count
      workers = max(workers, event.worker ?? 0)
      spans.append(
        Span(
          task: task, worker: event.worker ?? 0, began: event.seconds, ended: event.seconds, outcome: nil,
          waited: event.waited ?? 0, cpuSeconds: 0, peakMemoryBytes: 0, writtenBytes: 0,
          attempt: event.attempt))
    case .attemptEnded:
      if let span = open[task] {
        spans[span].cpuSeconds = event.cpuSeconds ?? 0
        spans[span].peakMemoryBytes = event.peakMemoryBytes ?? 0
        spans[span].writtenBytes = event.writtenBytes ?? 0
      }
      tasks[task].cpuSeconds += event.cpuSeconds ?? 0
      tasks[task].peakMemoryBytes = max(tasks[task].peakMemoryBytes, event.peakMemoryBytes ?? 0)
      // Results that are published together are told later than their tasks ended.
      let ended = open[task].flatMap { span in event.duration.map { spans[span].began + $0 } }
      close(task, at: ended ?? event.seconds, event.outcome ?? .lost)
    case .workerLost: close(task, at: event.seconds, .lost)
    case .retrying:
      retries += 1
      close(task, at: event.seconds, .failed)
    case .taskDone:
      close(task, at: event.seconds, .done)
      tasks[task].isDone = true
    case .taskFailed:
      close(task, at: event.seconds, .failed)
      failures.append(
        Failure(
          task: task, diagnostics: event.diagnostics ?? [],
          attempt: latest[task].flatMap { spans[$0].attempt }))
    case .taskBlocked: blocked.append(task)
    default: break
    }
  }

  private mutating func close(_ task: Int, at time: Double, _ outcome: AttemptEnding?) {
    guard let span = open.removeValue(forKey: task) else { return }
    spans[span].ended = max(time, spans[span].began)
    spans[span].outcome = outcome
    tasks[task].ended = spans[span].ended
  }

  private mutating func finish() {
    for task in open.keys.sorted() { close(task, at: seconds, nil) }
    (indices, latest) = ([:], [:])
  }
}
