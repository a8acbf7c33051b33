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
  /// Labels of tasks that a cancelled run left undone.
  package var undone: [String] = []
  /// Frames of the tasks done.
  package var framesMade = 0
  /// How many attempts began, of workers and of the coordinator.
  package var attempts = 0
  /// Attempts whose worker ended without a word.
  package var lostAttempts = 0
  /// Reports that did not belong to the current attempt of a worker.
  package var ignoredReports = 0
  package var isCancelled = false
  package var seconds = 0.0

  package init() {}

  /// 0, 130 when cancelled, else of the failures the first of 2, 3, 5, 4, 1, then the others.
  package var exitCode: Int {
    if isCancelled { return 130 }
    let codes = Set(failures.map(\.exit))
    return [2, 3, 5, 4, 1].first { codes.contains($0) } ?? codes.min() ?? 0
  }
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
}
