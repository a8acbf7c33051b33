import Foundation
import Ledger
import TaskGraph

/// How long the tasks of a plan take by what such tasks took before.
struct PlanEstimate {
  struct Stage: Encodable {
    var stage: String
    var tasks: Int
    var frames: Int
    /// Of one worker; what costs are counted in.
    var workerSeconds: Double
  }

  /// In the order of the plan.
  private(set) var stages: [Stage] = []
  /// Tasks of kinds that were never timed here: they are left out.
  private(set) var untimedTasks = 0

  init(_ nodes: [TaskNode], ledger: Ledger) throws {
    var timings: [String: TimingEstimate?] = [:]
    var places: [String: Int] = [:]
    for node in nodes {
      let timing = try timings[node.kind] ?? ledger.timingEstimate(kind: node.kind)
      timings[node.kind] = .some(timing)
      if timing == nil { untimedTasks += 1 }
      let seconds = timing.map { timing in
        timing.secondsPerFrame.map { $0 * Double(node.frames) } ?? timing.secondsPerTask
      }
      let place = places[node.stage] ?? stages.count
      if place == stages.count {
        places[node.stage] = place
        stages.append(Stage(stage: node.stage, tasks: 0, frames: 0, workerSeconds: 0))
      }
      stages[place].tasks += 1
      stages[place].frames += node.frames
      stages[place].workerSeconds += seconds ?? 0
    }
  }

  private var tasks: Int { stages.reduce(0) { $0 + $1.tasks } }

  /// Wall time on this machine; nil where nothing is known.
  var seconds: Double? {
    guard tasks == 0 || untimedTasks < tasks else { return nil }
    let total = stages.reduce(0) { $0 + $1.workerSeconds }
    return total / Double(max(1, ProcessInfo.processInfo.activeProcessorCount))
  }

  /// Nil where nothing is known.
  var text: String? {
    guard let seconds, tasks > 0 else { return nil }
    let left = untimedTasks > 0 ? ", without \(untimedTasks) tasks of kinds that never ran here" : ""
    return "About \(LiveView.clock(seconds)) by what such tasks took before\(left)."
  }
}
