import Digests
import Engine
import FoundationEssentials
import Monitoring
import TaskGraph

/// Events of a run as they are in its file, from a few words.
struct EventScript {
  private(set) var lines: [String] = []
  let run = "01KAYZ0000000000000000000A"

  mutating func add(_ event: String, at seconds: Double, _ fields: String = "", task: String? = nil) {
    var parts = ["\"event\":\"\(event)\"", "\"at\":\"2026-11-26T06:00:00.000Z\"", "\"seconds\":\(seconds)"]
    parts.append("\"run\":\"\(run)\"")
    if let task {
      let stage = task.split(separator: " ").first.map(String.init) ?? task
      parts.append(
        "\"task\":\"\(Self.key(task))\",\"kind\":\"render\",\"stage\":\"\(stage)\",\"label\":\"\(task)\"")
    }
    if !fields.isEmpty { parts.append(fields) }
    lines.append("{\(parts.joined(separator: ","))}")
  }

  /// An attempt on a worker from its start to its end.
  mutating func attempt(
    _ task: String, worker: Int, _ began: Double, _ ended: Double, outcome: String = "done",
    cpu: Double? = nil
  ) {
    let id = "01KAYZ00000000000000000\(String(1000 + lines.count).suffix(3))"
    add(
      "attemptStarted", at: began, "\"attempt\":\"\(id)\",\"worker\":\(worker),\"number\":1,\"waited\":0.5",
      task: task)
    var fields =
      "\"attempt\":\"\(id)\",\"worker\":\(worker),\"number\":1,\"duration\":\(ended - began),\"outcome\":\"\(outcome)\""
    if let cpu { fields += ",\"cpuSeconds\":\(cpu),\"peakMemoryBytes\":1000000,\"writtenBytes\":500" }
    add("attemptEnded", at: ended, fields, task: task)
  }

  static func key(_ task: String) -> String { Digest.sha256(Array(task.utf8)).hex }

  var text: String { lines.map { $0 + "\n" }.joined() }

  func events() throws -> [RunEvent] {
    try lines.map { try JSONDecoder().decode(RunEvent.self, from: Data($0.utf8)) }
  }

  /// `plan.json` of tasks, each with the positions of what it waits for.
  ///
  /// - Parameters:
  ///   - groups: as JSON, of what tasks are made from.
  ///   - more: further fields of a task, by its label.
  static func plan(
    _ tasks: [(label: String, frames: Int, after: [Int])], groups: [String] = [], more: [String: String] = [:]
  ) -> [UInt8] {
    let entries = tasks.map { task in
      let stage = task.label.split(separator: " ").first ?? ""
      return """
        {"key":"\(key(task.label))","kind":"render","version":1,"stage":"\(stage)","label":"\(task.label)",\
        "reason":"new","place":"worker","frames":\(task.frames),"after":\(task.after)\(more[task.label].map { ",\($0)" } ?? "")}
        """
    }
    return Array(
      "{\"schema\":1,\"run\":\"\",\"began\":\"\",\"groups\":[\(groups.joined(separator: ","))],\"tasks\":[\(entries.joined(separator: ","))]}"
        .utf8)
  }
}
