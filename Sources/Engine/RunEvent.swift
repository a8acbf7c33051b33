package import Diagnostics
package import TaskGraph

/// One thing that happened in a run: a line of `runs/<ulid>/events.jsonl` and a call of the observer.
package struct RunEvent: Codable, Sendable {
  package enum Kind: String, Codable, Sendable {
    /// The plan is on disk and work begins; `stages` says how much there is.
    case runStarted
    /// While opening the production: another coordinator works there, `message` says who; we wait until it is done.
    case waitingForProduction
    /// While opening the production: an attempt of an earlier coordinator still works; we wait for it.
    case waitingForAttempt
    /// While opening the production: an attempt of an earlier coordinator is over and what it made is indexed.
    case attemptRecovered
    /// A task of the plan was poison in an earlier run; `message` says how, and that it is tried once.
    case quarantined
    case workerStarted
    /// A worker ended while it had a task; `message` says how.
    case workerLost
    case attemptStarted
    /// `frames` of `total` frames of a task are made.
    case progress
    /// A result was published: a segment (`key` differs from `task`) or the task's own.
    case committed
    /// The task will be tried again after `pause` seconds; `message` says why.
    case retrying
    case taskDone
    case taskFailed
    /// `message` names the task in the way.
    case taskBlocked
    /// Nothing new starts; running work stops.
    case cancelling
    /// A report of an attempt that is not the current one, or a line that is no event; counted, not believed.
    case ignored
    case runFinished
  }

  package var event: Kind
  /// Time of day, ISO 8601 in UTC with milliseconds.
  package var at: String
  /// Seconds since the run started, by a clock that only goes forward.
  package var seconds: Double
  package var run: String?
  package var task: TaskKey?
  package var kind: String?
  package var stage: String?
  package var label: String?
  package var attempt: String?
  /// Number of the worker slot, from 1.
  package var worker: Int?
  package var processID: Int32?
  package var key: TaskKey?
  package var isFirst: Bool?
  package var frames: Int?
  package var total: Int?
  /// Seconds until the task is tried again.
  package var pause: Double?
  package var exit: Int?
  package var failure: WorkerEvent.FailureClass?
  package var message: String?
  package var diagnostics: [Diagnostic]?
  package var stages: [StageTotal]?

  init(_ event: Kind, at: String = "", seconds: Double = 0) {
    self.event = event
    self.at = at
    self.seconds = seconds
  }
}

/// How much one stage has to do in a run.
package struct StageTotal: Codable, Sendable, Hashable {
  package var stage: String
  package var tasks: Int
  package var frames: Int

  package init(stage: String, tasks: Int, frames: Int) {
    self.stage = stage
    self.tasks = tasks
    self.frames = frames
  }
}

/// Watches a run, e.g. to draw a terminal view.
package protocol RunObserver: Sendable {
  /// Called in order on the engine's thread: note the event and return at once.
  func observe(_ event: RunEvent)
}

/// For runs that nobody watches.
package struct SilentObserver: RunObserver {
  package init() {}
  package func observe(_ event: RunEvent) {}
}
