import FoundationEssentials
package import TaskGraph

/// The fields of a `TaskFile` before its input; the input is appended as the planner encoded it, byte for byte.
private struct TaskFileFields: Encodable {
  var schema = taskFileSchema
  var attempt: String
  var key: TaskKey
  var kind: String
  var version: Int
  var label: String
  var needs: TaskNeeds
  var tools: [String: String]?
}

extension TaskNode {
  /// What `attempts/<id>/task.json` holds for one attempt at this task.
  ///
  /// - Parameters:
  ///   - attempt: empty in a file that several attempts may be made of; it comes first in the file.
  ///   - tools: what is here, for a worker on another machine, which must have the same; nil for one of this machine.
  package func taskFile(attempt: String, tools: ToolInventory? = nil) throws -> [UInt8] {
    let needed = tools?.needed(by: self) ?? [:]
    let fields = TaskFileFields(
      attempt: attempt, key: key, kind: kind, version: version, label: label, needs: needs,
      tools: needed.isEmpty ? nil : needed)
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
  package var stageTotals: [StageTotal] {
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
