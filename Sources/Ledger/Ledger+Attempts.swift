import GRDB
import ObjectStore
package import TaskGraph

/// An attempt as the coordinator knows it.
package struct AttemptRecord: Hashable, Sendable {
  /// ULID; the name of its folder.
  package var id: String
  package var run: String
  /// ISO 8601, UTC.
  package var opened: String
  /// Keys it may commit: of its tasks and of what they publish on the way.
  package var keys: [TaskKey]

  package init(id: String, run: String, keys: [TaskKey], opened: String = WallClock.now().iso8601) {
    self.id = id
    self.run = run
    self.opened = opened
    self.keys = keys
  }
}

/// How an attempt ended.
package enum AttemptOutcome: String, Sendable, Codable {
  case done, failed, cancelled
  /// The worker is gone and nobody heard from it.
  case lost
}

extension Ledger {
  /// Puts attempts on record, durably, before they are dispatched.
  package func open(_ attempts: [AttemptRecord]) throws {
    try translating {
      try database.write { db in
        for attempt in attempts { try Self.insert(attempt, db) }
      }
    }
  }

  static func insert(_ attempt: AttemptRecord, _ db: Database) throws {
    try db.cachedStatement(sql: "INSERT INTO attempts (id, run, opened) VALUES (?, ?, ?)")
      .execute(arguments: [attempt.id, attempt.run, attempt.opened])
    for (position, key) in attempt.keys.enumerated() {
      try db.cachedStatement(sql: "INSERT INTO attemptKeys (attempt, position, key) VALUES (?, ?, ?)")
        .execute(arguments: [attempt.id, position, key.data])
    }
  }

  package func open(_ attempt: AttemptRecord) throws {
    try open([attempt])
  }

  /// Records that an attempt has ended; the first outcome stays.
  ///
  /// Index what it committed before: a closed attempt is not looked at again.
  package func close(attempt id: String, outcome: AttemptOutcome) throws {
    try translating {
      try database.write { try Self.close(id, outcome, $0) }
    }
  }

  static func close(_ id: String, _ outcome: AttemptOutcome, _ db: Database) throws {
    try db.cachedStatement(
      sql: "UPDATE attempts SET closed = ?, outcome = ? WHERE id = ? AND closed IS NULL"
    ).execute(arguments: [WallClock.now().iso8601, outcome.rawValue, id])
    // The keys served to find its commits; the files say who made what.
    try db.cachedStatement(sql: "DELETE FROM attemptKeys WHERE attempt = ?").execute(arguments: [id])
  }

  /// Attempts that were opened and not closed, oldest first: after a crash, those to reconcile.
  package func openAttempts() throws -> [AttemptRecord] {
    try translating {
      try database.read { db in
        let rows = try Row.fetchAll(
          db, sql: "SELECT id, run, opened FROM attempts WHERE closed IS NULL ORDER BY id")
        return try rows.map { row in
          let id: String = row[0]
          let keys = try Row.fetchAll(
            db, sql: "SELECT key FROM attemptKeys WHERE attempt = ? ORDER BY position", arguments: [id])
          return AttemptRecord(
            id: id, run: row[1], keys: try keys.map { try Self.digest($0, 0) }, opened: row[2])
        }
      }
    }
  }

  /// Ids of all attempts on record, open or closed.
  package func attemptIDs() throws -> Set<String> {
    try translating {
      try database.read { try String.fetchSet($0, sql: "SELECT id FROM attempts") }
    }
  }
}
