package import Diagnostics
package import Engine
import Glibc
package import ObjectStore

/// Follows the runs of a production from outside: the one that goes on, else the latest; then the next one.
///
/// It reads files and takes no lock, so a run never notices.
package struct RunWatch: Sendable {
  private let production: Production
  /// Only runs of this programme; `nil` for all.
  private let programme: String?
  /// The run on show; `nil` while there is none.
  package private(set) var folder: RunFolder?
  package private(set) var heading: RunHeading?
  package private(set) var board = RunBoard()
  private var tail: RunTail?
  /// When the file grew, by our own clock: those of two machines differ.
  private var grown: ContinuousClock.Instant?
  private var silenceBefore = 0.0
  /// Whether what was read last was there before.
  private var isBehind = false
  /// Runs that turned out to be of other programmes.
  private var others: Set<String> = []

  package init(_ production: Production, programme: String? = nil) {
    self.production = production
    self.programme = programme
  }

  /// Reads what is new.
  ///
  /// - Parameters:
  ///   - pieces: how much of it: a piece takes some hundredths of a second.
  ///   - note: gets each new event of the run on show.
  package mutating func look(
    atMost pieces: Int = .max, _ note: (RunEvent) -> Void = { _ in }
  ) throws(Diagnostic) {
    read(atMost: pieces, note)
    guard !hasMore else { return }
    if folder == nil || board.isFinished || state == .lost, let next = try latest(), next != folder {
      show(next)
      read(atMost: pieces, note)
    }
  }

  /// Whether the last look stopped before the end of what is there.
  package var hasMore: Bool { tail?.hasMore ?? false }

  /// Seconds since the run wrote anything.
  package var silence: Double {
    guard let grown else { return 0 }
    let past = (ContinuousClock.now - grown).components
    return silenceBefore + Double(past.seconds) + Double(past.attoseconds) * 1e-18
  }

  package var state: RunState { RunState(of: board, silence: silence) }

  /// How long the run has been going on, in seconds: to its end, or to now.
  package var seconds: Double {
    switch state {
    case .running: board.progress.seconds + silence
    default: board.progress.seconds
    }
  }

  private mutating func read(atMost pieces: Int, _ note: (RunEvent) -> Void) {
    guard tail != nil else { return }
    let isFirst = grown == nil
    var isNews = false
    var left = pieces
    repeat {
      let restarts = tail?.restarts
      let events = tail?.look() ?? []
      if tail?.restarts != restarts { board = RunBoard() }
      for event in events {
        board.apply(event)
        note(event)
      }
      isNews = isNews || !events.isEmpty
      left -= 1
    } while hasMore && left > 0
    guard isNews else { return }
    // What was there before the first look may be old.
    silenceBefore = isFirst || hasMore || isBehind ? max(0, age) : 0
    isBehind = hasMore
    grown = .now
    if heading == nil { heading = try? folder?.heading() }
  }

  /// Of the latest event, in seconds, by the clocks of both machines.
  private var age: Double {
    guard let began = board.run.flatMap({ ULID($0) })?.time else { return 0 }
    return Double(WallClock.now().milliseconds - began.milliseconds) / 1000 - board.progress.seconds
  }

  private mutating func show(_ run: RunFolder) {
    folder = run
    heading = try? run.heading()
    board = RunBoard()
    tail = RunTail(path: run.eventsPath)
    grown = nil
    silenceBefore = 0
    isBehind = false
  }

  private mutating func latest() throws(Diagnostic) -> RunFolder? {
    for run in try RunFolder.all(in: production) where !others.contains(run.id) {
      guard let programme else { return run }
      if run == folder { return run }
      let heading = try? run.heading()
      if heading?.programme == programme { return run }
      others.insert(run.id)
    }
    return nil
  }
}
