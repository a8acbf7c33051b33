package import Engine
package import Monitoring

/// The run on show in a few words.
package struct RunGlance: Sendable {
  package var run: String
  package var programme: String?
  package var state: RunState
  package var isCancelling: Bool
  package var seconds: Double
  package var secondsRemaining: Double?
  package var framesDone: Int
  package var framesTotal: Int
  package var tasksDone: Int
  package var tasksTotal: Int
  package var framesPerSecond: Double?

  init(_ watch: RunWatch) {
    run = watch.folder?.id ?? ""
    programme = watch.heading?.programme
    state = watch.state
    let progress = watch.board.progress
    isCancelling = progress.isCancelling
    seconds = watch.seconds
    let isOver = watch.board.isFinished
    secondsRemaining = isOver ? nil : progress.secondsRemaining(at: watch.seconds)
    framesPerSecond = isOver ? nil : progress.framesPerSecond(at: watch.seconds)
    (framesDone, framesTotal) = (progress.framesDone, progress.framesTotal)
    (tasksDone, tasksTotal) = (progress.tasksDone, progress.tasksTotal)
  }

  /// Whether frames say how far it is: as long as any are to be made.
  package var isInFrames: Bool { framesTotal > 0 && framesDone < framesTotal }

  /// What is done, and of how much.
  package var part: (done: Int, total: Int) {
    isInFrames ? (framesDone, framesTotal) : (tasksDone, tasksTotal)
  }

  package var isGoingOn: Bool {
    switch state {
    case .running, .silent: true
    case .finished, .lost: false
    }
  }
}

/// How far the stages of a run are.
package struct StageWork: Sendable {
  package var run: String
  package var programme: String?
  package var isGoingOn: Bool
  package var stages: [RunProgress.Stage]
}

/// Workers and runs.
package struct FarmFacts: Sendable {
  package struct Run: Sendable {
    package var id: String
    package var programme: String?
    /// ISO 8601, UTC.
    package var began: String
    package var seconds: Double?
    package var exit: Int?
    package var isUnderWay: Bool
  }

  package static let runsListed = 20

  package var glance: RunGlance?
  package var host: String?
  package var workers: Int
  package var running: [RunBoard.Work]
  /// Seconds since the run on show began.
  package var seconds: Double
  package var ready: Int
  package var waits: [WaitingCount]
  package var troubles: [RunBoard.Trouble]
  package var retries: Int
  package var workersLost: Int
  package var runs: [Run]

  init(_ watch: RunWatch, runs: [Run]) {
    glance = watch.folder == nil ? nil : RunGlance(watch)
    let board = watch.board
    (host, workers, running) = (board.host, board.workers, board.running)
    (ready, waits, troubles) = (board.ready, board.waits, board.troubles)
    (retries, workersLost) = (board.tasksRetried, board.progress.workersLost)
    seconds = watch.seconds
    self.runs = runs
  }
}
