import GRDB

/// How long the latest tasks of a kind took.
package struct TimingEstimate: Hashable, Sendable {
  package var secondsPerTask: Double
  /// `nil` when tasks of this kind make no frames.
  package var secondsPerFrame: Double?
  /// How many tasks it rests on.
  package var sampleCount: Int

  package init(secondsPerTask: Double, secondsPerFrame: Double?, sampleCount: Int) {
    self.secondsPerTask = secondsPerTask
    self.secondsPerFrame = secondsPerFrame
    self.sampleCount = sampleCount
  }
}

extension Ledger {
  /// Timings kept of each kind; older ones came from other material.
  static let timingsKept = 200

  /// - Parameters:
  ///   - frames: frames the task made; 0 when it made none.
  ///   - seconds: of wall time, by a monotonic clock.
  package func recordTiming(kind: String, frames: Int, seconds: Double) throws {
    var changes = LedgerChanges()
    changes.timings = [LedgerChanges.Timing(kind: kind, frames: frames, seconds: seconds)]
    try apply(changes)
  }

  /// Of many timings of one kind only as many are written as are kept.
  static func insert(_ timings: [LedgerChanges.Timing], _ db: Database) throws {
    let sound = timings.filter { $0.seconds.isFinite && $0.seconds >= 0 && $0.frames >= 0 }
    for (kind, timings) in Dictionary(grouping: sound, by: \.kind) {
      for timing in timings.suffix(timingsKept) {
        try db.cachedStatement(sql: "INSERT INTO timings (kind, frames, seconds) VALUES (?, ?, ?)")
          .execute(arguments: [kind, timing.frames, timing.seconds])
      }
      try db.cachedStatement(
        sql: """
          DELETE FROM timings WHERE kind = ? AND id <= (
            SELECT id FROM timings WHERE kind = ? ORDER BY id DESC LIMIT 1 OFFSET \(timingsKept))
          """
      ).execute(arguments: [kind, kind])
    }
  }

  /// What the latest tasks of every kind on record took on average.
  package func timingEstimates() throws -> [String: TimingEstimate] {
    try translating {
      try database.read { db in
        let rows = try Row.fetchAll(
          db, sql: "SELECT kind, count(*), total(seconds), total(frames) FROM timings GROUP BY kind")
        return Dictionary(
          uniqueKeysWithValues: rows.map { row -> (String, TimingEstimate) in
            let count: Int = row[1]
            let seconds: Double = row[2]
            let frames: Double = row[3]
            return (
              row[0],
              TimingEstimate(
                secondsPerTask: seconds / Double(count), secondsPerFrame: frames > 0 ? seconds / frames : nil,
                sampleCount: count)
            )
          })
      }
    }
  }

  /// What the latest tasks of a kind took on average; `nil` when none is on record.
  package func timingEstimate(kind: String) throws -> TimingEstimate? {
    try translating {
      try database.read { db in
        let row = try Row.fetchOne(
          db, sql: "SELECT count(*), total(seconds), total(frames) FROM timings WHERE kind = ?",
          arguments: [kind])
        guard let row, let count: Int = row[0], count > 0 else { return nil }
        let seconds: Double = row[1]
        let frames: Double = row[2]
        return TimingEstimate(
          secondsPerTask: seconds / Double(count), secondsPerFrame: frames > 0 ? seconds / frames : nil,
          sampleCount: count)
      }
    }
  }
}
