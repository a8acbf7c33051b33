import Engine
import Foundation
import Glibc
import Synchronization

/// What a run shows while it goes on: a few lines redrawn on a terminal, one line now and then elsewhere.
final class LiveView: RunObserver {
  private struct State {
    var progress = RunProgress()
    /// Lines drawn last, to be drawn over.
    var drawnLines = 0
    var lastDrawn: ContinuousClock.Instant?
    var started = ContinuousClock.now
    var running: [Int: String] = [:]
  }

  private let state = Mutex(State())
  private let isTerminal: Bool
  private let isQuiet: Bool
  /// Between plain lines: often enough to see that it goes on, rarely enough for a log.
  private let plainInterval: Duration = .seconds(5)
  private let terminalInterval: Duration = .milliseconds(120)

  init(isQuiet: Bool = false) {
    isTerminal = isatty(STDERR_FILENO) == 1
    self.isQuiet = isQuiet
  }

  func observe(_ event: RunEvent) {
    guard !isQuiet else { return }
    state.withLock { state in
      if event.event == .runStarted { state.started = .now }
      state.progress.apply(event)
      if let slot = event.worker {
        switch event.event {
        case .attemptStarted: state.running[slot] = event.label
        case .taskDone, .taskFailed, .workerLost: state.running[slot] = nil
        default: break
        }
      }
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
    case .workerLost: "A worker was lost (\(event.message ?? "no word")); its work is given to another"
    case .quarantined: "\(event.label ?? "A task") is \(event.message ?? "quarantined")"
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
    guard state.progress.tasksTotal > 0 else { return }
    if isTerminal {
      erase(&state)
      if isFinal { return }
      let lines = screen(state)
      write(lines.map { $0 + "\n" }.joined())
      state.drawnLines = lines.count
    } else if !isFinal {
      write(Self.summary(state.progress, elapsed: seconds(since: state.started)) + "\n")
    }
  }

  private func erase(_ state: inout State) {
    guard isTerminal, state.drawnLines > 0 else { return }
    write("\u{1B}[\(state.drawnLines)A\u{1B}[J")
    state.drawnLines = 0
  }

  private func screen(_ state: State) -> [String] {
    let width = terminalWidth()
    let elapsed = seconds(since: state.started)
    var lines = [Self.summary(state.progress, elapsed: elapsed)]
    let nameWidth = state.progress.stages.map(\.name.count).max() ?? 0
    for stage in state.progress.stages {
      let total = stage.framesTotal > 0 ? stage.framesTotal : stage.tasksTotal
      let done = stage.framesTotal > 0 ? stage.framesDone : stage.tasksDone
      let part = total > 0 ? Double(done) / Double(total) : 1
      let bar = 24
      let filled = Int((part * Double(bar)).rounded(.down))
      let unit = stage.framesTotal > 0 ? "frames" : "tasks"
      lines.append(
        "  " + stage.name.padding(toLength: nameWidth, withPad: " ", startingAt: 0) + "  "
          + String(repeating: "█", count: filled) + String(repeating: "░", count: bar - filled)
          + "  \(done)/\(total) \(unit)" + (stage.tasksFailed > 0 ? "  \(stage.tasksFailed) failed" : ""))
    }
    for (slot, label) in state.running.sorted(by: { $0.key < $1.key }) {
      lines.append("  worker \(slot)  \(label)")
    }
    return lines.map { String($0.prefix(width - 1)) }
  }

  private static func summary(_ progress: RunProgress, elapsed: Double) -> String {
    var text = "\(progress.tasksDone)/\(progress.tasksTotal) tasks"
    if progress.framesTotal > 0 { text += ", \(progress.framesDone)/\(progress.framesTotal) frames" }
    if let speed = progress.framesPerSecond(at: elapsed) {
      text += String(format: ", %.1f frames/s", speed)
    }
    text += ", \(clock(elapsed)) elapsed"
    if let left = progress.secondsRemaining(at: elapsed), left > 0 { text += ", about \(clock(left)) left" }
    return text
  }

  static func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    return whole < 60 ? "\(whole) s" : String(format: "%d:%02d min", whole / 60, whole % 60)
  }

  private func seconds(since start: ContinuousClock.Instant) -> Double {
    let parts = (ContinuousClock.now - start).components
    return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
  }

  private func write(_ text: String) { Outcome.write(text, to: STDERR_FILENO) }

  private func terminalWidth() -> Int {
    var size = winsize()
    guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return 100 }
    return Int(size.ws_col)
  }
}
