import TaskGraph

/// How far a run is, computed from its events alone: the same for a live view and for a reader of `events.jsonl`.
package struct RunProgress: Sendable {
  package struct Stage: Sendable, Hashable {
    package var name: String
    package var tasksDone = 0
    package var tasksFailed = 0
    package var tasksBlocked = 0
    package var tasksTotal: Int
    package var tasksRunning = 0
    package var framesDone = 0
    package var framesTotal: Int
  }

  /// Stages in plan order.
  package private(set) var stages: [Stage] = []
  package private(set) var workersLost = 0
  package private(set) var isCancelling = false
  package private(set) var isFinished = false
  /// Seconds since the run started, of the latest event.
  package private(set) var seconds = 0.0

  private var stageIndex: [String: Int] = [:]
  private var framesOfTask: [TaskKey: Int] = [:]
  private var runningTasks: Set<TaskKey> = []
  /// Frames done by the end of each of the last seconds in which some were made.
  private var samples: [(seconds: Double, frames: Int)] = []

  /// How far back `framesPerSecond` looks, in seconds.
  private static let window = 12.0

  package init() {}

  package mutating func apply(_ event: RunEvent) {
    seconds = max(seconds, event.seconds)
    switch event.event {
    case .runStarted:
      self = RunProgress()
      for total in event.stages ?? [] {
        stageIndex[total.stage] = stages.count
        stages.append(Stage(name: total.stage, tasksTotal: total.tasks, framesTotal: total.frames))
      }
      samples = [(event.seconds, 0)]
    case .attemptStarted:
      update(event) { stage, isRunning in
        if !isRunning { stage.tasksRunning += 1 }
        return true
      }
    case .progress:
      noteFrames(event)
    case .attemptEnded: stop(event)
    case .retrying, .workerLost:
      if event.event == .workerLost { workersLost += 1 }
      stop(event)
    case .taskDone:
      noteFrames(event)
      stop(event)
      update(event) { stage, isRunning in
        stage.tasksDone += 1
        return isRunning
      }
    case .taskFailed:
      stop(event)
      update(event) { stage, isRunning in
        stage.tasksFailed += 1
        return isRunning
      }
    case .taskBlocked:
      update(event) { stage, isRunning in
        stage.tasksBlocked += 1
        return isRunning
      }
    case .cancelling: isCancelling = true
    case .runFinished: isFinished = true
    case .waitingForProduction, .waitingForAttempt, .attemptRecovered, .quarantined, .workerStarted,
      .committed,
      .contained, .queue, .ignored:
      break
    }
  }

  package var framesDone: Int { stages.reduce(0) { $0 + $1.framesDone } }
  package var framesTotal: Int { stages.reduce(0) { $0 + $1.framesTotal } }
  package var tasksDone: Int { stages.reduce(0) { $0 + $1.tasksDone } }
  package var tasksTotal: Int { stages.reduce(0) { $0 + $1.tasksTotal } }

  /// Frames made per second over about the last twelve; `nil` before the first frame.
  ///
  /// - Parameter now: seconds since the run started; later than the last event while nothing is reported.
  package func framesPerSecond(at now: Double? = nil) -> Double? {
    let end = max(now ?? seconds, seconds)
    // The last sample before the window says how many frames there were when the window began.
    guard let last = samples.last,
      let base = samples.last(where: { $0.seconds <= end - Self.window }) ?? samples.first
    else { return nil }
    let elapsed = end - max(base.seconds, end - Self.window)
    guard last.frames > base.frames, elapsed > 0 else { return nil }
    return Double(last.frames - base.frames) / elapsed
  }

  /// Seconds until the remaining frames are made at the recent speed; `nil` when that is unknown.
  package func secondsRemaining(at now: Double? = nil) -> Double? {
    let remaining = framesTotal - framesDone
    guard remaining > 0 else { return 0 }
    guard let speed = framesPerSecond(at: now) else { return nil }
    return Double(remaining) / speed
  }

  // MARK: Counting

  /// Changes the stage of the event's task; the closure says whether the task runs afterwards.
  private mutating func update(_ event: RunEvent, _ change: (inout Stage, Bool) -> Bool) {
    guard let task = event.task, let name = event.stage, let index = stageIndex[name] else { return }
    if change(&stages[index], runningTasks.contains(task)) {
      runningTasks.insert(task)
    } else {
      runningTasks.remove(task)
    }
  }

  private mutating func stop(_ event: RunEvent) {
    update(event) { stage, isRunning in
      if isRunning { stage.tasksRunning -= 1 }
      return false
    }
  }

  /// A repeated attempt counts its frames from the start again; what was made once stays counted.
  private mutating func noteFrames(_ event: RunEvent) {
    guard let task = event.task, let name = event.stage, let index = stageIndex[name] else { return }
    let frames = event.frames ?? 0
    let before = framesOfTask[task] ?? 0
    guard frames > before else { return }
    framesOfTask[task] = frames
    stages[index].framesDone += frames - before
    if let last = samples.last, event.seconds - last.seconds < 0.25 {
      samples[samples.count - 1].frames = framesDone
    } else {
      samples.append((event.seconds, framesDone))
    }
    let old = samples.lastIndex { $0.seconds < seconds - Self.window } ?? 0
    samples.removeFirst(old)
  }
}
