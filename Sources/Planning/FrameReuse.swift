import Digests
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds

/// Frames of one chain by source position: which exist, in which segment, and which are still to be made.
struct FrameIndex {
  /// Disjoint, ascending by first frame.
  private(set) var known: [KnownFrames] = []

  /// Adds known frames; where two segments hold the same frame the first stays.
  mutating func add(_ frames: KnownFrames) {
    for gap in missing(in: FrameRange(start: frames.first, count: frames.count)) {
      known.append(
        KnownFrames(
          first: gap.start, count: gap.count, segment: frames.segment,
          offset: frames.offset + Int(gap.start - frames.first)))
    }
    known.sort { $0.first < $1.first }
  }

  /// The parts of `range` that are not known.
  func missing(in range: FrameRange) -> [FrameRange] {
    var gaps: [FrameRange] = []
    var next = range.start
    for frames in known where frames.first + frames.count > range.start && frames.first < range.end {
      if frames.first > next { gaps.append(FrameRange(start: next, count: frames.first - next)) }
      next = max(next, frames.first + frames.count)
    }
    if next < range.end { gaps.append(FrameRange(start: next, count: range.end - next)) }
    return gaps
  }

  /// The piece that holds `position`, and how many frames follow it in the same segment.
  func piece(at position: Int64) -> (segment: TaskKey, offset: Int, following: Int64, preceding: Int64)? {
    var low = 0
    var high = known.count
    while low < high {
      let middle = (low + high) / 2
      if known[middle].first + known[middle].count <= position { low = middle + 1 } else { high = middle }
    }
    guard low < known.count, known[low].first <= position else { return nil }
    let frames = known[low]
    let inside = position - frames.first
    return (frames.segment, frames.offset + Int(inside), frames.count - inside, inside)
  }

  /// Where the frames of a run lie, in programme order.
  ///
  /// - Precondition: every frame of the run is known.
  func pieces(of run: FrameRun) -> [AssembleTask.Piece] {
    var pieces: [AssembleTask.Piece] = []
    var done: Int64 = 0
    while done < run.count {
      guard let found = piece(at: run.position(at: done)) else {
        preconditionFailure("frame \(run.position(at: done)) is neither known nor planned")
      }
      let reach: Int64 =
        switch run.step {
        case 0: run.count - done
        case 1: found.following
        case -1: found.preceding + 1
        default: 1
        }
      let count = min(reach, run.count - done)
      pieces.append(
        AssembleTask.Piece(
          segment: found.segment, offset: found.offset, count: Int(count),
          step: (-1...1).contains(run.step) ? Int(run.step) : 1))
      done += count
    }
    return pieces
  }
}

/// Ascending, disjoint ranges of source frames.
struct FrameSet {
  private(set) var ranges: [FrameRange] = []

  mutating func insert(_ range: FrameRange) {
    guard range.count > 0 else { return }
    var start = range.start
    var end = range.end
    var kept: [FrameRange] = []
    for other in ranges {
      if other.end < start || other.start > end {
        kept.append(other)
      } else {
        start = min(start, other.start)
        end = max(end, other.end)
      }
    }
    kept.append(FrameRange(start: start, count: end - start))
    ranges = kept.sorted { $0.start < $1.start }
  }

  /// How many of its frames another set does not have.
  func count(outside other: FrameSet) -> Int64 {
    let shared = ranges.reduce(0) { sum, range in
      sum + other.ranges.reduce(0) { $0 + (range.intersection($1)?.count ?? 0) }
    }
    return count - shared
  }

  var count: Int64 { ranges.reduce(0) { $0 + $1.count } }
}

/// How missing frames are cut into segments and tasks.
enum Segmentation {
  /// Frames of a segment: what a killed worker loses at the most. Boundaries lie on multiples of it in the
  /// source, so that another cut of the same shot asks for the same segments.
  static let framesPerSegment: Int64 = 24
  /// Segments of one task: enough that opening and seeking the source does not count.
  static let segmentsPerTask = 4
  /// Where few frames are missing they are cut finer, until so many tasks can run beside each other.
  private static let wantedTasks: Int64 = 16
  /// Pixels of the frames of a task at least: six of 1920x1080. Less costs more to begin than to do.
  private static let pixelsOfTask: Int64 = 6 * 1920 * 1080
  /// Lengths of a segment; boundaries of the longer are boundaries of the shorter.
  private static let lengths: [Int64] = [framesPerSegment, 12, 6, 3, 1]

  /// - Parameters:
  ///   - missing: frames to be made.
  ///   - pixels: of a frame.
  /// - Returns: frames of a segment, and segments of a task.
  static func grain(missing: Int64, pixels: Int64) -> (frames: Int64, segments: Int) {
    let least = (pixelsOfTask + pixels - 1) / max(1, pixels)
    guard least < framesPerSegment else { return (framesPerSegment, segmentsPerTask) }
    let share = max(1, least, missing / wantedTasks)
    let frames = lengths.first { $0 <= share } ?? 1
    return (frames, Int(min(Int64(segmentsPerTask), share / frames)))
  }

  static func split(_ range: FrameRange, frames: Int64 = framesPerSegment) -> [FrameRange] {
    var parts: [FrameRange] = []
    var start = range.start
    while start < range.end {
      let index = start >= 0 ? start / frames : (start - frames + 1) / frames
      let end = min((index + 1) * frames, range.end)
      parts.append(FrameRange(start: start, count: end - start))
      start = end
    }
    return parts
  }
}
