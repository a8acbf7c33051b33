/// A half-open run of frames: the first and how many.
package struct FrameRange: Hashable, Sendable, Codable {
  package var start: Int64
  /// Never negative.
  package var count: Int64

  /// - Precondition: `count` is not negative.
  package init(start: Int64, count: Int64) {
    precondition(count >= 0, "a range cannot hold \(count) frames")
    self.start = start
    self.count = count
  }

  /// The run from `start` up to, not including, `end`; empty when `end` is not after `start`.
  package init(start: Int64, end: Int64) {
    self.init(start: start, count: max(0, end - start))
  }

  /// The frame after the last.
  package var end: Int64 { start + count }

  package var isEmpty: Bool { count == 0 }

  package func contains(_ frame: Int64) -> Bool { frame >= start && frame < end }

  /// Whether every frame of `other` lies inside; an empty range lies inside when its start does or is the end.
  package func contains(_ other: FrameRange) -> Bool { other.start >= start && other.end <= end }

  /// The frames in both; `nil` when there are none.
  package func intersection(_ other: FrameRange) -> FrameRange? {
    let first = max(start, other.start)
    let last = min(end, other.end)
    return last > first ? FrameRange(start: first, count: last - first) : nil
  }

  package func offset(by frames: Int64) -> FrameRange { FrameRange(start: start + frames, count: count) }
}

extension FrameRange: CustomStringConvertible {
  /// `[start, end)`.
  package var description: String { "[\(start), \(end))" }
}
