import Diagnostics
import Engine
import Foundation
import Glibc
import Monitoring
import ObjectStore
import Planning

/// The board of a production, drawn again and again until Ctrl-C.
struct BoardWatch {
  let production: Production
  /// Only this programme; `nil` for all.
  let programme: String?
  let isJSON: Bool
  /// The versions to show below a run.
  let rows: () throws -> [BoardSnapshot.Deliverable]

  /// Between plain lines.
  private static let plainInterval = 5

  func run() async throws {
    let signals = SignalWatch {}
    defer { signals.stop() }
    let isTerminal = isatty(STDOUT_FILENO) == 1 && !isJSON
    var screen = isTerminal ? TerminalScreen() : nil
    screen?.open()
    defer { screen?.close() }
    var watch = RunWatch(production, programme: programme)
    var versions = try rows()
    var shown: (run: String?, isFinished: Bool) = (nil, false)
    var ticks = 0
    while signals.received == nil {
      try watch.look()
      let now = (run: watch.folder?.id, isFinished: watch.board.isFinished)
      // Versions appear when a run publishes; a look at each second would read every version file.
      let isNews = now != shown
      if isNews || ticks % 10 == 0 { versions = try rows() }
      shown = now
      if isJSON {
        guard Self.write(try line(watch, versions)) else { return }
      } else if let drawn = screen?.draw({ lines(watch, versions, $0) }) {
        guard drawn else { return }
      } else if isNews || ticks % Self.plainInterval == 0 {
        let text = BoardText(watch.board, state: watch.state, programme: name(watch), seconds: watch.seconds)
        guard Self.write(watch.folder == nil ? "No run yet\n" : text.logLine() + "\n") else { return }
      }
      ticks += 1
      for _ in 0..<10 where signals.received == nil { try await Task.sleep(for: .milliseconds(100)) }
    }
  }

  private func name(_ watch: RunWatch) -> String? { watch.heading?.programme ?? programme }

  private func line(_ watch: RunWatch, _ versions: [BoardSnapshot.Deliverable]) throws -> String {
    var snapshot = BoardSnapshot(watch)
    snapshot.deliverables = versions
    return String(decoding: try JSONBytes.encode(snapshot), as: UTF8.self) + "\n"
  }

  private func lines(
    _ watch: RunWatch, _ versions: [BoardSnapshot.Deliverable], _ size: (columns: Int, rows: Int)
  ) -> [String] {
    var lines: [String] = []
    let versionRoom = min(versions.count, max(3, size.rows / 4))
    if watch.folder != nil {
      var text = BoardText(watch.board, state: watch.state, programme: name(watch), seconds: watch.seconds)
      (text.width, text.height) = (size.columns, size.rows - versionRoom - 4)
      text.style = .coloured
      text.closedGates = watch.heading?.closedGates ?? []
      lines += text.lines() + [""]
    }
    lines += versions.prefix(versionRoom).map { version in
      TerminalText.cut(
        "  \(TerminalText.printable(version.deliverable))  \(version.version)  \(version.made)", size.columns)
    }
    if versions.count > versionRoom { lines.append("  … and \(versions.count - versionRoom) more") }
    let isWaiting = watch.folder == nil || watch.board.isFinished || watch.state == .lost
    lines.append(isWaiting ? "Waiting for the next run. Ctrl-C ends." : "Ctrl-C ends the view, not the run.")
    return lines
  }

  /// - Returns: false when nobody reads any more.
  static func write(_ text: String) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(STDOUT_FILENO, buffer.baseAddress, buffer.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      bytes = bytes.dropFirst(count)
    }
    return true
  }
}

/// The whole terminal for as long as a view lasts; what was on it comes back.
struct TerminalScreen {
  private var last: [String] = []

  func open() { _ = BoardWatch.write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J") }

  /// Gives the terminal back, with the last picture below what was there.
  func close() {
    _ = BoardWatch.write("\u{1B}[?25h\u{1B}[?1049l" + last.map { $0 + "\n" }.joined())
  }

  /// Draws from the top; each line is cleared as it is written, so nothing flickers.
  mutating func draw(_ lines: ((columns: Int, rows: Int)) -> [String]) -> Bool {
    let size = Self.size(of: STDOUT_FILENO)
    last = Array(lines(size).prefix(size.rows - 1))
    return BoardWatch.write("\u{1B}[H" + last.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J")
  }

  static func size(of descriptor: Int32) -> (columns: Int, rows: Int) {
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return (100, 40) }
    return (Int(size.ws_col), max(10, Int(size.ws_row)))
  }
}
