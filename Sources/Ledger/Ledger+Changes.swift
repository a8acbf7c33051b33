import GRDB
package import ObjectStore

/// Everything that one step of a run changes on record.
///
/// A durable transaction costs a fraction of a millisecond whatever is in it, so a step has one, not one for each
/// task: group commit.
package struct LedgerChanges: Sendable {
  /// Results that were published, with the frames of those that are segments.
  package var results: [StoredResult] = []
  /// Attempts that are about to be dispatched.
  package var opened: [AttemptRecord] = []
  /// Attempts that have ended; index what they committed in the same changes or before.
  package var closed: [(id: String, outcome: AttemptOutcome)] = []
  package var timings: [Timing] = []

  /// How long one task took.
  package struct Timing: Sendable {
    package var kind: String
    /// Frames it made; 0 when it made none.
    package var frames: Int
    /// Wall time, by a monotonic clock.
    package var seconds: Double

    package init(kind: String, frames: Int, seconds: Double) {
      self.kind = kind
      self.frames = frames
      self.seconds = seconds
    }
  }

  package init() {}

  package var isEmpty: Bool { results.isEmpty && opened.isEmpty && closed.isEmpty && timings.isEmpty }
}

extension Ledger {
  /// Puts everything on record in one durable transaction: results first, then ends, then beginnings.
  package func apply(_ changes: LedgerChanges) throws {
    guard !changes.isEmpty else { return }
    let entries = try changes.results.map(ResultEntry.init)
    try translating {
      try database.write { db in
        for entry in entries { try entry.insert(db) }
        for (id, outcome) in changes.closed { try Self.close(id, outcome, db) }
        try Self.insert(changes.timings, db)
        for attempt in changes.opened { try Self.insert(attempt, db) }
      }
    }
  }
}
