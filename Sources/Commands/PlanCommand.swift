import ArgumentParser
import Diagnostics
import Digests
import Editorial
import Engine
import Foundation
import Ledger
import ObjectStore
import Planning
import TaskGraph
import TaskKinds

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Say what a run would do, and why.",
    discussion: """
      Nothing is rendered or published. New media is probed, because the plan depends on it. Without a production \
      the plan is made from nothing, in a private temporary folder.
      """)

  @OptionGroup var pipeline: PipelineOptions
  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Print the tasks as a Graphviz graph.")
  var dot = false

  @Flag(help: "Print the tasks as a Mermaid graph.")
  var mermaid = false

  @Option(name: [.customShort("o"), .customLong("output")], help: "Write the JSON plan to this file.")
  var output: String?

  func validate() throws {
    if [json, dot, mermaid].filter(\.self).count > 1 {
      throw ValidationError("Choose one of --json, --dot, --mermaid")
    }
  }

  func run() async throws {
    let loaded = try await pipeline.load()
    let planned = try await PlannedProgramme(loaded, production: production, until: pipeline.until)
    if let output {
      try Data(JSONBytes.encode(try planned.report(), isPretty: true)).write(
        to: URL(fileURLWithPath: output), options: .atomic)
    }
    if json {
      Outcome.printResult(
        String(decoding: try JSONBytes.encode(try planned.report(), isPretty: true), as: UTF8.self))
    } else if dot || mermaid {
      Outcome.printResult(TaskDrawing(planned.plan.plan).text(asMermaid: mermaid))
    } else {
      Outcome.printDiagnostics(planned.plan.diagnostics)
      Outcome.printResult(try planned.text())
    }
  }
}

/// A plan made for looking at: in the production if there is one, else in a folder that goes away again.
final class PlannedProgramme {
  let pipeline: Pipeline
  let plan: ProgrammePlan
  let production: Production
  let ledger: Ledger
  /// What a run of this plan would be for.
  let purpose: RunPurpose
  private let temporary: PrivateFolder?

  init(_ pipeline: Pipeline, production options: ProductionOptions, until: String?) async throws {
    self.pipeline = pipeline
    let tools = try await WorkerExecutable.identity()
    if let existing = try options.existing() {
      temporary = nil
      production = existing
    } else {
      let folder = try PrivateFolder()
      temporary = folder
      production = try Production.create(at: folder.path)
    }
    let ledger = try Ledger.open(production)
    do {
      // Most plans need no probe, and then a run may go on beside them.
      let session = ProgrammeSession(
        pipeline: pipeline, production: production, store: ObjectStore(production), ledger: ledger,
        tools: tools)
      plan = try await session.plan(until: until, probing: nil)
      purpose = session.purpose(.main, of: plan)
      self.ledger = ledger
    } catch is ProbesMissing {
      let engine = try await EngineAccess.open(production, workers: nil, isQuiet: true)
      let session = ProgrammeSession(
        pipeline: pipeline, production: production, store: engine.store, ledger: engine.ledger, tools: tools)
      plan = try await session.plan(until: until, probing: engine)
      purpose = session.purpose(.main, of: plan)
      self.ledger = engine.ledger
      await engine.close()
    }
  }

  /// Whether the plan was made outside of any production.
  private var isTemporary: Bool { temporary != nil }

  /// Why each task runs; probes and questions that were answered on the way come first.
  func explained() throws -> ExplainedTasks {
    try ExplainedTasks(plan, purpose: purpose, archive: RunArchive(production))
  }

  func report() throws -> RunReport {
    let estimate = try PlanEstimate(plan.plan.nodes, ledger: ledger)
    let explained = try explained()
    return RunReport(
      programme: pipeline.programme, production: production.root, events: plan.conform.events.count,
      framesMade: 0,
      attempts: 0, lostAttempts: 0, seconds: 0,
      deliverables: plan.deliverables.map { deliverable in
        RunReport.Deliverable(
          stage: deliverable.stage, profile: deliverable.profile, version: deliverable.version, path: nil,
          frames: deliverable.frames, distinctFrames: deliverable.distinctFrames,
          reusedFrames: deliverable.reusedFrames, newFrames: deliverable.newFrames,
          waitsFor: deliverable.waitsFor)
      }, gates: plan.gates, diagnostics: plan.diagnostics,
      tasks: explained.tasks.filter { !$0.isPrepared }.map(RunReport.Task.init),
      prepared: explained.tasks.filter(\.isPrepared).map(RunReport.Task.init),
      colours: plan.colours.isEmpty ? nil : plan.colours,
      estimatedSeconds: estimate.seconds, estimatedStages: estimate.stages)
  }

