import Diagnostics
package import Engine
import TaskGraph

/// What a run is doing, from its events alone: the same for the terminal of the run and for `status --watch` on
/// another machine.
package struct RunBoard: Sendable {
  /// An attempt that goes on.
  package struct Work: Sendable, Hashable {
    /// The worker's number; `nil` for a task of the coordinator.
    package var worker: Int?
    package var attempt: String?
    package var stage: String
    package var label: String
    /// When it started, in seconds since the run began.
    package var began: Double
    package var frames: Int
    package var total: Int
  }

  /// A task that failed, or an attempt that was lost and is repeated.
  package struct Trouble: Sendable, Hashable {
    package var isFinal: Bool
    package var stage: String
    package var label: String
    package var message: String
    package var attempt: String?
    /// Seconds since the run began.
    package var seconds: Double
  }

  package private(set) var progress = RunProgress()
  package private(set) var run: String?
  package private(set) var host: String?
  package private(set) var processID: Int32?
  /// Time of day at which the run began, ISO 8601.
  package private(set) var began: String?
  package private(set) var workers = 0
  /// The latest troubles, oldest first.
  package private(set) var troubles: [Trouble] = []
  package private(set) var tasksFailed = 0
  package private(set) var tasksBlocked = 0
  package private(set) var tasksRetried = 0
  package private(set) var ready = 0
  package private(set) var waits: [WaitingCount] = []
  /// Time of day of the latest event, ISO 8601.
  package private(set) var lastEvent: String?
  /// Exit code of a run that has ended.
  package private(set) var exit: Int?
  private var work: [TaskKey: Work] = [:]

  private static let troublesKept = 5

  package init() {}

  package mutating func apply(_ event: RunEvent) {
    progress.apply(event)
    lastEvent = event.at
    switch event.event {
    case .runStarted:
      let progress = progress
      self = RunBoard()
      self.progress = progress
      (run, host, processID, began) = (event.run, event.host, event.processID, event.at)
      workers = event.workers ?? 0
      lastEvent = event.at
    case .attemptStarted:
      guard let task = event.task else { break }
      work[task] = Work(
        worker: event.worker, attempt: event.attempt, stage: event.stage ?? "", label: event.label ?? "",
        began: event.seconds, frames: 0, total: event.total ?? 0)
    case .progress:
      guard let task = event.task else { break }
      work[task]?.frames = event.frames ?? 0
      if let total = event.total { work[task]?.total = total }
    case .attemptEnded, .taskDone:
      event.task.map { work[$0] = nil }
    case .workerLost:
      event.task.map { work[$0] = nil }
      note(event, isFinal: false)
    case .retrying:
      event.task.map { work[$0] = nil }
      tasksRetried += 1
      if troubles.last?.label != event.label { note(event, isFinal: false) }
    case .taskFailed:
      event.task.map { work[$0] = nil }
      tasksFailed += 1
      note(event, isFinal: true)
    case .taskBlocked: tasksBlocked += 1
    case .queue:
      ready = event.ready ?? 0
      waits = event.waits ?? []
    case .runFinished:
      exit = event.exit
      work = [:]
      (ready, waits) = (0, [])
    default: break
    }
  }

  /// What goes on, by worker; tasks of the coordinator come last.
  package var running: [Work] {
    work.values.sorted { one, other in
      (one.worker ?? .max, one.began, one.label) < (other.worker ?? .max, other.began, other.label)
    }
  }

  package var isFinished: Bool { progress.isFinished }

  private mutating func note(_ event: RunEvent, isFinal: Bool) {
    // The last word on a task replaces what was said of its earlier attempts.
    if isFinal { troubles.removeAll { $0.label == event.label && !$0.isFinal } }
    troubles.append(
      Trouble(
        isFinal: isFinal, stage: event.stage ?? "", label: event.label ?? "",
        message: event.diagnostics?.first?.message ?? event.message ?? "no reason given",
        attempt: event.attempt, seconds: event.seconds))
    if troubles.count > Self.troublesKept { troubles.removeFirst() }
  }
}
