package import Digests
import GRDB
package import TaskGraph

/// Consecutive frames of a segment that come from evenly spaced source frames of one chain.
package struct FrameInterval: Hashable, Sendable {
  /// Source frame of its first frame.
  package var first: Int64
  /// Source frames from one frame to the next; 0 for a held frame.
  package var step: Int64
  package var count: Int64
  /// The key of the segment's result.
  package var segment: TaskKey
  /// Index of its first frame in the segment.
  package var offset: Int

  package init(first: Int64, step: Int64, count: Int64, segment: TaskKey, offset: Int) {
    self.first = first
    self.step = step
    self.count = count
    self.segment = segment
    self.offset = offset
  }

  /// The index in the segment of the frame made from a source frame, `nil` when it is not in here.
  package func position(of sourceFrame: Int64) -> Int? {
    let distance = sourceFrame - first
    if step == 0 { return distance == 0 && count > 0 ? offset : nil }
    let (steps, rest) = distance.quotientAndRemainder(dividingBy: step)
    return rest == 0 && (0..<count).contains(steps) ? offset + Int(steps) : nil
  }
}

extension Ledger {
  /// Frames that exist in one encoding, by chain, in order of their first source frame and then of segments.
  ///
  /// Chains without frames are not in the result.
  package func frameIntervals(encoding: Digest, chains: [Digest]) throws -> [Digest: [FrameInterval]] {
    let sorted = Set(chains).sorted()
    return try translating {
      try database.read { db in
        var intervals: [Digest: [FrameInterval]] = [:]
        intervals.reserveCapacity(sorted.count)
        try Self.forEachBatch(sorted) { batch in
          let statement = try db.cachedStatement(
            sql: """
              SELECT chain, first, step, count, segment, offset FROM frames
              WHERE encoding = ? AND chain IN (\(databaseQuestionMarks(count: batch.count)))
              ORDER BY chain, first, segment, offset
              """)
          statement.setUncheckedArguments(StatementArguments([encoding.data] + batch.map(\.data)))
          let rows = try Row.fetchCursor(statement)
          while let row = try rows.next() {
            let interval = FrameInterval(
              first: row[1], step: row[2], count: row[3], segment: try Self.digest(row, 4), offset: row[5])
            intervals[try Self.digest(row, 0), default: []].append(interval)
          }
        }
        return intervals
      }
    }
  }
}
