import ArgumentParser
import Digests
import Engine
import Foundation
import Planning
import TaskGraph

struct RunDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Compare two runs: which tasks, made from what, how long.",
    discussion: """
      A run holds the tasks whose results were missing when it began. So a task that is only in the first run is \
      mostly one whose result the second found. A run that found nothing to do leaves no record.

        interlock run diff previous latest --production Output
        interlock run diff 01KB3Z 01KB40 --production Output --json
      """)

  @Argument(help: "The first run: its name or a part of it, latest or previous.")
  var first: String

  @Argument(help: "The second run.")
  var second: String

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let archive = RunArchive(try production.required())
    let comparison = try RunComparison(
      try RecordedRun(first, in: archive), try RecordedRun(second, in: archive))
    if json {
      return Outcome.printResult(
        String(decoding: try JSONBytes.encode(comparison.answer, isPretty: true), as: UTF8.self))
    }
    Outcome.printResult(comparison.text.joined(separator: "\n"))
  }
}

/// What two runs have in common, and what sets them apart.
struct RunComparison {
  let first: RecordedRun
  let second: RecordedRun
  /// Positions in the plans.
  private let onlyInFirst: [PlanRecord.Entry]
  /// With what their ingredients differ in from those of the first run.
  private let onlyInSecond: [ExplainedTasks.Task]
  private let both: [PlanRecord.Entry]

  init(_ first: RecordedRun, _ second: RecordedRun) throws {
    self.first = first
    self.second = second
    let keys = (Set(first.plan.tasks.map(\.key)), Set(second.plan.tasks.map(\.key)))
    onlyInFirst = first.plan.tasks.filter { !keys.1.contains($0.key) }
    both = second.plan.tasks.filter { keys.0.contains($0.key) }
    var history = TaskHistory(for: second.plan)
    history.add(first.plan)
    let causes = history.causes(of: second.plan) { _ in first.log }
    onlyInSecond = zip(second.plan.tasks, causes).filter { !keys.0.contains($0.0.key) }.map { entry, causes in
      var task = ExplainedTasks.Task(entry, causes, isPrepared: false)
      let ended = second.log.tasks[entry.key]
      task.ending = (ended?.ending ?? .undone).rawValue
      task.attempts = ended?.attempts ?? 0
      task.seconds = ended?.seconds
      return task
    }
  }

  // MARK: JSON

  struct Answer: Encodable {
    struct Task: Encodable {
      var key: String
      var kind: String
      var stage: String
      var label: String
      var frames: Int
      var ending: String
      var seconds: Double?
      var retries: Int
    }

    struct Pair: Encodable {
      var first: Task
      var second: Task
    }

    struct Stages: Encodable {
      var first: [RecordedRun.Stage]
      var second: [RecordedRun.Stage]
    }

    var first: RecordedRun.Facts
    var second: RecordedRun.Facts
    var changes: [CauseSummary.Line]
    var onlyInFirst: [Task]
    var onlyInSecond: [ExplainedTasks.Task]
    var inBoth: [Pair]
    var stages: Stages
  }

  var answer: Answer {
    let inFirst = Dictionary(first.plan.tasks.map { ($0.key, $0) }, uniquingKeysWith: { one, _ in one })
    return Answer(
      first: first.facts, second: second.facts,
      changes: CauseSummary(onlyInSecond.map { ($0.causes, $0.frames) }).lines,
      onlyInFirst: onlyInFirst.map { Self.task($0, first.log) }, onlyInSecond: onlyInSecond,
      inBoth: both.compactMap { entry in
        inFirst[entry.key].map { old in
          Answer.Pair(first: Self.task(old, first.log), second: Self.task(entry, second.log))
        }
      }, stages: Answer.Stages(first: first.stages, second: second.stages))
  }

  private static func task(_ entry: PlanRecord.Entry, _ log: RunLog) -> Answer.Task {
    let ended = log.tasks[entry.key]
    return Answer.Task(
      key: entry.key.hex, kind: entry.kind, stage: entry.stage, label: entry.label, frames: entry.frames ?? 0,
      ending: (ended?.ending ?? .undone).rawValue, seconds: ended?.seconds, retries: ended?.retries ?? 0)
  }

  // MARK: Text

  var text: [String] {
    var lines = [Self.heading("first ", first), Self.heading("second", second)]
    if first.name == second.name { return lines + ["Both are the same run."] }
    lines += changedInputs
    let causes = CauseLines(onlyInSecond, roots: true).text()
    if !causes.isEmpty { lines += ["Changed:"] + causes }
    lines.append("Tasks:")
    lines.append("  \(Self.counted(both.map(\.frames))) in both")
    lines.append(
      "  \(Self.counted(onlyInFirst.map(\.frames))) only in the first"
        + (onlyInFirst.isEmpty ? "" : ": the second found what they make, or did not need it"))
    lines.append("  \(Self.counted(onlyInSecond.map(\.frames))) only in the second")
    lines.append("Stages, first and second:")
    return lines + stages
  }

  private static func heading(_ name: String, _ run: RecordedRun) -> String {
    var parts = ["\(name)  \(run.name)", run.when, run.log.outcome, run.size]
    if run.retries > 0 { parts.append("\(run.retries) retries") }
    if run.phase != .main { parts.append(run.phase.rawValue) }
    return parts.joined(separator: "  ")
  }

  private var changedInputs: [String] {
    var lines: [String] = []
    func compare(_ name: String, _ old: String?, _ new: String?) {
      if old != new { lines.append("\(name): \(old ?? "not on record") → \(new ?? "not on record")") }
    }
    let (old, new) = (first.plan.purpose, second.plan.purpose)
    compare("programme", old?.programme, new?.programme)
    compare("pipeline", old?.pipeline, new?.pipeline)
    compare("cut", old?.cut?.joined(separator: ", "), new?.cut?.joined(separator: ", "))
    return lines
  }

  private static func counted(_ frames: [Int?]) -> String {
    let total = frames.reduce(0) { $0 + ($1 ?? 0) }
    return (frames.count == 1 ? "1 task" : "\(frames.count) tasks") + (total > 0 ? ", \(total) frames," : "")
  }

  private static func counted(_ frames: [Int]) -> String { counted(frames.map(Optional.some)) }

  private var stages: [String] {
    let (old, new) = (first.stages, second.stages)
    var names = old.map(\.stage)
    for stage in new where !names.contains(stage.stage) { names.append(stage.stage) }
    let width = names.map(\.count).max() ?? 0
    return names.map { name in
      let left = old.first { $0.stage == name }?.text ?? "nothing"
      let right = new.first { $0.stage == name }?.text ?? "nothing"
      return "  \(name.padding(toLength: width, withPad: " ", startingAt: 0))  \(left)  →  \(right)"
    }
  }
}
