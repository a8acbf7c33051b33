import Engine
package import TaskGraph

/// What the stages of a run took so far: cheap enough to be made whenever somebody looks at a run that goes on.
package struct StageSums: Sendable {
  /// In plan order.
  package var stages: [RunFigures.Stage]
  package var rate: CostRate?

  /// - Parameter rate: instead of the one on record.
  /// - Complexity: O(tasks + attempts).
  package init(_ history: RunHistory, rate: CostRate? = nil) {
    let rate = rate ?? history.heading?.cost
    self.rate = rate
    stages = Self.stages(history, rate)
  }

  package var workerSeconds: Double { stages.reduce(0) { $0 + $1.workerSeconds } }
  package var cpuSeconds: Double { stages.reduce(0) { $0 + $1.cpuSeconds } }
  package var writtenBytes: Int64 { stages.reduce(0) { $0 + $1.writtenBytes } }
  /// In whole currency; nil without a rate.
  package var cost: Double? { rate.map { _ in stages.reduce(0) { $0 + ($1.cost ?? 0) } } }

  private static func stages(_ history: RunHistory, _ rate: CostRate?) -> [RunFigures.Stage] {
    var stages: [RunFigures.Stage] = []
    var indices: [String: Int] = [:]
    var stageOfTask: [Int] = []
    stageOfTask.reserveCapacity(history.tasks.count)
    for task in history.tasks {
      let index = indices[task.stage] ?? stages.count
      if index == stages.count {
        indices[task.stage] = index
        stages.append(RunFigures.Stage(stage: task.stage))
      }
      stageOfTask.append(index)
      stages[index].tasks += 1
      if task.isDone {
        stages[index].tasksDone += 1
        stages[index].frames += task.frames
      }
    }
    for span in history.spans {
      let index = stageOfTask[span.task]
      stages[index].attempts += 1
      if span.outcome == .failed || span.outcome == .lost { stages[index].failedAttempts += 1 }
      // The coordinator's own work is not a worker's time.
      if span.worker > 0 { stages[index].workerSeconds += history.end(of: span) - span.began }
      stages[index].cpuSeconds += span.cpuSeconds
      stages[index].peakMemoryBytes = max(stages[index].peakMemoryBytes, span.peakMemoryBytes)
      stages[index].writtenBytes += span.writtenBytes
      stages[index].waitedSeconds += span.waited
    }
    guard let rate else { return stages }
    for index in stages.indices {
      stages[index].cost = rate.cost(
        cpuSeconds: stages[index].cpuSeconds, workerSeconds: stages[index].workerSeconds)
    }
    return stages
  }
}
