package import Diagnostics
import Engine
package import TaskGraph

/// The figures of one run: what `interlock report --json` prints and the page shows. Fields are added, never renamed.
package struct RunFigures: Encodable, Sendable {
  package struct Stage: Encodable, Sendable {
    package var stage: String
    package var tasks = 0
    package var tasksDone = 0
    package var attempts = 0
    /// Attempts that ended without a result.
    package var failedAttempts = 0
    package var frames = 0
    /// Sum of its attempts' lengths.
    package var workerSeconds = 0.0
    package var cpuSeconds = 0.0
    package var peakMemoryBytes: Int64 = 0
    package var writtenBytes: Int64 = 0
    /// Sum of what its attempts waited for a place.
    package var waitedSeconds = 0.0
    /// In whole currency; missing without a rate.
    package var cost: Double?
  }

  package struct Worker: Encodable, Sendable {
    /// From 1; 0 stands for the coordinator.
    package var worker: Int
    package var attempts = 0
    package var failedAttempts = 0
    package var busySeconds = 0.0
    package var cpuSeconds = 0.0
    /// Part of the run in which it had a task, 0…1; several tasks of the coordinator may overlap.
    package var utilisation = 0.0
  }

  package struct TaskFigures: Encodable, Sendable {
    package var stage: String
    package var kind: String
    package var label: String
    package var frames: Int
    package var attempts: Int
    /// From its first start to its end.
    package var seconds: Double
    package var cpuSeconds: Double
    package var peakMemoryBytes: Int64
  }

  package struct PathStep: Encodable, Sendable {
    package var stage: String
    package var label: String
    package var began: Double
    package var seconds: Double
    package var waited: Double
  }

  package struct Path: Encodable, Sendable {
    /// In order of time.
    package var steps: [PathStep]
    package var workingSeconds: Double
    package var waitingSeconds: Double
  }

  package struct Failure: Encodable, Sendable {
    package var stage: String
    package var label: String
    package var attempt: String?
    package var diagnostics: [Diagnostic]
  }

  package var schema = 1
  package var run: String
  package var programme: String?
  package var pipeline: String?
  package var host: String?
  package var began: String?
  package var seconds: Double
  /// Missing for a run without an end on record.
  package var exit: Int?
  package var workers: Int
  package var tasks: Int
  package var tasksDone: Int
  package var tasksFailed: Int
  package var tasksBlocked: Int
  package var attempts: Int
  package var lostAttempts: Int
  package var retries: Int
  /// Frames of the tasks done.
  package var framesMade: Int
  package var workerSeconds: Double
  package var cpuSeconds: Double
  package var writtenBytes: Int64
  package var rate: CostRate?
  /// In whole currency; missing without a rate.
  package var cost: Double?
  package var deliverables: [RunHeading.Deliverable]
  package var stages: [Stage]
  /// The dearest first.
  package var shots: [ShotSums.Shot]
  package var byWorker: [Worker]
  package var slowest: [TaskFigures]
  package var criticalPath: Path
  package var failures: [Failure]
  /// How many more failures there are.
  package var moreFailures: Int

  package static let slowestListed = 20
  package static let shotsListed = 200
  package static let failuresListed = 50
  package static let stepsListed = 200

  /// - Parameter rate: instead of the one on record.
  package init(_ history: RunHistory, rate: CostRate? = nil) {
    run = history.run
    programme = history.heading?.programme
    pipeline = history.heading?.pipeline
    (host, began, exit, workers) = (history.host, history.began, history.exit, history.workers)
    seconds = history.seconds
    tasks = history.tasks.count
    tasksDone = history.tasks.count(where: \.isDone)
    tasksFailed = history.failures.count
    tasksBlocked = history.blocked.count
    attempts = history.spans.count
    lostAttempts = history.spans.count { $0.outcome == .lost }
    retries = history.retries
    framesMade = history.tasks.reduce(0) { $1.isDone ? $0 + $1.frames : $0 }
    let rate = rate ?? history.heading?.cost
    self.rate = rate
    deliverables = history.heading?.deliverables ?? []
    let sums = StageSums(history, rate: rate)
    (stages, workerSeconds, cpuSeconds) = (sums.stages, sums.workerSeconds, sums.cpuSeconds)
    (writtenBytes, cost) = (sums.writtenBytes, sums.cost)
    shots = Array(ShotSums(history, rate: rate).shots.prefix(Self.shotsListed))
    byWorker = Self.workers(history)
    slowest = Self.slowest(history)
    let path = CriticalPath(history)
    criticalPath = Path(
      steps: path.steps.suffix(Self.stepsListed).map { step in
        PathStep(
          stage: history.tasks[step.task].stage, label: history.tasks[step.task].label, began: step.began,
          seconds: step.ended - step.began, waited: step.waited)
      }, workingSeconds: path.working, waitingSeconds: path.waiting)
    failures = history.failures.prefix(Self.failuresListed).map { failure in
      Failure(
        stage: history.tasks[failure.task].stage, label: history.tasks[failure.task].label,
        attempt: failure.attempt, diagnostics: failure.diagnostics)
    }
    moreFailures = max(0, history.failures.count - Self.failuresListed)
  }

  private static func workers(_ history: RunHistory) -> [Worker] {
    var workers = (0...max(0, history.workers)).map { Worker(worker: $0) }
    for span in history.spans where workers.indices.contains(span.worker) {
      workers[span.worker].attempts += 1
      if span.outcome == .failed || span.outcome == .lost { workers[span.worker].failedAttempts += 1 }
      workers[span.worker].busySeconds += history.end(of: span) - span.began
      workers[span.worker].cpuSeconds += span.cpuSeconds
    }
    for index in workers.indices where history.seconds > 0 {
      workers[index].utilisation = min(1, workers[index].busySeconds / history.seconds)
    }
    return workers.filter { $0.worker > 0 || $0.attempts > 0 }
  }

  private static func slowest(_ history: RunHistory) -> [TaskFigures] {
    func length(_ task: RunHistory.Task) -> Double { (task.ended ?? 0) - (task.began ?? 0) }
    let ran = history.tasks.indices.filter { history.tasks[$0].ended != nil }
    let order = ran.sorted { one, other in
      (length(history.tasks[other]), one) < (length(history.tasks[one]), other)
    }
    return order.prefix(slowestListed).map { index in
      let task = history.tasks[index]
      return TaskFigures(
        stage: task.stage, kind: task.kind, label: task.label, frames: task.frames, attempts: task.attempts,
        seconds: length(task), cpuSeconds: task.cpuSeconds, peakMemoryBytes: task.peakMemoryBytes)
    }
  }
}
