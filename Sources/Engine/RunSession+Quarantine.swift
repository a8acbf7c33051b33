import Diagnostics
import TaskGraph

/// Tasks that were poison once.
extension RunSession {
  /// Says which tasks of the plan are quarantined, and why.
  func tellQuarantined() throws {
    for (task, record) in quarantined.sorted(by: { $0.key < $1.key }) {
      try journal.tell(.quarantined, task: task) { event in
        event.message =
          "quarantined since \(record.since), \(record.attempts) attempts ended without a result, the last: "
          + "\(record.message); it is tried once"
      }
    }
  }

  /// Quarantines a task that is poison; `report` is what the run tells of it.
  mutating func quarantine(_ task: Int, _ cause: LossCause, attempts: Int, _ report: inout TaskFailure) {
    let node = plan.nodes[task]
    let record = QuarantinedTask(
      key: node.key, kind: node.kind, stage: node.stage, label: node.label, cause: cause,
      attempts: (quarantined[task]?.attempts ?? 0) + attempts,
      message: report.diagnostics.first?.message ?? "no reason", run: engine.run,
      since: quarantined[task]?.since ?? engine.clock.timeOfDay)
    do {
      try TaskQuarantine(engine.production).add(record)
      report.diagnostics.append(
        Diagnostic(
          severity: .note, family: .failed, code: report.diagnostics.first?.code ?? "task.quarantined",
          message: "\(node.label) is quarantined: the next run tries it once, and lifts this if it succeeds"))
    } catch {
      report.diagnostics.append(
        Diagnostic(
          severity: .warning, family: .failed, code: "task.notQuarantined",
          message: "\(node.label) could not be quarantined, so the next run tries it as often: \(error)"))
    }
  }

  /// Lifts the quarantine of a task that has a result now.
  func releaseFromQuarantine(_ task: Int) throws {
    guard quarantined[task] != nil else { return }
    try TaskQuarantine(engine.production).release(plan.nodes[task].key)
  }
}
