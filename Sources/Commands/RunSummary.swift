import Board
import Diagnostics
import Editorial
import Engine
import Foundation
import Monitoring
import ObjectStore
import Planning
import Publishing
import TaskGraph
import TaskKinds

/// What a finished run tells its user.
struct RunSummary {
  let plan: ProgrammePlan
  let outcome: RunOutcome
  let production: Production
  /// The production as the user named it.
  let typed: String
  let seals: VersionSeals
  let programme: String
  let seconds: Double

  func report() throws -> RunReport {
    let versions = try published()
    return RunReport(
      programme: programme, production: typed, events: plan.conform.events.count,
      framesMade: outcome.framesMade,
      attempts: outcome.attempts, lostAttempts: outcome.lostAttempts, seconds: seconds,
      deliverables: plan.deliverables.map { deliverable in
        let version = versions[delivered(deliverable.stage)]
        return RunReport.Deliverable(
          stage: deliverable.stage, profile: deliverable.profile,
          version: version.map { VersionLine.folderName(version: $0.version) },
          path: version.map { DeliverablePath.display($0, production: production, typed: typed) },
          frames: deliverable.frames, distinctFrames: deliverable.distinctFrames,
          reusedFrames: deliverable.reusedFrames, newFrames: deliverable.newFrames,
          waitsFor: deliverable.waitsFor)
      }, gates: plan.gates,
      diagnostics: plan.diagnostics + outcome.warnings + outcome.failures.flatMap(\.diagnostics)
        + (try qualityFaults()),
      tasks: nil, estimatedSeconds: nil, toLookAt: viewables(Array(versions.values)).items)
  }

  private func viewables(_ versions: [VersionRecord]) -> Viewables {
    Viewables(versions.sorted { $0.line.name < $1.line.name }, production: production, typed: typed)
  }

  func text() throws -> String {
    let versions = try published()
    let quality = try quality(versions)
    var lines: [String] = []
    let timeline = plan.conform.timeline
    lines.append(
      "\(programme): \(plan.conform.events.count) events, \(timeline.frameCount) frames at \(timeline.rate), from "
        + "\(timeline.timecode(at: 0))")
    for version in versions.values.sorted(by: { $0.line.name < $1.line.name })
    where version.line.shelf == .asset {
      lines += files(version)
    }
    for deliverable in plan.deliverables {
      guard deliverable.waitsFor.isEmpty else {
        lines.append(
          "  \(deliverable.stage)  \(deliverable.profile), \(deliverable.frames) frames: waits for "
            + deliverable.waitsFor.joined(separator: ", "))
        continue
      }
      var made = "\(deliverable.newFrames) made"
      if deliverable.reusedFrames > 0 { made += ", \(deliverable.reusedFrames) reused" }
      let repeats = deliverable.frames - deliverable.distinctFrames
      if repeats > 0 { made += ", \(repeats) repeated within the cut" }
      lines.append("  \(deliverable.stage)  \(deliverable.profile), \(deliverable.frames) frames: \(made)")
      if let version = versions[delivered(deliverable.stage)] {
        lines.append("      \(DeliverablePath.display(version, production: production, typed: typed))")
        lines += verification(version).map { "      \($0)" }
        if let state = quality[version.line] {
          lines.append("      \(state.text) (\(state.report))")
        }
      }
    }
    lines += viewables(Array(versions.values)).lines
    lines += gates(versions)
    let time = DisplayTime.exact(seconds)
    let isWaiting = plan.deliverables.contains { !$0.waitsFor.isEmpty }
    let isFailing = quality.values.contains { $0.verdict == .failed }
    if isFailing, outcome.exitCode == 0, !outcome.isCancelled {
      lines.append("Done in \(time); quality control found what nobody has waived")
    } else if isWaiting, outcome.exitCode == 0, !outcome.isCancelled {
      lines.append("Done and verified as far as the gates allow, in \(time)")
    } else if outcome.runID == nil, outcome.exitCode == 0 {
      lines.append("Nothing to do: everything exists and is verified (\(time))")
    } else if outcome.isCancelled {
      lines.append("Cancelled after \(time); finished segments are kept, run again to go on")
    } else if let end = outcome.earlyEnd {
      lines.append(
        "Ended after \(time), as \(Self.reason(end)); finished segments are kept, run again to go on")
    } else if outcome.failures.isEmpty {
      lines.append("Done and verified in \(time)")
    } else {
      let failed = outcome.failures.count == 1 ? "1 task" : "\(outcome.failures.count) tasks"
      let touched = outcome.failures.count == 1 ? "it does" : "they do"
      lines.append("\(failed) failed after \(time); what \(touched) not touch is done")
    }
    return lines.joined(separator: "\n")
  }

