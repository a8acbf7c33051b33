import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Planning

struct WhyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why", abstract: "Say why something has to be made, or why a run made it.",
    discussion: """
      Compares what keys are made from with what they were made from when the same thing was last made, and names \
      what is new or has changed, from what to what. With --pipeline it is about what would run now, without it about \
      the latest run or the one that --run names.

        interlock why master --pipeline Pipelines/short-film.yaml --production Output
        interlock why master --run latest --production Output
      """)

  @Argument(help: "Name of a stage, or part of a task's label or key.")
  var target: String

  @Option(help: "Pipeline file: why would it run now?")
  var pipeline: String?

  @Option(
    name: .customLong("run"),
    help: "A run on record: its name or a part of it, latest or previous. Why did it run?")
  var recordedRun: String?

  @Option(
    name: .customLong("set"), help: ArgumentHelp("Overrides a key of the pipeline.", valueName: "key=value"))
  var overrides: [String] = []

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if pipeline != nil, recordedRun != nil { throw ValidationError("Choose one of --pipeline and --run") }
    if pipeline == nil, !overrides.isEmpty { throw ValidationError("--set needs --pipeline") }
  }

  func run() async throws {
    if let pipeline { try await before(pipeline) } else { try after() }
  }

  // MARK: Before

  private func before(_ pipeline: String) async throws {
    let (planned, work) = try await PlannedProgrammes.one(
      pipeline, overrides: overrides, production: production)
    let tasks = try wanted(
      planned.explained().tasks, stages: work.pipeline.stages.map { $0.declaration.name })
    if json { return try Outcome.printResult(json(of: tasks)) }
    guard tasks.isEmpty else {
      return Outcome.printResult(
        text(of: tasks, heading: "\(target): \(counted(tasks)) to do").joined(separator: "\n"))
    }
    let version = planned.deliverables.first { $0.stage == target }?.version
    Outcome.printResult(
      "\(target) has nothing to do: everything it needs exists"
        + (version.map { " and \($0) is exactly this" } ?? ""))
  }

  // MARK: After

  private func after() throws {
    let archive = RunArchive(try production.required())
    let recorded = try RecordedRun(recordedRun ?? "latest", in: archive)
    let explained = try ExplainedTasks(run: recorded.plan, log: recorded.log, archive: archive)
    let tasks = try wanted(explained.tasks, stages: Array(Set(recorded.plan.tasks.map(\.stage))).sorted())
    if json { return try Outcome.printResult(json(of: tasks)) }
    let heading = "\(target): \(counted(tasks)) in run \(recorded.name), \(recorded.when)"
    Outcome.printResult(text(of: tasks, heading: heading).joined(separator: "\n"))
  }

  // MARK: Both

  private func wanted(_ tasks: [ExplainedTasks.Task], stages: [String]) throws -> [ExplainedTasks.Task] {
    let found = tasks.filter { task in
      task.stage == target || task.label.contains(target) || task.key.hasPrefix(target)
        || task.causes.contains { $0.about?.contains(target) == true }
    }
    guard found.isEmpty, !stages.contains(target) else { return found }
    throw DiagnosticList([
      Diagnostic(
        severity: .error, family: .usage, code: "why.unknown", location: nil,
        message: "nothing in the plan is called `\(target)`",
        remedy: nearest(target, among: stages).map { "Did you mean `\($0)`?" }
          ?? "The stages are \(stages.joined(separator: ", ")).")
    ])
  }

  private func json(of tasks: [ExplainedTasks.Task]) throws -> String {
    String(decoding: try JSONBytes.encode(tasks, isPretty: true), as: UTF8.self)
  }

  private func counted(_ tasks: [ExplainedTasks.Task]) -> String {
    let frames = tasks.reduce(0) { $0 + $1.frames }
    return (tasks.count == 1 ? "1 task" : "\(tasks.count) tasks") + (frames > 0 ? ", \(frames) frames" : "")
  }

  /// Kind by kind; single tasks by their label.
  private func text(of tasks: [ExplainedTasks.Task], heading: String) -> [String] {
    var kinds: [String] = []
    for task in tasks where !kinds.contains(task.kind) { kinds.append(task.kind) }
    return [heading]
      + kinds.flatMap { kind in
        let some = tasks.filter { $0.kind == kind }
        let name = some.count == 1 ? "\(kind)  \(some[0].label)" : "\(kind)  \(counted(some))"
        let isDone = some.allSatisfy(\.isPrepared) && pipeline != nil
        return ["  \(name)" + (isDone ? ", done to make this plan" : "")]
          + CauseLines(some).text(indent: "    ")
      }
  }
}
