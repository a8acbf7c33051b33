package import Diagnostics
package import TaskGraph

/// One thing that happened in a run: a line of `runs/<ulid>/events.jsonl` and a call of the observer.
///
/// `RunEventSchema` describes every kind and every field for those who read the file.
package struct RunEvent: Codable, Sendable {
  package enum Kind: String, Codable, Sendable, CaseIterable {
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
    /// An attempt is over, however it ended; `outcome` says how, and what it used follows.
    case attemptEnded
    /// The task will be tried again after `pause` seconds; `message` says why.
    case retrying
    case taskDone
    case taskFailed
    /// `message` names the task in the way.
    case taskBlocked
    /// How many tasks wait and for what: written when that has changed, and as a sign of life.
    case queue
    /// Nothing new starts; running work stops.
    case cancelling
    /// A worker did what it must not and was stopped or cleaned up after; `message` names it.
    case contained
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
  /// Version of this format.
  package var schema: Int?
  /// Machine of the coordinator.
  package var host: String?
  /// Places for worker processes.
  package var workers: Int?
  /// Which attempt at the task it is, from 1.
  package var number: Int?
  /// Seconds between the moment the attempt could have started and its start.
  package var waited: Double?
  package var outcome: AttemptEnding?
  /// Seconds from the start of the attempt to its end.
  package var duration: Double?
  /// User and system time of the worker and its children during the attempt, in seconds.
  package var cpuSeconds: Double?
  /// Largest resident memory of the worker during the attempt.
  package var peakMemoryBytes: Int64?
  /// Size of the objects that the attempt put into the store.
  package var writtenBytes: Int64?
  /// Tasks that could start, were there a place.
  package var ready: Int?
  package var waits: [WaitingCount]?

  /// Version of the format of the file; raised when a field changes its meaning.
  package static let schemaVersion = 1

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

/// How an attempt ended.
package enum AttemptEnding: String, Codable, Sendable, CaseIterable {
  /// Its result is in the store.
  case done
  /// It said why it made no result.
  case failed
  /// It was asked to stop, and did.
  case cancelled
  /// Its worker ended without a word.
  case lost
}

/// How many tasks wait for one thing.
package struct WaitingCount: Codable, Sendable, Hashable {
  /// What they wait for, as it follows "waits for": `a worker`, `earlier tasks`, `licence nuke`.
  package var reason: String
  package var tasks: Int

  package init(reason: String, tasks: Int) {
    self.reason = reason
    self.tasks = tasks
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
