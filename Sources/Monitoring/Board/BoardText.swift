import Engine

/// The board of a run as lines for a terminal.
package struct BoardText {
  package var board: RunBoard
  package var state: RunState
  package var programme: String?
  /// Now, in seconds since the run began.
  package var seconds: Double
  /// Columns of the terminal.
  package var width = 100
  /// The most lines; what does not fit is summed up.
  package var height = 40
  package var style: TerminalStyle = .plain
  /// Gates that hold something back.
  package var closedGates: [RunHeading.Gate] = []

  package init(_ board: RunBoard, state: RunState, programme: String?, seconds: Double) {
    self.board = board
    self.state = state
    self.programme = programme
    self.seconds = seconds
  }

  private static let barWidth = 24
  private static let workBarWidth = 12

  package func lines() -> [String] {
    let head = [headline, overall].filter { !$0.isEmpty }
    let stages = stageLines
    let foot = [waitLine].compactMap(\.self) + gateLines + troubleLines
    let room = height - head.count - foot.count - 4
    // Stages and workers share what is left; stages first, as there are few.
    let stageRoom = max(3, min(stages.count, room - min(running.count, 4)))
    let shownStages = shortened(stages, to: stageRoom, of: "stages")
    let works = shortened(workLines, to: max(1, room - shownStages.count), of: "tasks")
    let blocks = [head, shownStages, works, foot].filter { !$0.isEmpty }
    return Array(blocks.joined(separator: [""]))
  }

  /// One line, for a log.
  package func summary() -> String {
    var parts = ["\(board.progress.tasksDone)/\(board.progress.tasksTotal) tasks"]
    if board.progress.framesTotal > 0 {
      parts.append("\(board.progress.framesDone)/\(board.progress.framesTotal) frames")
    }
    if let speed = speed { parts.append(speed) }
    parts.append("\(DisplayTime.text(seconds)) elapsed")
    if let left = left { parts.append("about \(DisplayTime.text(left)) left") }
    if board.tasksFailed > 0 { parts.append("\(board.tasksFailed) failed") }
    return parts.joined(separator: ", ")
  }

  /// One line for a log, with what became of the run.
  package func logLine() -> String {
    "\(TerminalText.printable(programme ?? "run")): \(stateText); \(summary())"
  }

  // MARK: Head

  private var headline: String {
    let name = style.text(TerminalText.printable(programme ?? "Run"), .strong)
    return TerminalText.clip("\(name)  \(stateText)", width, style)
  }

  private var stateText: String {
    let time = DisplayTime.text(seconds)
    switch state {
    case .running where board.progress.isCancelling: return style.text("stopping", .warning) + " \(time)"
    case .running:
      var text = style.text("running", .busy) + " \(time)"
      if let left { text += ", about \(DisplayTime.text(left)) left" }
      return text
    case .finished(0): return style.text("done", .good) + " in \(time)"
    case .finished(130), .finished(143): return style.text("cancelled", .warning) + " after \(time)"
    case .finished(let exit): return style.text("failed", .bad) + " after \(time), exit \(exit)"
    case .lost:
      let process = board.processID.map { " (process \($0))" } ?? ""
      return style.text("its coordinator is gone", .bad)
        + "\(process); run it again and it goes on from \(DisplayTime.text(board.progress.seconds))"
    case .silent(let silence):
      let host = board.host.map { " on \(TerminalText.printable($0))" } ?? ""
      return style.text("no word for \(DisplayTime.text(Double(silence)))", .warning)
        + "; its coordinator\(host) may be gone"
    }
  }

  private var overall: String {
    let progress = board.progress
    guard progress.tasksTotal > 0 else { return "" }
    var parts = ["\(progress.tasksDone)/\(progress.tasksTotal) tasks"]
    if progress.framesTotal > 0 { parts.append("\(progress.framesDone)/\(progress.framesTotal) frames") }
    if let speed { parts.append(speed) }
    if board.workers > 0, !board.isFinished {
      let busy = Set(running.compactMap(\.worker)).count
      parts.append("\(busy) of \(board.workers) workers busy")
    }
    if board.tasksFailed > 0 { parts.append(style.text("\(board.tasksFailed) failed", .bad)) }
    if board.tasksBlocked > 0 { parts.append(style.text("\(board.tasksBlocked) blocked", .warning)) }
    if board.tasksRetried > 0 { parts.append("\(board.tasksRetried) retried") }
    return TerminalText.clip(parts.joined(separator: style.text(" · ", .soft)), width, style)
  }

  private var speed: String? {
    guard !board.isFinished, let speed = board.progress.framesPerSecond(at: seconds) else { return nil }
    return "\(decimal(speed, 1)) frames/s"
  }

  private var left: Double? {
    guard !board.isFinished, let left = board.progress.secondsRemaining(at: seconds), left > 0 else {
      return nil
    }
    return left
  }

  // MARK: Stages

  private var stageLines: [String] {
    let stages = board.progress.stages
    let nameWidth = min(24, stages.map { TerminalText.width(TerminalText.printable($0.name)) }.max() ?? 0)
    return stages.map { stage in
      let isInFrames = stage.framesTotal > 0
      let total = isInFrames ? stage.framesTotal : stage.tasksTotal
      let done = isInFrames ? stage.framesDone : stage.tasksDone
      let isDone = stage.tasksDone == stage.tasksTotal
      let name = TerminalText.fit(TerminalText.printable(stage.name), nameWidth)
      var text = "  \(isDone ? style.text(name, .soft) : name)  "
      text += bar(done, of: total, Self.barWidth, isDone ? .good : .busy)
      text += TerminalText.fit("  \(done)/\(total) \(isInFrames ? "frames" : "tasks")", 18)
      if stage.tasksRunning > 0 { text += "  \(stage.tasksRunning) running" }
      if stage.tasksFailed > 0 { text += "  " + style.text("\(stage.tasksFailed) failed", .bad) }
      if stage.tasksBlocked > 0 { text += "  " + style.text("\(stage.tasksBlocked) blocked", .warning) }
      return TerminalText.clip(text, width, style)
    }
  }

  /// Eighths of a column, so that a long bar moves.
  private func bar(_ done: Int, of total: Int, _ columns: Int, _ tone: TerminalStyle.Tone) -> String {
    let part = total > 0 ? min(1, max(0, Double(done) / Double(total))) : 1
    let eighths = Int((part * Double(columns * 8)).rounded(.down))
    let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    let filled = String(repeating: "█", count: eighths / 8) + partial
    let empty = String(repeating: "░", count: columns - eighths / 8 - (partial.isEmpty ? 0 : 1))
    return style.text(filled, tone) + style.text(empty, .soft)
  }

  // MARK: Workers

  private var running: [RunBoard.Work] { board.running }

  private var workLines: [String] {
    let works = running
    let stageWidth = min(16, works.map { TerminalText.width(TerminalText.printable($0.stage)) }.max() ?? 0)
    let labelWidth = max(12, min(48, width - stageWidth - 46))
    return works.map { work in
      let place = work.worker.map { "worker \($0)" } ?? "here"
      var text = "  " + style.text(TerminalText.fit(place, 10), .soft)
      text += TerminalText.fit(TerminalText.printable(work.stage), stageWidth) + "  "
      text += TerminalText.fit(TerminalText.printable(work.label), labelWidth) + "  "
      text += TerminalText.fit(DisplayTime.text(max(0, seconds - work.began)), 9)
      if work.total > 0 {
        text += bar(work.frames, of: work.total, Self.workBarWidth, .busy) + "  \(work.frames)/\(work.total)"
      }
      return TerminalText.clip(text, width, style)
    }
  }

  // MARK: Foot

  private var waitLine: String? {
    guard !board.isFinished else { return nil }
    let waits = board.waits.filter { $0.tasks > 0 }.map { wait in
      "\(wait.tasks) for \(TerminalText.printable(wait.reason))"
    }
    guard !waits.isEmpty else { return nil }
    return TerminalText.clip(
      "  " + style.text("waiting", .soft) + "   " + waits.joined(separator: style.text(" · ", .soft)), width,
      style)
  }

  private var gateLines: [String] {
    let lines = closedGates.map { gate in
      TerminalText.clip(
        "  " + style.text("gate", .soft) + "      \(TerminalText.printable(gate.gate)): "
          + TerminalText.printable(gate.text), width, style)
    }
    return shortened(lines, to: 4, of: "gates")
  }

  private var troubleLines: [String] {
    board.troubles.map { trouble in
      let mark = trouble.isFinal ? style.text("✗", .bad) : style.text("↻", .warning)
      let message = trouble.message.split(separator: "\n").first.map(String.init) ?? ""
      var text =
        "  \(mark) \(TerminalText.printable(trouble.stage))  \(TerminalText.printable(trouble.label))"
      text += ": \(TerminalText.printable(message))"
      if let attempt = trouble.attempt { text += style.text("  log \(attempt)", .soft) }
      return TerminalText.clip(text, width, style)
    }
  }

  private func shortened(_ lines: [String], to count: Int, of what: String) -> [String] {
    guard lines.count > count else { return lines }
    let shown = max(0, count - 1)
    return lines.prefix(shown) + [style.text("  … and \(lines.count - shown) more \(what)", .soft)]
  }
}
