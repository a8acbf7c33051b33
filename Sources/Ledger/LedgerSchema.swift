import Diagnostics
import GRDB
import ObjectStore

/// The tables of the ledger and how older ones become them.
///
/// A released migration is never edited: a change of the schema is a new one. A migration that cannot fill its
/// new columns from the old rows clears `isComplete`, and the rows are read from the result files again.
enum LedgerSchema {
  static func migrate(_ database: DatabaseQueue, _ production: Production) throws {
    let migrator = migrator
    let state = try database.read { db in
      (isNewer: try migrator.hasBeenSuperseded(db), isCurrent: try migrator.hasCompletedMigrations(db))
    }
    if state.isNewer {
      throw Diagnostic(
        family: .failed, code: "ledger.newerSchema",
        location: SourceLocation(file: production.fileSystem.relative(production.ledgerPath)),
        message: "a newer program has written this ledger",
        remedy: "Use the newer program for this production.")
    }
    if !state.isCurrent { try migrator.migrate(database) }
  }

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 results, frames, attempts, timings") { db in
      try db.execute(
        sql: """
          CREATE TABLE results (
            key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
            kind TEXT NOT NULL,
            version INTEGER NOT NULL,
            attempt TEXT NOT NULL,
            made TEXT NOT NULL
          ) WITHOUT ROWID, STRICT;

          CREATE TABLE frames (
            encoding BLOB NOT NULL CHECK (length(encoding) = 32),
            chain BLOB NOT NULL CHECK (length(chain) = 32),
            first INTEGER NOT NULL,
            step INTEGER NOT NULL,
            count INTEGER NOT NULL CHECK (count > 0),
            segment BLOB NOT NULL CHECK (length(segment) = 32),
            offset INTEGER NOT NULL CHECK (offset >= 0),
            PRIMARY KEY (encoding, chain, first, segment, offset)
          ) WITHOUT ROWID, STRICT;
          CREATE INDEX framesOfSegment ON frames (segment);

          CREATE TABLE attempts (
            id TEXT NOT NULL PRIMARY KEY,
            run TEXT NOT NULL,
            opened TEXT NOT NULL,
            closed TEXT,
            outcome TEXT
          ) WITHOUT ROWID, STRICT;
          CREATE INDEX openAttempts ON attempts (id) WHERE closed IS NULL;

          CREATE TABLE attemptKeys (
            attempt TEXT NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            key BLOB NOT NULL CHECK (length(key) = 32),
            PRIMARY KEY (attempt, position)
          ) WITHOUT ROWID, STRICT;

          CREATE TABLE timings (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            frames INTEGER NOT NULL,
            seconds REAL NOT NULL
          ) STRICT;
          CREATE INDEX timingsOfKind ON timings (kind, id);

          CREATE TABLE ledgerState (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            isComplete INTEGER NOT NULL,
            resultCount INTEGER NOT NULL
          ) STRICT;
          INSERT INTO ledgerState VALUES (1, 0, 0);
          CREATE TRIGGER resultAdded AFTER INSERT ON results
            BEGIN UPDATE ledgerState SET resultCount = resultCount + 1; END;
          CREATE TRIGGER resultRemoved AFTER DELETE ON results
            BEGIN UPDATE ledgerState SET resultCount = resultCount - 1; END;
          """)
    }
    migrator.registerMigration("2 sealed frames") { db in
      try db.execute(
        sql: """
          DROP TABLE frames;
          CREATE TABLE frames (
            encoding BLOB NOT NULL CHECK (length(encoding) = 32),
            chain BLOB NOT NULL CHECK (length(chain) = 32),
            first INTEGER NOT NULL,
            step INTEGER NOT NULL,
            count INTEGER NOT NULL CHECK (count > 0),
            segment BLOB NOT NULL CHECK (length(segment) = 32),
            offset INTEGER NOT NULL CHECK (offset >= 0),
            seal INTEGER NOT NULL,
            PRIMARY KEY (encoding, chain, first, segment, offset)
          ) WITHOUT ROWID, STRICT;
          CREATE INDEX framesOfSegment ON frames (segment);
          UPDATE ledgerState SET isComplete = 0;
          """)
    }
    migrator.registerMigration("3 seals") { db in
      try db.execute(
        sql: """
          CREATE TABLE seals (
            subject BLOB NOT NULL PRIMARY KEY CHECK (length(subject) = 32),
            seal BLOB NOT NULL CHECK (length(seal) = 32),
            value INTEGER NOT NULL
          ) WITHOUT ROWID, STRICT;
          CREATE TABLE finishedPlans (
            subject BLOB NOT NULL PRIMARY KEY CHECK (length(subject) = 32),
            seal BLOB NOT NULL CHECK (length(seal) = 32),
            outline BLOB NOT NULL,
            footprint BLOB NOT NULL
          ) STRICT;
          """)
    }
    migrator.registerMigration("4 seen folders of results") { db in
      try db.execute(
        sql: """
          CREATE TABLE seenResultFolders (
            name TEXT NOT NULL PRIMARY KEY,
            modified INTEGER NOT NULL
          ) WITHOUT ROWID, STRICT;
          """)
    }
    migrator.registerMigration("5 results by their keys alone") { db in
      // Nobody asked for the rest, which is in the result files. A row of a third of the size lets three times as many
      // share a page, and keys come in no order: a page for each was most of what a result cost.
      try db.execute(
        sql: """
          ALTER TABLE results RENAME TO formerResults;
          CREATE TABLE results (
            key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32)
          ) WITHOUT ROWID, STRICT;
          INSERT INTO results SELECT key FROM formerResults ORDER BY key;
          DROP TABLE formerResults;
          CREATE TRIGGER resultAdded AFTER INSERT ON results
            BEGIN UPDATE ledgerState SET resultCount = resultCount + 1; END;
          CREATE TRIGGER resultRemoved AFTER DELETE ON results
            BEGIN UPDATE ledgerState SET resultCount = resultCount - 1; END;
          """)
    }
    return migrator
  }
}
