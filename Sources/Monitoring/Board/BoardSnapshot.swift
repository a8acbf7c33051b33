import Engine

/// The board at one moment, for programs: a line of `interlock status --watch --json`. Fields are added, never renamed.
package struct BoardSnapshot: Encodable, Sendable {
  package struct Stage: Encodable, Sendable {
    var stage: String
    var tasks: Int
    var tasksDone: Int
    var tasksRunning: Int
    var tasksFailed: Int
    var tasksBlocked: Int
    var frames: Int
    var framesDone: Int
  }

  package struct Work: Encodable, Sendable {
    /// Missing for a task of the coordinator.
    var worker: Int?
    var attempt: String?
    var stage: String
    var label: String
    /// Since the attempt began.
    var seconds: Double
    var frames: Int
    var total: Int
  }

  package struct Trouble: Encodable, Sendable {
    /// False while the task is tried again.
    var isFinal: Bool
    var stage: String
    var label: String
    var message: String
    var attempt: String?
  }

  /// The latest version of something delivered.
  package struct Deliverable: Encodable, Sendable {
    /// Programme and name.
    package var deliverable: String
    package var version: String
    /// ISO 8601, UTC.
    package var made: String
    package var path: String

    package init(deliverable: String, version: String, made: String, path: String) {
      self.deliverable = deliverable
      self.version = version
      self.made = made
      self.path = path
    }
  }

  var schema = 1
  var run: String?
  var programme: String?
  /// `none`, `running`, `stopping`, `finished`, `lost` or `silent`.
  var state: String
  /// Seconds without a word, where `state` is `silent`.
  var silence: Int?
  var exit: Int?
  var host: String?
  /// Since the run began.
  var seconds: Double
  var secondsRemaining: Double?
  var framesPerSecond: Double?
  var workers: Int
  var stages: [Stage]
  var running: [Work]
  /// Tasks that could start, were there a free worker.
  var ready: Int
  var waits: [WaitingCount]
  var retries: Int
  var workersLost: Int
  var troubles: [Trouble]
  package var deliverables: [Deliverable] = []

  package init(_ watch: RunWatch) {
    let board = watch.board
    let progress = board.progress
    run = watch.folder?.id
    programme = watch.heading?.programme
    (exit, host) = (board.exit, board.host)
    switch watch.state {
    case _ where watch.folder == nil: state = "none"
    case .running: state = progress.isCancelling ? "stopping" : "running"
    case .finished: state = "finished"
    case .lost: state = "lost"
    case .silent(let seconds):
      state = "silent"
      silence = seconds
    }
    let now = watch.seconds
    seconds = Self.rounded(now)
    secondsRemaining = board.isFinished ? nil : progress.secondsRemaining(at: now).map(Self.rounded)
    framesPerSecond = board.isFinished ? nil : progress.framesPerSecond(at: now).map(Self.rounded)
    workers = board.workers
    stages = progress.stages.map { stage in
      Stage(
        stage: stage.name, tasks: stage.tasksTotal, tasksDone: stage.tasksDone,
        tasksRunning: stage.tasksRunning, tasksFailed: stage.tasksFailed, tasksBlocked: stage.tasksBlocked,
        frames: stage.framesTotal, framesDone: stage.framesDone)
    }
    running = board.running.map { work in
      Work(
        worker: work.worker, attempt: work.attempt, stage: work.stage, label: work.label,
        seconds: Self.rounded(max(0, now - work.began)), frames: work.frames, total: work.total)
    }
    (ready, waits) = (board.ready, board.waits)
    (retries, workersLost) = (board.tasksRetried, progress.workersLost)
    troubles = board.troubles.map { trouble in
      Trouble(
        isFinal: trouble.isFinal, stage: trouble.stage, label: trouble.label, message: trouble.message,
        attempt: trouble.attempt)
    }
  }

  private static func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
}
