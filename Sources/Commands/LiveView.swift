import Engine
import Foundation
import Glibc
import Monitoring
import Synchronization

/// What a run shows while it goes on: a few lines redrawn on a terminal, one line now and then elsewhere.
final class LiveView: RunObserver {
  private struct State {
    var board = RunBoard()
    /// Lines drawn last, to be drawn over.
    var drawnLines = 0
    var lastDrawn: ContinuousClock.Instant?
    var started = ContinuousClock.now
  }

  private let state = Mutex(State())
  private let programme: String?
  private let isTerminal: Bool
  private let isQuiet: Bool
  /// Between plain lines: often enough to see that it goes on, rarely enough for a log.
  private let plainInterval: Duration = .seconds(5)
  private let terminalInterval: Duration = .milliseconds(120)

  init(programme: String? = nil, isQuiet: Bool = false) {
    self.programme = programme
    isTerminal = isatty(STDERR_FILENO) == 1
    self.isQuiet = isQuiet
  }

  func observe(_ event: RunEvent) {
    guard !isQuiet else { return }
    state.withLock { state in
      if event.event == .runStarted { state.started = .now }
      state.board.apply(event)
      if let line = Self.message(of: event) {
        erase(&state)
        write(line + "\n")
      }
      draw(&state, isFinal: event.event == .runFinished)
    }
  }

  /// Things worth a line of their own.
  private static func message(of event: RunEvent) -> String? {
    switch event.event {
    case .waitingForProduction: event.message
    case .waitingForAttempt: "Waiting for a worker of an earlier run to finish its segment"
    case .workerLost:
      "A worker was lost (\(TerminalText.printable(event.message ?? "no word"))); its work is given to another"
    case .quarantined:
      TerminalText.printable("\(event.label ?? "A task") is \(event.message ?? "quarantined")")
    case .retrying where event.pause ?? 0 >= 2:
      "Trying again in \(clock(event.pause ?? 0)): \(TerminalText.printable(event.message ?? "no word"))"
    case .cancelling:
      (event.message.map { "Stopping, as \($0)" } ?? "Stopping")
        + ": finished segments are kept. Press Ctrl-C again to stop at once"
    default: nil
    }
  }

  private func draw(_ state: inout State, isFinal: Bool) {
    let now = ContinuousClock.now
    let interval = isTerminal ? terminalInterval : plainInterval
    if !isFinal, let last = state.lastDrawn, now - last < interval { return }
    if !isTerminal, state.lastDrawn == nil, !isFinal {
      // Short runs say nothing on the way.
      state.lastDrawn = now
      return
    }
    state.lastDrawn = now
    guard state.board.progress.tasksTotal > 0 else { return }
    let parts = (now - state.started).components
    var text = BoardText(
      state.board, state: .running, programme: programme,
      seconds: Double(parts.seconds) + Double(parts.attoseconds) / 1e18)
    if isTerminal {
      erase(&state)
      if isFinal { return }
      let size = TerminalScreen.size(of: STDERR_FILENO)
      (text.width, text.height, text.style) = (size.columns - 1, min(size.rows - 1, 30), .coloured)
      let lines = text.lines()
      write(lines.map { $0 + "\n" }.joined())
      state.drawnLines = lines.count
    } else if !isFinal {
      write(text.summary() + "\n")
    }
  }

  private func erase(_ state: inout State) {
    guard isTerminal, state.drawnLines > 0 else { return }
    write("\u{1B}[\(state.drawnLines)A\u{1B}[J")
    state.drawnLines = 0
  }

  static func clock(_ seconds: Double) -> String { DisplayTime.text(seconds) }

  private func write(_ text: String) { Outcome.write(text, to: STDERR_FILENO) }
}
