import MediaTime

/// Which source frame a clip shows at each of its record frames: one speed, or a curve.
///
/// Record frames count from the clip's first, and go on before and after it; source frames count from its source in.
struct SourceMotion: Sendable, Hashable {
  /// Source frames per record frame; where there is a curve, only what the clip says besides.
  var speed: Rational
  var curve: RetimeCurve?

  /// Counts beyond this come from damaged files, and arithmetic with them would overflow.
  static let most: Int64 = 1 << 46

  init(speed: Rational, curve: RetimeCurve? = nil) {
    self.speed = speed
    self.curve = curve
  }

  init(_ clip: Clip) { self.init(speed: clip.timeScale, curve: clip.curve) }

  /// The source frame at a record frame, held inside what can be counted.
  ///
  /// Frame `k` shows `⌊k·s⌋` forward and `−⌊k·|s|⌋` in reverse.
  func offset(at frame: Int64) -> Int64 {
    let position: Int64
    if let curve {
      position = curve.position(at: frame) ?? Self.most
    } else {
      let steps = Rational(frame).checkedMultiply(speed.magnitude)?.floor ?? Self.most
      position = speed < .zero ? -min(Self.most, steps) : steps
    }
    return max(-Self.most, min(Self.most, position))
  }

  /// Every source frame between the lowest and the highest that the record frames show.
  func reach(_ record: FrameRange) -> FrameRange {
    guard !record.isEmpty else { return FrameRange(start: 0, count: 0) }
    var (low, high) = (Int64.max, Int64.min)
    for frame in turningPoints(in: record) {
      let position = offset(at: frame)
      (low, high) = (min(low, position), max(high, position))
    }
    return FrameRange(start: low, end: high + 1)
  }

  /// Record frames whose source frame, `origin` added, lies in the media; ascending and apart from each other.
  func covered(_ record: FrameRange, origin: Int64, media: FrameRange) -> [FrameRange] {
    let points = turningPoints(in: record)
    guard let last = points.last else { return [] }
    var found: [FrameRange] = []
    func add(_ range: FrameRange) {
      guard !range.isEmpty else { return }
      if let before = found.last, before.end == range.start {
        found[found.count - 1] = FrameRange(start: before.start, end: range.end)
      } else {
        found.append(range)
      }
    }
    for (from, to) in zip(points, points.dropFirst()) {
      // From the first frame of a straight line to the one before the next line begins.
      add(onLine(FrameRange(start: from, end: to), origin, media))
    }
    add(onLine(FrameRange(start: last, count: 1), origin, media))
    return found
  }

  /// The part of one straight line that lies in the media: positions only rise or only fall, so two edges are searched.
  private func onLine(_ record: FrameRange, _ origin: Int64, _ media: FrameRange) -> FrameRange {
    func position(_ frame: Int64) -> Int64 { offset(at: frame) + origin }
    let rises = position(record.start) <= position(record.end - 1)
    func first(where isReached: (Int64) -> Bool) -> Int64 {
      var (low, high) = (record.start, record.end)
      while low < high {
        let middle = low + (high - low) / 2
        if isReached(position(middle)) { high = middle } else { low = middle + 1 }
      }
      return low
    }
    let start = first { rises ? $0 >= media.start : $0 < media.end }
    let end = first { rises ? $0 >= media.end : $0 < media.start }
    return FrameRange(start: start, end: end)
  }

  /// The first and last record frame, and where a curve turns, those beside its knots: extremes lie at these.
  private func turningPoints(in record: FrameRange) -> [Int64] {
    guard !record.isEmpty else { return [] }
    var points: Set<Int64> = [record.start, record.end - 1]
    for knot in curve?.knots ?? [] {
      let before = knot.record.floor
      for frame in [before, before + 1] where record.contains(frame) { points.insert(frame) }
    }
    return points.sorted()
  }

  /// Further record frames, one way from the clip, that the media has; `nil` where a held frame never runs out.
  ///
  /// - Parameters:
  ///   - edge: the clip's first record frame, or the one after its last.
  ///   - step: −1 before the clip, 1 after it.
  func handle(from edge: Int64, step: Int64, origin: Int64, media: FrameRange) -> Int64? {
    func isThere(_ count: Int64) -> Bool {
      let frame = step < 0 ? edge - count : edge + count - 1
      return media.contains(offset(at: frame) + origin)
    }
    guard !isThere(Self.most >> 8) else { return nil }
    var (have, beyond): (Int64, Int64) = (0, 1)
    while isThere(beyond) { (have, beyond) = (beyond, beyond * 2) }
    while beyond - have > 1 {
      let middle = have + (beyond - have) / 2
      if isThere(middle) { have = middle } else { beyond = middle }
    }
    return have
  }

  /// The same motion in frames of media that runs at another rate.
  func scaled(by ratio: Rational) -> SourceMotion? {
    guard let speed = speed.checkedMultiply(ratio) else { return nil }
    guard let curve else { return SourceMotion(speed: speed) }
    var knots: [RetimeCurve.Knot] = []
    for knot in curve.knots {
      guard let source = knot.source.checkedMultiply(ratio) else { return nil }
      knots.append(RetimeCurve.Knot(record: knot.record, source: source))
    }
    return RetimeCurve(knots).map { SourceMotion(speed: speed, curve: $0) }
  }

  /// The motion as a curve that shows the nearest frame there is before and after the frames that are there.
  ///
  /// - Returns: `nil` when frames are missing between others, or when numbers go beyond 64 bits.
  func held(inside available: FrameRange, record: FrameRange) -> RetimeCurve? {
    let covered = covered(record, origin: 0, media: available)
    guard covered.count == 1, let (first, last) = covered.first.map({ ($0.start, $0.end - 1) }),
      let from = exact(at: first), let to = exact(at: last)
    else { return nil }
    func knot(_ frame: Int64, _ source: Rational) -> RetimeCurve.Knot {
      RetimeCurve.Knot(record: Rational(frame), source: source)
    }
    let (low, high) = (Rational(offset(at: first)), Rational(offset(at: last)))
    let inner = (curve?.knots ?? []).filter { $0.record > Rational(first) && $0.record < Rational(last) }
    return RetimeCurve(
      [knot(first - 2, low), knot(first - 1, low), knot(first, from)] + inner
        + (last > first ? [knot(last, to)] : []) + [knot(last + 1, high), knot(last + 2, high)])
  }

  /// A position that, rounded down, is the frame shown.
  private func exact(at frame: Int64) -> Rational? {
    if let curve { return curve.exactPosition(at: frame) }
    guard let position = speed.checkedMultiply(Rational(frame)) else { return nil }
    // In reverse frames are rounded up: the same as down from just below the next.
    guard speed < .zero else { return position }
    return position.checkedAdd(Rational(speed.denominator - 1, speed.denominator))
  }
}
