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

extension FrameInterval {
  /// A check number over a whole row. SQLite has none of its own, and a flipped bit in a frame number would put the
  /// wrong picture into a master. FNV-1a, 64 bits.
  func seal(encoding: Digest, chain: Digest) -> Int64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    for digest in [encoding, chain, segment] {
      for byte in digest.bytes { add(byte) }
    }
    for number in [first, step, count, Int64(offset)] {
      for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: number >> Int64(shift))) }
    }
    return Int64(bitPattern: hash)
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
              SELECT chain, first, step, count, segment, offset, seal FROM frames
              WHERE encoding = ? AND chain IN (\(databaseQuestionMarks(count: batch.count)))
              ORDER BY chain, first, segment, offset
              """)
          statement.setUncheckedArguments(StatementArguments([encoding.data] + batch.map(\.data)))
          let rows = try Row.fetchCursor(statement)
          while let row = try rows.next() {
            let interval = FrameInterval(
              first: row[1], step: row[2], count: row[3], segment: try Self.digest(row, 4), offset: row[5])
            let chain = try Self.digest(row, 0)
            guard row[6] == interval.seal(encoding: encoding, chain: chain) else {
              throw DatabaseError(
                resultCode: .SQLITE_CORRUPT, message: "a row of frames is not what was written")
            }
            intervals[chain, default: []].append(interval)
          }
        }
        return intervals
      }
    }
  }
}
