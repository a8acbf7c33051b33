import FoundationEssentials
import TaskGraph

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