  /// Why a run ended early, in words that go on after "because".
  static func reason(_ end: EarlyEnd) -> String {
    switch end {
    case .firstFailure: "the run stops at the first failure"
    case .stalled: "disk, network or licences did not come back"
    }
  }

  /// What each gate says, and what its holder types.
  private func gates(_ versions: [VersionLine: VersionRecord]) -> [String] {
    plan.gates.flatMap { gate -> [String] in
      var lines = ["  \(gate.gate)  \(gate.text)"]
      lines += UnseenFrames.lines(gate.unseen).map { "      unseen: \($0)" }
      guard !gate.isOpen, let version = versions[delivered(gate.deliverable)] else { return lines }
      let name =
        "\(programme)/\(gate.deliverable)@\(VersionLine.folderName(version: version.version))"
      let path = DeliverablePath.display(version, production: production, typed: typed)
      lines.append("      look at it: \(path)")
      for verb in ["approve", "reject"] {
        for need in gate.waitsFor {
          let role = need.role.map { " --role \(CommandWords.quoted($0))" } ?? ""
          lines.append(
            "      \(verb) it: interlock \(verb) \(name)\(role) --production \(typed) --note \"…\"")
        }
      }
      return lines
    }
  }

  /// Files listed of one asset; of more the first ones and how many follow.
  private static let mostFiles = 4

  private func files(_ version: VersionRecord) -> [String] {
    let count = version.files.count
    let number = VersionLine.folderName(version: version.version)
    let shown = count > Self.mostFiles ? Self.mostFiles - 1 : count
    var lines = ["  \(version.line.name)  \(number), \(count == 1 ? "1 file" : "\(count) files")"]
    lines += version.files.prefix(shown).map { file in
      "      \(typed)/\(version.path(of: file, in: production).dropFirst(production.root.count + 1))"
    }
    if count > shown { lines.append("      … and \(count - shown) more") }
    return lines
  }

  private func verification(_ version: VersionRecord) -> [String] {
    guard let evidence = try? version.verification.decoded(as: AssembleTask.Evidence.self) else { return [] }
    return [
      "verified: \(evidence.proof), \(evidence.checks.count) checks, \(evidence.framesDecoded.count) frames decoded"
    ]
  }

  /// What quality control says of deliverables, where this plan measures them.
  private func quality(_ versions: [VersionLine: VersionRecord]) throws -> [VersionLine: QualityState] {
    let isMeasured = versions.values.contains { $0.files.contains { $0.name.hasSuffix(".qc.json") } }
    guard isMeasured else { return [:] }
    let store = ObjectStore(production)
    var shelf = VersionShelf(store)
    let shelves = try shelf.rows()
    var reports = QualityReports(production)
    var states: [VersionLine: QualityState] = [:]
    for version in versions.values where version.line.shelf == .deliverable {
      guard let own = shelves.first(where: { $0.line == version.line }) else { continue }
      states[version.line] = try reports.evidence(of: version, in: own, among: shelves, store: store)?.state
    }
    return states
  }

  /// That deliverables have findings which nobody has waived.
  func qualityFaults() throws -> [Diagnostic] {
    let versions = try published()
    return try quality(versions).filter { $0.value.verdict == .failed }
      .sorted { $0.key.name < $1.key.name }.compactMap { line, state in
        guard let version = versions[line] else { return nil }
        return Diagnostic(
          family: .verification, code: "qc.failed", message: "\(version.reference): \(state.text)",
          remedy:
            "Look at it with `interlock waive \(programme)/\(line.name) --show --production \(CommandWords.quoted(typed))`, and have it made again or waive it."
        )
      }
  }

  private func delivered(_ stage: String) -> VersionLine {
    VersionLine(.deliverable, programme: programme, name: stage)
  }

  /// The version that shows the present output of each line; a stage may publish several, as a grade does its sheet and
  /// its corrections.
  private func published() throws -> [VersionLine: VersionRecord] {
    var versions: [VersionLine: VersionRecord] = [:]
    for publish in plan.publishes {
      if let version = try seals.record(of: publish) { versions[version.line] = version }
    }
    return versions
  }
}
