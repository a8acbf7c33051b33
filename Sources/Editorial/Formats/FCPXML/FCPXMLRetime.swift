import MediaTime

/// How a clip or nest reads its source: the first frame, the speed and, where these do not say it, a curve.
struct FCPXMLRetime {
  /// Source frame shown first, counted from zero of the source's time.
  var first: Int64
  /// Source frames for each record frame, against normal speed.
  var scale: Rational
  var curve: RetimeCurve?
  /// Whether the first position lay between frames and was rounded.
  var isRounded = false

  /// Final Cut writes times in whole 1/24000 s and the like, so that positions of frames come out a little beside
  /// them: less than this many frames. In the samples it is up to 1/1000 of a frame.
  static let tolerance = Rational(1, 256)

  /// Positions beyond this come from damaged numbers.
  private static let most = Rational(1 << 46)

  /// What is read from and how; times are seconds.
  struct Reading {
    var clock: FCPXMLClock
    var record: FrameRange
    var map: FCPXMLTimeMap?
    /// Frames of the source for each of its seconds.
    var rate: Rational
    /// Frames of normal speed for each second of the source: the timeline's rate, or the source's own where each of
    /// its frames is one of the timeline's.
    var normal: Rational
    /// Seconds that the map's values lack: some count from the first frame of the media.
    var shift = Rational.zero
    var isSound = false
  }

  /// `nil` beyond 64 bits.
  ///
  /// Final Cut's sampling is `floor`: the frame that is up at the time is shown. Played in reverse that is the frame
  /// which the position leaves, so that a clip reversed from its end begins with its last frame.
  static func read(_ reading: Reading) -> FCPXMLRetime? {
    guard let start = reading.clock.seconds(at: Rational(reading.record.start)),
      let end = reading.clock.seconds(at: Rational(reading.record.end))
    else { return nil }
    guard let map = reading.map, !reading.record.isEmpty else {
      guard let position = start.checkedAdd(reading.shift)?.checkedMultiply(reading.rate),
        let scale = reading.clock.unit.checkedMultiply(reading.normal)
      else { return nil }
      guard position.magnitude < most, let late = position.checkedAdd(tolerance) else { return nil }
      let first = reading.isSound ? position.rounded : late.floor
      guard let rest = position.checkedSubtract(Rational(first)) else { return nil }
      return FCPXMLRetime(first: first, scale: scale, isRounded: rest.magnitude > tolerance)
    }
    guard let part = map.part(from: start, to: end), let origin = part.first?.value,
      let shifted = origin.checkedAdd(reading.shift),
      let position = shifted.checkedMultiply(reading.rate), position.magnitude < most,
      let late = position.checkedAdd(tolerance), let early = tolerance.checkedSubtract(position)
    else { return nil }
    var points: [(record: Rational, source: Rational)] = []
    for point in part {
      guard let record = point.time.checkedSubtract(start)?.checkedDivide(reading.clock.unit),
        let source = point.value.checkedSubtract(origin)?.checkedMultiply(reading.normal)
      else { return nil }
      points.append((record, source))
    }
    guard points.count > 1,
      let total = points[points.count - 1].source.checkedDivide(Rational(reading.record.count))
    else { return nil }
    let isReversed = points[1].source < points[0].source
    let first = isReversed ? -early.floor - 1 : late.floor
    // Reversed, the whole frame before the position is the first; what is left of it delays the next.
    guard let offset = position.checkedSubtract(Rational(first)),
      let rest = isReversed ? offset.checkedSubtract(.one) : offset
    else { return nil }
    if points.count == 2, rest.magnitude <= tolerance || reading.isSound || total == .zero {
      return FCPXMLRetime(
        first: first, scale: total, isRounded: reading.isSound && rest.magnitude > tolerance)
    }
    guard let curve = curve(points, from: offset) else { return nil }
    return FCPXMLRetime(first: first, scale: total, curve: curve)
  }

  /// Straight lines whose positions, rounded down, are the frames shown.
  ///
  /// Forward a position counts a tolerance late and in reverse early, so that a position which is all but a frame's
  /// beginning shows that frame forward and the one before it in reverse. Where the direction changes, a corner is
  /// put between two record frames.
  private static func curve(_ points: [(record: Rational, source: Rational)], from start: Rational)
    -> RetimeCurve?
  {
    var knots: [RetimeCurve.Knot] = []
    var shift = tolerance
    for index in 1..<points.count {
      let (from, to) = (points[index - 1], points[index])
      let before = shift
      if to.source != from.source { shift = to.source < from.source ? -tolerance : tolerance }
      if index > 1, before != shift, let corner = corner(points[index - 2], from, by: before, start: start) {
        knots.append(corner)
      }
      guard let source = from.source.checkedAdd(start)?.checkedAdd(shift) else { return nil }
      if knots.last.map({ $0.record < from.record }) ?? true {
        knots.append(RetimeCurve.Knot(record: from.record, source: source))
      }
    }
    let last = points[points.count - 1]
    guard let source = last.source.checkedAdd(start)?.checkedAdd(shift) else { return nil }
    knots.append(RetimeCurve.Knot(record: last.record, source: source))
    return RetimeCurve(knots)
  }

  /// The end of a line shortly before its last point, with no record frame between the two.
  private static func corner(
    _ from: (record: Rational, source: Rational), _ to: (record: Rational, source: Rational),
    by shift: Rational, start: Rational
  ) -> RetimeCurve.Knot? {
    guard let below = to.record.isInteger ? to.record.checkedSubtract(.one) : Rational(to.record.floor),
      let middle = to.record.checkedAdd(max(below, from.record))?.checkedMultiply(Rational(1, 2)),
      let gone = middle.checkedSubtract(from.record), let run = to.record.checkedSubtract(from.record),
      let rise = to.source.checkedSubtract(from.source),
      let source = rise.checkedDivide(run)?.checkedMultiply(gone)?.checkedAdd(from.source)?.checkedAdd(start),
      let shifted = source.checkedAdd(shift)
    else { return nil }
    return RetimeCurve.Knot(record: middle, source: shifted)
  }
}
