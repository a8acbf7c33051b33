import Diagnostics
import Editorial
import Engine
import Foundation
import ObjectStore
import Planning
import TaskGraph

/// A plan made for looking at, of one pipeline.
struct PlannedProgramme: Sendable {
  let programme: String
  /// Of the pipeline file, as typed.
  let path: String
  let events: Int
  var deliverables: [DeliverablePlan]
  var gates: [GateState]
  var diagnostics: [Diagnostic]
  var textless: TextlessFindings
  /// How colours are computed, where they are managed.
  var colours: [ColourPlan]
  /// Nil where nothing has changed since nothing was to be done.
  var work: Work?
  let place: PlanningPlace

  /// What was planned, and for whom.
  struct Work: Sendable {
    let pipeline: Pipeline
    var plan: ProgrammePlan
    /// What a run of this plan would be for.
    let purpose: RunPurpose
  }

  /// The tasks that a run does.
  var nodes: [TaskNode] { work?.plan.plan.nodes ?? [] }
  var heldTasks: Int { work?.plan.held.count ?? 0 }
  private var prepared: [TaskNode] { work?.plan.prepared ?? [] }

  /// Why each task runs; probes and questions that were answered on the way come first.
  func explained() throws -> ExplainedTasks {
    guard let work else { return ExplainedTasks() }
    return try ExplainedTasks(work.plan, purpose: work.purpose, archive: RunArchive(place.production))
  }

  func report() throws -> RunReport {
    let estimate = try PlanEstimate(nodes, ledger: place.ledger)
    let explained = try explained()
    return RunReport(
      programme: programme, production: place.production.root, events: events,
      framesMade: 0,
      attempts: 0, lostAttempts: 0, seconds: 0,
      deliverables: deliverables.map { deliverable in
        RunReport.Deliverable(
          stage: deliverable.stage, profile: deliverable.profile, version: deliverable.version, path: nil,
          frames: deliverable.frames, distinctFrames: deliverable.distinctFrames,
          reusedFrames: deliverable.reusedFrames, newFrames: deliverable.newFrames,
          waitsFor: deliverable.waitsFor)
      }, gates: gates, diagnostics: diagnostics,
      tasks: explained.tasks.filter { !$0.isPrepared }.map(RunReport.Task.init),
      prepared: explained.tasks.filter(\.isPrepared).map(RunReport.Task.init),
      textless: textless.pairs, colours: colours.isEmpty ? nil : colours, estimatedSeconds: estimate.seconds,
      estimatedStages: estimate.stages)
  }

  func lines() throws -> [String] {
    var lines: [String] = []
    for deliverable in deliverables {
      let state =
        deliverable.version.map { "published as \($0)" }
        ?? (deliverable.waitsFor.isEmpty
          ? "to be published" : "waits for \(deliverable.waitsFor.joined(separator: ", "))")
      lines.append(
        "\(deliverable.stage)  \(deliverable.profile), \(deliverable.frames) frames, \(deliverable.distinctFrames) different: "
          + "\(deliverable.newFrames) to make, \(deliverable.reusedFrames) reused; \(state)")
    }
    lines += textless.lines() + colours.flatMap(\.lines)
    for gate in gates {
      lines.append("\(gate.gate)  \(gate.text)")
      lines += UnseenFrames.lines(gate.unseen).map { "    unseen: \($0)" }
    }
    if heldTasks > 0 { lines.append("\(heldTasks) tasks wait behind closed gates") }
    if !prepared.isEmpty {
      lines.append(
        "To make this plan, \(prepared.count == 1 ? "1 task was" : "\(prepared.count) tasks were") done: "
          + prepared.map(\.label).prefix(3).joined(separator: "; ")
          + (prepared.count > 3 ? "; …" : "") + (place.isTemporary ? "; a run does it again" : ""))
    }
    if nodes.isEmpty { return lines + ["Nothing to do."] }
    lines.append("")
    func width(_ names: [String]) -> Int { 2 + (names.map(\.count).max() ?? 0) }
    let kinds = width(nodes.map(\.kind))
    let stages = width(nodes.map(\.stage))
    for node in nodes {
      let frames = node.frames > 0 ? "\(node.frames) frames" : ""
      lines.append(
        "  " + node.kind.padding(toLength: kinds, withPad: " ", startingAt: 0)
          + node.stage.padding(toLength: stages, withPad: " ", startingAt: 0)
          + "\(node.label)  \(frames)".padding(toLength: 52, withPad: " ", startingAt: 0) + "  " + node.reason
      )
    }
    let explained = try explained()
    lines += ["", "Because:"] + CauseLines(explained.tasks.filter { !$0.isPrepared }, roots: true).text()
    if let text = try PlanEstimate(nodes, ledger: place.ledger).text { lines += ["", text] }
    return lines
  }
}

extension PlannedProgramme {
  init(_ work: Work, place: PlanningPlace) {
    self.init(
      programme: work.pipeline.programme, path: work.pipeline.path, events: work.plan.conform.events.count,
      deliverables: work.plan.deliverables, gates: work.plan.gates, diagnostics: work.plan.diagnostics,
      textless: TextlessFindings(work.plan), colours: work.plan.colours, work: work, place: place)
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
