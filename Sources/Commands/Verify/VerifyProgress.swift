import Foundation
import Glibc
import Synchronization

/// How far a long reading is, on standard error: redrawn on a terminal, a line now and then elsewhere.
final class VerifyProgress: Sendable {
  private struct State {
    var done: Int64 = 0
    var lastDrawn: ContinuousClock.Instant
    var isDrawn = false
  }

  private let total: Int64
  private let started = ContinuousClock.now
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let isQuiet: Bool
  private let state: Mutex<State>

  /// - Parameter total: bytes to read.
  init(total: Int64, isQuiet: Bool) {
    self.total = total
    self.isQuiet = isQuiet
    state = Mutex(State(lastDrawn: started))
  }

  func add(_ byteCount: Int64) {
    guard !isQuiet else { return }
    let now = ContinuousClock.now
    state.withLock { state in
      state.done += byteCount
      guard now - state.lastDrawn >= (isTerminal ? .milliseconds(200) : .seconds(10)) else { return }
      state.lastDrawn = now
      state.isDrawn = true
      let line = line(state.done, elapsed: now - started)
      Outcome.write(isTerminal ? "\r\u{1B}[K\(line)" : line + "\n", to: STDERR_FILENO)
    }
  }

  /// Clears what is drawn.
  func finish() {
    state.withLock { state in
      if isTerminal, state.isDrawn { Outcome.write("\r\u{1B}[K", to: STDERR_FILENO) }
      state.isDrawn = false
    }
  }

  private func line(_ done: Int64, elapsed: Duration) -> String {
    let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    let share = total > 0 ? Double(done) / Double(total) : 1
    let percent = Int((share * 100).rounded(.down))
    let left = share > 0 ? seconds * (1 - share) / share : 0
    return "verify: \(AssetText.size(done)) of \(AssetText.size(total)), \(percent) %, "
      + "\(LiveView.clock(max(0, left))) to go"
  }
}
