package import Digests
import FoundationEssentials
import GRDB
package import ObjectStore
package import TaskGraph

extension Ledger {
  /// Most values in one statement; SQLite's own limit is 32,766.
  private static let batch = 500

  /// Which of some keys have results on record.
  ///
  /// - Complexity: one index probe per key, or one walk over all results where that is cheaper.
  package func knownResults(among keys: [TaskKey]) throws -> Set<TaskKey> {
    try translating {
      try database.read { db in
        let recorded = try Int.fetchOne(db, sql: "SELECT resultCount FROM ledgerState") ?? 0
        // Measured: a probe costs 2.5 µs, a row of the walk 0.6 µs.
        if keys.count > 100, recorded / 4 <= keys.count {
          let asked = Set(keys)
          // A set of the right size from the start: growing it costs as much as the walk.
          var known = Set<TaskKey>(minimumCapacity: min(asked.count, recorded))
          try Self.forEachKey(db) { if asked.contains($0) { known.insert($0) } }
          return known
        }
        return try Self.probe(keys, db)
      }
    }
  }

  /// Which of some keys have no result on record, in ascending order and without repeats.
  ///
  /// Cheaper than `knownResults(among:)` where nearly all have one: the record is walked in order of keys
  /// beside the sorted keys, and nothing is hashed.
  package func missingResults(among keys: [TaskKey]) throws -> [TaskKey] {
    try translating {
      try database.read { db in
        let recorded = try Int.fetchOne(db, sql: "SELECT resultCount FROM ledgerState") ?? 0
        if keys.count <= 100 || recorded / 4 > keys.count {
          return Set(keys).subtracting(try Self.probe(keys, db)).sorted()
        }
        let asked = keys.sorted()
        var missing: [TaskKey] = []
        var next = 0
        func miss(_ key: TaskKey) {
          if missing.last != key { missing.append(key) }
        }
        let rows = try Row.fetchCursor(db, sql: "SELECT key FROM results ORDER BY key")
        while next < asked.count, let row = try rows.next() {
          let key = try Self.digest(row, 0)
          while next < asked.count, asked[next] < key {
            miss(asked[next])
            next += 1
          }
          while next < asked.count, asked[next] == key { next += 1 }
        }
        while next < asked.count {
          miss(asked[next])
          next += 1
        }
        return missing
      }
    }
  }

  private static func probe(_ keys: [TaskKey], _ db: Database) throws -> Set<TaskKey> {
    var known: Set<TaskKey> = []
    try forEachBatch(keys) { batch in
      let statement = try db.cachedStatement(
        sql: "SELECT key FROM results WHERE key IN (\(databaseQuestionMarks(count: batch.count)))")
      statement.setUncheckedArguments(StatementArguments(batch.map(\.data)))
      let rows = try Row.fetchCursor(statement)
      while let row = try rows.next() { known.insert(try digest(row, 0)) }
    }
    return known
  }

  private static func forEachKey(_ db: Database, _ body: (TaskKey) throws -> Void) throws {
    let rows = try Row.fetchCursor(db, sql: "SELECT key FROM results")
    while let row = try rows.next() { try body(try digest(row, 0)) }
  }

  /// How many results are on record.
  package func resultCount() throws -> Int {
    try translating {
      try database.read { try Int.fetchOne($0, sql: "SELECT resultCount FROM ledgerState") ?? 0 }
    }
  }

  /// All keys that have results on record.
  package func knownResults() throws -> Set<TaskKey> {
    try translating {
      try database.read { db in
        let recorded = try Int.fetchOne(db, sql: "SELECT resultCount FROM ledgerState") ?? 0
        var known = Set<TaskKey>(minimumCapacity: recorded)
        try Self.forEachKey(db) { known.insert($0) }
        return known
      }
    }
  }

  /// Puts results on record, with the frames of those that are segments, in one durable transaction.
  ///
  /// Results that are on record already stay as they are.
  package func recordResults(_ results: [StoredResult]) throws {
    let entries = try results.map(ResultEntry.init)
    try translating {
      try database.write { db in
        for entry in entries { try entry.insert(db) }
      }
    }
  }

  /// Reads the result files of some keys and puts them on record.
  ///
  /// - Returns: the keys that have a good result.
  @discardableResult
  package func recordResults(of keys: [TaskKey], in store: ObjectStore) throws -> Set<TaskKey> {
    let results = try keys.compactMap { try store.storedResult($0) }
    if !results.isEmpty { try recordResults(results) }
    return Set(results.map(\.head.key))
  }

  /// Takes results and their frames off the record, after the store has withdrawn them.
  package func forget(_ keys: [TaskKey]) throws {
    try translating {
      try database.write { db in
        // Plans count on what is on record, too.
        try db.execute(sql: "DELETE FROM finishedPlans")
        for key in keys { try Self.delete(key, db) }
      }
    }
  }

  /// What a rebuild found and changed.
  package struct Rebuild: Hashable, Sendable {
    /// What the walk over the result files found.
    package var walk: ObjectStore.ResultWalk
    /// Results that were not on record.
    package var added: Int
    /// Results on record that have no file.
    package var removed: Int
  }

