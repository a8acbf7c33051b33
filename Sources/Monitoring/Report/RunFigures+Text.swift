import Diagnostics
import TaskGraph

extension RunFigures {
  /// The figures for a terminal.
  package func text() -> String {
    let state =
      switch exit {
      case 0: "done in"
      case 130, 143: "cancelled after"
      case .some(let exit): "failed with exit \(exit) after"
      case nil: "without an end on record after"
      }
    var lines = [
      "\(TerminalText.printable(programme ?? "run"))  \(run), \(state) \(DisplayTime.exact(seconds))",
      "  \(tasksDone) of \(tasks) tasks, \(framesMade) frames made, \(attempts) attempts"
        + (retries > 0 ? ", \(retries) retried" : "") + (lostAttempts > 0 ? ", \(lostAttempts) lost" : ""),
      "",
    ]
    let nameWidth = min(
      24, max(5, stages.map { TerminalText.width(TerminalText.printable($0.stage)) }.max() ?? 0))
    let columns =
      ["tasks", "frames", "worker time", "CPU time", "memory"] + (rate.map { [$0.currency] } ?? [])
    lines.append(
      "  " + TerminalText.fit("stage", nameWidth)
        + columns.map { Self.right(TerminalText.printable($0), 12) }.joined())
    let worked = stages.filter { $0.attempts > 0 }.sorted { $0.workerSeconds > $1.workerSeconds }
    for stage in worked.prefix(Self.stagesListed) {
      var cells = [
        "\(stage.tasksDone)", "\(stage.frames)", PageText.hours(stage.workerSeconds),
        PageText.hours(stage.cpuSeconds), PageText.bytes(stage.peakMemoryBytes),
      ]
      if rate != nil { cells.append(decimal(stage.cost ?? 0, 4)) }
      lines.append(
        "  " + TerminalText.fit(TerminalText.printable(stage.stage), nameWidth)
          + cells.map { Self.right($0, 12) }.joined())
    }
    if worked.count > Self.stagesListed { lines.append("  … and \(worked.count - Self.stagesListed) more") }
    if worked.count < stages.count {
      lines.append("  \(stages.count - worked.count) of \(stages.count) stages had no attempt")
    }
    if let cost, let rate {
      lines.append("  cost \(decimal(cost, 4)) \(rate.currency) at \(rate)")
    }
    let path = criticalPath
    if !path.steps.isEmpty {
      lines.append(
        "  critical path: \(PageText.percent(path.workingSeconds, of: seconds)) of the time at work, "
          + "\(PageText.percent(path.waitingSeconds, of: seconds)) waiting for a place")
    }
    for failure in failures {
      lines.append(
        "  ✗ \(TerminalText.printable(failure.stage))  \(TerminalText.printable(failure.label)): "
          + TerminalText.printable(failure.diagnostics.first?.message ?? "no reason given")
          + (failure.attempt.map { "  (interlock logs \($0))" } ?? ""))
    }
    if moreFailures > 0 { lines.append("  … and \(moreFailures) more failures") }
    return lines.joined(separator: "\n")
  }

  private static let stagesListed = 40

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - TerminalText.width(text))) + text
  }
}
