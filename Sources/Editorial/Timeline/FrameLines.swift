import MediaTime

/// The frame `⌊offset + slope · k⌋` that is shown at frame `k`.
struct FrameLine: Hashable {
  var offset: Rational
  var slope: Rational

  init(offset: Rational, slope: Rational) {
    self.offset = offset
    self.slope = slope
  }

  /// A constant speed: forward `first + ⌊k·s⌋`, in reverse `first − ⌊k·|s|⌋`.
  init?(first: Int64, speed: Rational) {
    guard let offset = Rational(first).checkedAdd(speed < .zero ? Self.ceiling(speed.denominator) : .zero)
    else { return nil }
    self.init(offset: offset, slope: speed)
  }

  /// What makes a floor of fractions over `denominator` a ceiling: `⌈x⌉ = ⌊x + (d − 1)/d⌋`.
  static func ceiling(_ denominator: Int64) -> Rational { Rational(denominator - 1, denominator) }

  /// `nil` beyond 64 bits.
  func exact(at frame: Rational) -> Rational? { slope.checkedMultiply(frame)?.checkedAdd(offset) }

  /// `nil` beyond 64 bits.
  func position(at frame: Int64) -> Int64? { exact(at: Rational(frame))?.floor }

  /// The first frame at which the position has left an interval it was in; `nil` for never.
  func leaves(_ interval: FrameRange) -> Int64? {
    if slope > .zero {
      return Rational(interval.end).checkedSubtract(offset)?.checkedDivide(slope).map { -(-$0).floor }
    }
    if slope < .zero {
      // The position is below the start once the exact value is.
      return Rational(interval.start).checkedSubtract(offset)?.checkedDivide(slope).map { $0.floor + 1 }
    }
    return nil
  }

  /// The same seen from `frames` later.
  func advanced(by frames: Rational) -> FrameLine? {
    exact(at: frames).map { FrameLine(offset: $0, slope: slope) }
  }

  /// The line `scale` times as high, for positions that are counted at another rate.
  func scaled(by scale: Rational, less first: Int64) -> FrameLine? {
    guard let offset = offset.checkedSubtract(Rational(first))?.checkedMultiply(scale),
      let slope = slope.checkedMultiply(scale)
    else { return nil }
    return FrameLine(offset: offset, slope: slope)
  }

  /// The position on `inner` of this line's position: `⌊c + d·⌊a + b·k⌋⌋` as one line.
  ///
  /// `nil` where no line has the same floors at every frame: two speeds with fractions.
  func followed(by inner: FrameLine) -> FrameLine? {
    if slope.isInteger {
      guard let offset = inner.exact(at: Rational(offset.floor)),
        let slope = inner.slope.checkedMultiply(slope)
      else { return nil }
      return FrameLine(offset: offset, slope: slope)
    }
    // Whole frames and a whole slope: the fraction of the inner offset never counts.
    let first = Rational(inner.offset.floor)
    switch inner.slope {
    case .zero: return inner
    case .one: return first.checkedAdd(offset).map { FrameLine(offset: $0, slope: slope) }
    case Rational(-1):
      // −⌊x⌋ = ⌈−x⌉, and x has the denominators of both.
      let common = Rational(checked: offset.denominator, slope.denominator)
        .flatMap { slope.denominator.multipliedReportingOverflow(by: $0.numerator) }
      guard let common, !common.overflow else { return nil }
      return first.checkedSubtract(offset)?.checkedAdd(Self.ceiling(common.partialValue)).map {
        FrameLine(offset: $0, slope: -slope)
      }
    default: return nil
    }
  }

  /// The constant speed with the same floors at all frames; `nil` when the line starts between frames.
  var speed: Rational? {
    let isAtFrame =
      slope < .zero
      ? offset >= Self.ceiling(slope.denominator) : offset < Rational(1, slope.denominator)
    return offset.floor == 0 && isAtFrame ? slope : nil
  }
}

/// Which frame is shown at each frame: straight lines, one after the other.
struct FrameLines {
  struct Piece {
    /// Where it begins; the first also holds for everything before.
    var start: Rational
    var line: FrameLine
  }

  /// Ascending, never empty.
  var pieces: [Piece]

  init(_ line: FrameLine) { pieces = [Piece(start: .zero, line: line)] }

