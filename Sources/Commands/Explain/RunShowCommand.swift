import ArgumentParser
import Engine
import Foundation
import Planning

struct RunShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one run: its stages, why it ran, what failed.",
    discussion: "  interlock run show latest --production Output")

  @Argument(help: ArgumentHelp("Name of the run or a part of it, latest or previous.", valueName: "run"))
  var name: String = "latest"

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print JSON.")
  var json = false

  private struct Answer: Encodable {
    var run: RecordedRun.Facts
    var stages: [RecordedRun.Stage]
    var tasks: [ExplainedTasks.Task]
  }

  func run() throws {
    let archive = RunArchive(try production.required())
    let recorded = try RecordedRun(name, in: archive)
    let explained = try ExplainedTasks(run: recorded.plan, log: recorded.log, archive: archive)
    if json {
      let answer = Answer(run: recorded.facts, stages: recorded.stages, tasks: explained.tasks)
      return Outcome.printResult(
        String(decoding: try JSONBytes.encode(answer, isPretty: true), as: UTF8.self))
    }
    var lines = ["run \(recorded.name)  \(recorded.when)  \(recorded.log.outcome)  \(recorded.size)"]
    if let purpose = recorded.plan.purpose {
      let facts = [purpose.pipeline, purpose.cut?.joined(separator: ", ")].compactMap { $0 }
      if !facts.isEmpty { lines.append("  \(facts.joined(separator: ", cut "))") }
      lines += (purpose.deliverables ?? []).map { deliverable in
        "  \(deliverable.stage)  \(deliverable.frames) frames: \(deliverable.newFrames) made, "
          + "\(deliverable.distinctFrames - deliverable.newFrames) reused"
      }
    }
    lines.append("Stages:")
    let width = recorded.stages.map(\.stage.count).max() ?? 0
    lines += recorded.stages.map { stage in
      "  \(stage.stage.padding(toLength: width, withPad: " ", startingAt: 0))  \(stage.text)"
    }
    lines += ["Because:"] + CauseLines(explained.tasks, roots: true).text()
    let failed = recorded.plan.tasks.filter { recorded.log.tasks[$0.key]?.ending == .failed }
    if !failed.isEmpty { lines.append("Failed:") }
    lines += failed.map { task in
      "  \(task.label): \(recorded.log.tasks[task.key]?.message ?? "without a word")"
    }
    Outcome.printResult(lines.joined(separator: "\n"))
  }
}