  func text() throws -> String {
    var lines: [String] = []
    for deliverable in plan.deliverables {
      let state =
        deliverable.version.map { "published as \($0)" }
        ?? (deliverable.waitsFor.isEmpty
          ? "to be published" : "waits for \(deliverable.waitsFor.joined(separator: ", "))")
      lines.append(
        "\(deliverable.stage)  \(deliverable.profile), \(deliverable.frames) frames, \(deliverable.distinctFrames) different: "
          + "\(deliverable.newFrames) to make, \(deliverable.reusedFrames) reused; \(state)")
    }
    lines += plan.colours.flatMap(\.lines)
    for gate in plan.gates {
      lines.append("\(gate.gate)  \(gate.text)")
      lines += UnseenFrames.lines(gate.unseen).map { "    unseen: \($0)" }
    }
    if !plan.held.isEmpty { lines.append("\(plan.held.count) tasks wait behind closed gates") }
    if !plan.prepared.isEmpty {
      lines.append(
        "To make this plan, \(plan.prepared.count == 1 ? "1 task was" : "\(plan.prepared.count) tasks were") done: "
          + plan.prepared.map(\.label).prefix(3).joined(separator: "; ")
          + (plan.prepared.count > 3 ? "; …" : "") + (isTemporary ? "; a run does it again" : ""))
    }
    if plan.plan.isEmpty { return (lines + ["Nothing to do."]).joined(separator: "\n") }
    lines.append("")
    func width(_ names: [String]) -> Int { 2 + (names.map(\.count).max() ?? 0) }
    let kinds = width(plan.plan.nodes.map(\.kind))
    let stages = width(plan.plan.nodes.map(\.stage))
    for node in plan.plan.nodes {
      let frames = node.frames > 0 ? "\(node.frames) frames" : ""
      lines.append(
        "  " + node.kind.padding(toLength: kinds, withPad: " ", startingAt: 0)
          + node.stage.padding(toLength: stages, withPad: " ", startingAt: 0)
          + "\(node.label)  \(frames)".padding(toLength: 52, withPad: " ", startingAt: 0) + "  " + node.reason
      )
    }
    let explained = try explained()
    lines += ["", "Because:"] + CauseLines(explained.tasks.filter { !$0.isPrepared }, roots: true).text()
    if let text = try PlanEstimate(plan.plan.nodes, ledger: ledger).text { lines += ["", text] }
    return lines.joined(separator: "\n")
  }
}

extension ColourPlan {
  /// In words, a line for each form.
  fileprivate var lines: [String] {
    forms.map { form in
      let count = form.processors == 1 ? "1 processor" : "\(form.processors) processors"
      let error = String(format: "%.3f", form.largestError)
      return
        "\(stage)  colours: \(count) \(form.form), at most \(error) codes off (\(form.example): \(form.reason))"
    }
  }
}

/// A folder for one command, removed with it.
final class PrivateFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/interlock-\(ULID.next())"
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Tasks and what they wait for, as a graph.
struct TaskDrawing {
  let plan: Plan

  init(_ plan: Plan) { self.plan = plan }

  func text(asMermaid: Bool) -> String {
    var lines = [asMermaid ? "flowchart LR" : "digraph plan {\n  rankdir=LR; node [shape=box];"]
    for (index, node) in plan.nodes.enumerated() {
      let label = "\(node.kind): \(node.label)".replacingOccurrences(of: "\"", with: "'")
      lines.append(asMermaid ? "  t\(index)[\"\(label)\"]" : "  t\(index) [label=\"\(label)\"];")
      for other in plan.dependants[index] {
        lines.append(asMermaid ? "  t\(index) --> t\(other)" : "  t\(index) -> t\(other);")
      }
    }
    if !asMermaid { lines.append("}") }
    return lines.joined(separator: "\n")
  }
}
