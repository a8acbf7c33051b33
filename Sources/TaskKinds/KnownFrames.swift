package import TaskGraph

/// Consecutive source frames of one chain that lie one after the other in a segment.
package struct KnownFrames: Hashable, Codable, Sendable {
  package var first: Int64
  package var count: Int64
  package var segment: TaskKey
  /// Index in the segment of frame `first`.
  package var offset: Int

  package init(first: Int64, count: Int64, segment: TaskKey, offset: Int) {
    self.first = first
    self.count = count
    self.segment = segment
    self.offset = offset
  }
}
