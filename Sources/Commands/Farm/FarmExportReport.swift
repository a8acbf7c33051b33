import Farm
import Foundation
import Planning
import TaskGraph

/// What was exported, for people and programs.
struct FarmExportReport: Encodable {
  struct Step: Encodable {
    var name: String
    var tasks: Int
    var frames: Int
    var waitsFor: [String]
    var cores: Int
    var memoryMiB: Int
  }

  /// Nil when there was nothing to do.
  var folder: String?
  var tasks: Int
  var steps: [Step]
  /// Tasks behind closed gates, which are not part of the job.
  var held: Int
  var start: [String]
  /// What the farm said of the jobs that it was handed, a line each; nil when it was handed none.
  var submitted: [String]?
  /// What takes up the results afterwards; nil when there was nothing to do.
  var takeUp: String?

  init(job: FarmJob, held: Int, start: [String], takeUp: String, folder: String?) {
    self.folder = folder
    self.held = held
    self.start = folder == nil ? [] : start
    self.takeUp = folder == nil ? nil : takeUp
    tasks = job.plan.nodes.count
    steps = job.steps.map { step in
      Step(
        name: step.name, tasks: step.tasks.count, frames: step.frames,
        waitsFor: step.dependencies.map { job.steps[$0].name }, cores: step.needs.cores,
        memoryMiB: step.needs.memory)
    }
  }

  /// Whether nothing can be done before a person decides.
  var waitsOnly: Bool { folder == nil && held > 0 }

  func print(asJSON: Bool) throws {
    Outcome.printResult(
      asJSON ? String(decoding: try JSONBytes.encode(self, isPretty: true), as: UTF8.self) : text)
  }

  private var text: String {
    guard let folder, let takeUp else {
      return held == 0
        ? "Nothing to do: everything exists and is verified" : "\(held) tasks wait behind closed gates"
    }
    var lines = ["\(folder): \(tasks) tasks in \(steps.count) steps"]
    let width = 2 + (steps.map(\.name.count).max() ?? 0)
    for step in steps {
      let count = step.tasks == 1 ? "1 task" : "\(step.tasks) tasks"
      let frames = step.frames > 0 ? ", \(step.frames) frames" : ""
      let waits = step.waitsFor.isEmpty ? "" : "; after \(step.waitsFor.joined(separator: ", "))"
      lines.append(
        "  " + step.name.padding(toLength: width, withPad: " ", startingAt: 0) + count + frames + waits)
    }
    if held > 0 { lines.append("\(held) tasks wait behind closed gates; export again when they are open") }
    if let submitted {
      lines.append("Submitted:")
      lines += submitted.map { "  \($0)" }
    } else {
      lines.append("Start it:")
      lines += start.map { "  \($0)" }
    }
    lines.append(submitted == nil ? "Then take up what was made:" : "When it is done, take up what was made:")
    lines.append("  \(takeUp)")
    return lines.joined(separator: "\n")
  }
}