  /// Makes the index of results and frames again from every result file.
  ///
  /// Attempts and timings that are on record stay; what is not is read from attempt folders and records of runs. Of
  /// those that `gc` has deleted for their age nothing is known afterwards. Runs beside other processes: results
  /// they publish meanwhile are kept.
  package func rebuild(from store: ObjectStore) throws -> Rebuild {
    // Read first and write after, because the database is locked for others while it is written.
    var entries: [ResultEntry] = []
    let walk = try store.forEachResult { entries.append(try ResultEntry($0)) }
    let walked = Set(entries.map(\.head.key))
    try recordHistory(try ProductionHistory(store.production))
    let present = try translating {
      try database.write { db in
        let present = Set(try Row.fetchAll(db, sql: "SELECT key FROM results").map { try Self.digest($0, 0) })
        let later = present.subtracting(walked).filter { store.hasResult($0) }
        for key in later { entries += try store.storedResult(key).map { [try ResultEntry($0)] } ?? [] }
        // A damaged row may say anything, and an index may no longer lead to it: nothing of before is kept.
        try db.execute(sql: "DELETE FROM frames; DELETE FROM results; DELETE FROM finishedPlans")
        for entry in entries { try entry.insert(db) }
        try db.execute(
          sql: "UPDATE ledgerState SET isComplete = 1, resultCount = (SELECT COUNT(*) FROM results)")
        return present
      }
    }
    let kept = Set(entries.map(\.head.key))
    return Rebuild(
      walk: walk, added: walked.subtracting(present).count, removed: present.subtracting(kept).count)
  }

  /// The frames on record of each segment that can be used frame by frame.
  package func recordedFrames() throws -> [TaskKey: (encoding: Digest, chain: Digest, frames: FrameInterval)]
  {
    try translating {
      try database.read { db in
        var recorded: [TaskKey: (encoding: Digest, chain: Digest, frames: FrameInterval)] = [:]
        let rows = try Row.fetchCursor(
          db, sql: "SELECT encoding, chain, first, step, count, segment, offset FROM frames")
        while let row = try rows.next() {
          let segment = try Self.digest(row, 5)
          recorded[segment] = (
            try Self.digest(row, 0), try Self.digest(row, 1),
            FrameInterval(
              first: row[2], step: row[3], count: row[4], segment: segment, offset: row[6])
          )
        }
        return recorded
      }
    }
  }

  /// Whether every result file of the time it was opened is on record.
  func isComplete() throws -> Bool {
    try translating {
      try database.read { try Bool.fetchOne($0, sql: "SELECT isComplete FROM ledgerState") ?? false }
    }
  }

  private static func delete(_ key: TaskKey, _ db: Database) throws {
    try db.cachedStatement(sql: "DELETE FROM results WHERE key = ?").execute(arguments: [key.data])
    try db.cachedStatement(sql: "DELETE FROM frames WHERE segment = ?").execute(arguments: [key.data])
  }

  static func forEachBatch<Element>(_ elements: [Element], _ body: (ArraySlice<Element>) throws -> Void)
    rethrows
  {
    var start = 0
    while start < elements.count {
      let end = min(start + batch, elements.count)
      try body(elements[start..<end])
      start = end
    }
  }

  static func digest(_ row: Row, _ column: Int) throws -> Digest {
    let digest = try row.withUnsafeData(atIndex: column) { data in
      unsafe data?.withUnsafeBytes { unsafe Digest(buffer: $0) }
    }
    guard let digest else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a key is not 32 bytes long")
    }
    return digest
  }
}

extension Digest {
  var data: Data { Data(bytes) }
}

/// The rows of one result.
struct ResultEntry {
  var head: ResultHead
  var segment: SegmentInterval?

  /// The part of a `SegmentRecord` the index needs; its packets are not decoded.
  struct SegmentInterval: Codable, Sendable {
    var encoding: Digest
    var chain: Digest?
    var first: Int64?
    var step: Int64?
    var count: Int64
  }

  init(_ result: StoredResult) throws {
    head = result.head
    if head.kind == segmentKind { segment = try result.decoded(as: SegmentInterval.self).output }
  }

  func insert(_ db: Database) throws {
    try db.cachedStatement(sql: "INSERT OR IGNORE INTO results (key) VALUES (?)")
      .execute(arguments: [head.key.data])
    // Frames of a group of pictures cannot be used one by one, so they are not on record.
    guard let segment, segment.count > 0, let chain = segment.chain, let first = segment.first,
      let step = segment.step
    else { return }
    try db.cachedStatement(
      sql: """
        INSERT OR IGNORE INTO frames (encoding, chain, first, step, count, segment, offset, seal)
        VALUES (?, ?, ?, ?, ?, ?, 0, ?)
        """
    ).execute(arguments: [
      segment.encoding.data, chain.data, first, step, segment.count, head.key.data,
      FrameInterval(first: first, step: step, count: segment.count, segment: head.key, offset: 0)
        .seal(encoding: segment.encoding, chain: chain),
    ])
  }
}
