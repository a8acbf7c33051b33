import FoundationEssentials
import TaskGraph

/// `runs/<ulid>/plan.json`: what the run set out to do, without the inputs of the tasks.
struct PlanRecord: Codable {
  struct Entry: Codable {
    var key: TaskKey
    var kind: String
    var version: Int
    var stage: String
    var label: String
    var reason: String
    var place: TaskPlace
    var frames: Int?
    /// Positions in `tasks` of what it waits for.
    var after: [Int]?
    var commits: [TaskKey]?
  }

  var schema: Int
  var run: String
  var began: String
  var tasks: [Entry]

  init(_ plan: Plan, run: String, began: String) {
    schema = 1
    self.run = run
    self.began = began
    var after = plan.nodes.map { _ in [Int]() }
    for (index, followers) in plan.dependants.enumerated() {
      for follower in followers { after[follower].append(index) }
    }
    tasks = zip(plan.nodes, after).map { node, after in
      Entry(
        key: node.key, kind: node.kind, version: node.version, stage: node.stage, label: node.label,
        reason: node.reason, place: node.place, frames: node.frames > 0 ? node.frames : nil,
        after: after.isEmpty ? nil : after, commits: node.commits.isEmpty ? nil : node.commits)
    }
  }

  func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
  }
}

/// The fields of a `TaskFile` before its input; the input is appended as the planner encoded it, byte for byte.
private struct TaskFileFields: Encodable {
  var schema = taskFileSchema
  var attempt: String
  var key: TaskKey
  var kind: String
  var version: Int
  var label: String
  var needs: TaskNeeds
}

extension TaskNode {
  /// What `attempts/<id>/task.json` holds for one attempt at this task.
  func taskFile(attempt: String) throws -> [UInt8] {
    let fields = TaskFileFields(
      attempt: attempt, key: key, kind: kind, version: version, label: label, needs: needs)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var bytes = Array(try encoder.encode(fields))
    bytes.removeLast()
    bytes += Array(",\"input\":".utf8) + payload + Array("}\n".utf8)
    return bytes
  }
}

extension Plan {
  /// Tasks and frames of each stage, in plan order.
  var stageTotals: [StageTotal] {
    var totals: [StageTotal] = []
    var indices: [String: Int] = [:]
    for node in nodes {
      let index = indices[node.stage] ?? totals.count
      if index == totals.count {
        indices[node.stage] = index
        totals.append(StageTotal(stage: node.stage, tasks: 0, frames: 0))
      }
      totals[index].tasks += 1
      totals[index].frames += node.frames
    }
    return totals
  }
}
