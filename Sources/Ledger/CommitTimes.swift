import GRDB
import Synchronization

/// Measures commits: from when SQLite begins to write one until it is on disk.
final class CommitTimes: TransactionObserver, Sendable {
  private struct State {
    var began: ContinuousClock.Instant?
    var listener: (@Sendable (Duration) -> Void)?
  }

  private let state = Mutex(State())

  func onCommit(_ listener: (@Sendable (Duration) -> Void)?) { state.withLock { $0.listener = listener } }

  func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }

  func databaseDidChange(with event: DatabaseEvent) {}

  func databaseWillCommit() { state.withLock { $0.began = $0.listener == nil ? nil : .now } }

  func databaseDidCommit(_ db: Database) {
    let (began, listener) = state.withLock { state in
      defer { state.began = nil }
      return (state.began, state.listener)
    }
    if let began { listener?(.now - began) }
  }

  func databaseDidRollback(_ db: Database) { state.withLock { $0.began = nil } }
}

extension Ledger {
  /// Calls the closure after every commit with how long it took; `nil` ends that.
  package func onCommit(_ listener: (@Sendable (Duration) -> Void)?) { commitTimes.onCommit(listener) }
}