  /// `nil` beyond 64 bits.
  init?(_ curve: RetimeCurve, first: Int64 = 0) {
    pieces = []
    for (from, to) in zip(curve.knots, curve.knots.dropFirst()) {
      guard let rise = to.source.checkedSubtract(from.source),
        let run = to.record.checkedSubtract(from.record),
        let slope = rise.checkedDivide(run), let fall = slope.checkedMultiply(from.record),
        let offset = from.source.checkedSubtract(fall)?.checkedAdd(Rational(first))
      else { return nil }
      pieces.append(Piece(start: from.record, line: FrameLine(offset: offset, slope: slope)))
    }
  }

  init(pieces: [Piece]) { self.pieces = pieces }

  var only: FrameLine? { pieces.count == 1 ? pieces[0].line : nil }

  /// Index of the piece that a frame is on.
  private func index(at frame: Int64) -> Int {
    let at = Rational(frame)
    var low = 0
    var high = pieces.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if pieces[middle].start <= at { low = middle } else { high = middle - 1 }
    }
    return low
  }

  func line(at frame: Int64) -> FrameLine { pieces[index(at: frame)].line }

  func position(at frame: Int64) -> Int64? { line(at: frame).position(at: frame) }

  /// The frames of `window`, divided where another of the intervals is shown.
  ///
  /// - Parameter limit: more runs than that are not divided.
  /// - Returns: runs that tile the window; `nil` beyond 64 bits or `limit`.
  func runs(over window: FrameRange, in intervals: FrameIntervals, limit: Int) -> [FrameRun]? {
    var runs: [FrameRun] = []
    var frame = window.start
    while frame < window.end {
      let piece = index(at: frame)
      let line = pieces[piece].line
      guard let position = line.position(at: frame), runs.count < limit else { return nil }
      let (interval, bounds) = intervals.interval(at: position)
      var end = piece + 1 < pieces.count ? min(window.end, -(-pieces[piece + 1].start).floor) : window.end
      if let leaves = line.leaves(bounds) { end = min(end, leaves) }
      end = max(end, frame + 1)
      if let last = runs.last, last.interval == interval {
        runs[runs.count - 1].frames = FrameRange(start: last.frames.start, end: end)
      } else {
        runs.append(FrameRun(frames: FrameRange(start: frame, end: end), interval: interval))
      }
      frame = end
    }
    return runs
  }

  /// The positions on `inner` as lines; `nil` where only every frame by itself tells them.
  func followed(by inner: FrameLines) -> FrameLines? {
    if let line = only, line.slope == .one {
      // Only from elsewhere: the pieces stay as they are.
      let pieces = inner.pieces.map { piece -> Piece? in
        guard let start = piece.start.checkedSubtract(line.offset), let moved = line.followed(by: piece.line)
        else { return nil }
        return Piece(start: start, line: moved)
      }
      return pieces.contains { $0 == nil } ? nil : FrameLines(pieces: pieces.compactMap(\.self))
    }
    guard let line = inner.only else { return nil }
    let pieces = pieces.compactMap { piece in
      piece.line.followed(by: line).map { Piece(start: piece.start, line: $0) }
    }
    return pieces.count == self.pieces.count ? FrameLines(pieces: pieces) : nil
  }
}

/// A run of frames that show one of some intervals.
struct FrameRun {
  var frames: FrameRange
  /// Index of the interval: −1 before the first, the number of intervals after the last.
  var interval: Int
}

/// Ranges that follow each other without holes.
struct FrameIntervals {
  /// Ascending; empty ranges are never found.
  let ranges: [FrameRange]

  /// The interval that a frame lies in, with what bounds it.
  func interval(at frame: Int64) -> (index: Int, bounds: FrameRange) {
    let far: Int64 = 1 << 60
    guard let first = ranges.first, let last = ranges.last else {
      return (0, FrameRange(start: -far, end: far))
    }
    if frame < first.start { return (-1, FrameRange(start: -far, end: first.start)) }
    if frame >= last.end { return (ranges.count, FrameRange(start: last.end, end: far)) }
    var low = 0
    var high = ranges.count - 1
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].end <= frame { low = middle + 1 } else { high = middle }
    }
    return (low, ranges[low])
  }
}
