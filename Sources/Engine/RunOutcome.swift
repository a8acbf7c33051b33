package import Diagnostics
package import TaskGraph

/// What became of a run.
package struct RunOutcome: Sendable {
  /// `nil` when there was nothing to do: a run without work leaves no record.
  package var runID: String?
  /// Tasks that have a result now, in the order in which they got it.
  package var done: [TaskKey] = []
  package var failures: [TaskFailure] = []
  /// Labels of tasks that could not run because of those failures, in plan order.
  package var blocked: [String] = []
  /// Labels of tasks that a run left undone which was cancelled or ended early.
  package var undone: [String] = []
  /// Why the run ended while there was still something to do, unless somebody cancelled it.
  package var earlyEnd: EarlyEnd?
  /// Frames of the tasks done.
  package var framesMade = 0
  /// How many attempts began, of workers and of the coordinator.
  package var attempts = 0
  /// Attempts whose worker ended without a word.
  package var lostAttempts = 0
  /// Reports that did not belong to the current attempt of a worker.
  package var ignoredReports = 0
  /// How often workers had to be contained, e.g. for processes they left behind; the first hundred are among `warnings`.
  package var contained = 0
  /// Processes that did not end although they were killed, for people.
  package var stillAlive: [String] = []
  package var isCancelled = false
  /// What went wrong beside the work, such as a record that could not be written or a process left behind.
  package var warnings: [Diagnostic] = []
  package var seconds = 0.0

  package init() {}

  /// Both as one: the work of both, and how the later one ended.
  package func followed(by later: RunOutcome) -> RunOutcome {
    var both = later
    both.runID = later.runID ?? runID
    both.done = done + later.done
    both.framesMade += framesMade
    both.attempts += attempts
    both.lostAttempts += lostAttempts
    both.ignoredReports += ignoredReports
    both.seconds += seconds
    both.contained += contained
    both.stillAlive = stillAlive + later.stillAlive
    both.warnings = warnings + later.warnings
    return both
  }

  /// 0, 130 when cancelled, else of the failures the first of 2, 3, 5, 4, 1, then the others.
  package var exitCode: Int {
    if isCancelled { return 130 }
    let codes = Set(failures.map(\.exit))
    return [2, 3, 5, 4, 1].first { codes.contains($0) } ?? codes.min() ?? 0
  }
}

/// Why a run that nobody cancelled gave up what it could have done.
package enum EarlyEnd: String, Sendable, Codable {
  /// It was asked to stop everything at the first failure.
  case firstFailure
  /// Nothing was achieved for as long as `RetryPolicy` waits for disk, network or licences.
  case stalled
}

/// What one run is asked for besides its plan.
package struct RunOptions: Sendable {
  /// How many there are of each licence, and places in each named pool.
  package var tokens: [String: Int] = [:]
  /// Whether the first failure stops everything, or only what depends on the task.
  package var stopsAtFirstFailure = false
  /// JSON that says what the run is about, kept with its record.
  package var heading: [UInt8]?
  /// What it is for, kept with its plan.
  package var purpose: RunPurpose

  package init(purpose: RunPurpose = RunPurpose()) { self.purpose = purpose }
}

/// A task that failed for good.
package struct TaskFailure: Sendable {
  package var key: TaskKey
  package var kind: String
  package var label: String
  package var stage: String
  /// The exit code of its kind of failure, as documented for the command line.
  package var exit: Int
  package var diagnostics: [Diagnostic]
  /// The last attempt, whose log says more; `nil` for a task of the coordinator.
  package var attempt: String?

  package init(
    key: TaskKey, kind: String, label: String, stage: String, exit: Int, diagnostics: [Diagnostic],
    attempt: String? = nil
  ) {
    self.key = key
    self.kind = kind
    self.label = label
    self.stage = stage
    self.exit = exit
    self.diagnostics = diagnostics
    self.attempt = attempt
  }
}
