package import Diagnostics
package import Monitoring

/// Everything that the page of one task says.
package struct TaskFacts: Sendable {
  package struct Log: Sendable {
    package var attempt: String
    package var text: String
    /// Whether more stands before it.
    package var isCut: Bool
  }

  package var run: String
  /// Whether somebody works on the run.
  package var isGoingOn: Bool
  package var task: RunHistory.Task
  package var after: [RunHistory.Task]
  /// Oldest first.
  package var attempts: [RunHistory.Span]
  package var failures: [Diagnostic]
  package var log: Log?
}

/// The tasks of one stage of a run.
package struct StageTasks: Sendable {
  package var run: String
  /// Whether somebody works on the run.
  package var isGoingOn: Bool
  package var count = 0
  /// In plan order; of many, those that failed and those that run come first.
  package var shown: [RunHistory.Task] = []

  package static let listed = 500

  init(_ history: RunHistory, stage: String, isGoingOn: Bool) {
    (run, self.isGoingOn) = (history.run, isGoingOn)
    var (urgent, others) = ([Int](), [Int]())
    for (index, task) in history.tasks.enumerated() where task.stage == stage {
      count += 1
      let isUrgent = task.hasFailed || (task.began != nil && task.ended == nil && !task.isDone)
      if isUrgent, urgent.count < Self.listed {
        urgent.append(index)
      } else if others.count < Self.listed {
        others.append(index)
      }
    }
    let places = count > Self.listed ? urgent + others : (urgent + others).sorted()
    shown = places.prefix(Self.listed).map { history.tasks[$0] }
  }
}

/// Why a task ran, as `interlock why` tells it.
package enum TaskCauses: Sendable {
  /// In sentences.
  case known([String])
  /// It is being found out.
  case asked
  /// In a sentence why not.
  case unknown(String)
}
