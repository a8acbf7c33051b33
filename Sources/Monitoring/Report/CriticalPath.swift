/// The chain of tasks that decided when a run ended: from the task that ended last back, each time to what it waited
/// for longest.
package struct CriticalPath: Sendable {
  package struct Step: Sendable {
    /// Index of the task.
    package var task: Int
    /// Seconds since the run began.
    package var began: Double
    package var ended: Double
    /// Between the end of the step before, or the beginning of the run, and its own start: for a place to run.
    package var waited: Double
  }

  /// In order of time.
  package private(set) var steps: [Step] = []
  /// Seconds in which a step ran, and in which the next one waited for a place.
  package private(set) var working = 0.0
  package private(set) var waiting = 0.0

  /// - Complexity: O(tasks + edges of the path).
  package init(_ history: RunHistory) {
    let tasks = history.tasks
    func end(_ task: Int) -> Double { tasks[task].ended ?? -1 }
    var next = tasks.indices.filter { tasks[$0].ended != nil }.max { (end($0), -$0) < (end($1), -$1) }
    while let task = next, let began = tasks[task].began, let ended = tasks[task].ended {
      let cause = tasks[task].after.filter { tasks[$0].ended != nil }.max { end($0) < end($1) }
      steps.append(
        Step(task: task, began: began, ended: ended, waited: max(0, began - (cause.map(end) ?? 0))))
      // A plan has no cycles; a damaged file may.
      next = steps.count <= tasks.count ? cause : nil
    }
    steps.reverse()
    working = steps.reduce(0) { $0 + $1.ended - $1.began }
    waiting = steps.reduce(0) { $0 + $1.waited }
  }
}
