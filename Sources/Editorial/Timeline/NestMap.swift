import MediaTime

/// What a nest makes of the clips inside it: which of their frames is shown at which of its own.
struct NestMap {
  /// From the nest's record frames to the frames of its timeline.
  let lines: FrameLines
  /// Rate of the nested timeline.
  let rate: FrameRate
  /// Frames of the outer timeline for each of the nested one, in real time.
  let scale: Rational

  /// `nil` beyond 64 bits.
  init?(_ nest: Nest, in outer: FrameRate) {
    rate = nest.timeline.rate
    guard let scale = outer.rational.checkedDivide(rate.rational) else { return nil }
    self.scale = scale
    if let curve = nest.curve {
      guard let lines = FrameLines(curve, first: nest.sourceIn) else { return nil }
      self.lines = lines
    } else if scale == .one {
      guard let line = FrameLine(first: nest.sourceIn, speed: nest.timeScale) else { return nil }
      lines = FrameLines(line)
    } else {
      // The nearest frame at each instant: ⌊k·s + 1/2⌋, and the same mirrored in reverse.
      guard let speed = nest.timeScale.checkedDivide(scale), let half = speed.checkedAdd(Rational(1, 2)),
        let offset = speed < .zero
          ? FrameLine.ceiling(half.denominator).checkedSubtract(Rational(1, 2))
          : Rational(speed.isInteger ? 0 : 1, 2),
        let first = Rational(nest.sourceIn).checkedAdd(speed.isInteger ? Rational(offset.floor) : offset)
      else { return nil }
      lines = FrameLines(FrameLine(offset: first, slope: speed))
    }
  }

  /// Whether the timeline is played as it is, from wherever.
  var isPlain: Bool { lines.only?.slope == .one && scale == .one }

  /// A clip of the nested timeline as it is seen at some frames of the nest.
  ///
  /// - Parameters:
  ///   - visible: frames of the nest at which the clip stands.
  ///   - covered: the same with the frames that transitions take of it.
  ///   - room: for how many frames each may be told by itself; counted down.
  /// - Returns: the clip at record frame `visible.start`; `nil` beyond 64 bits or without room.
  func clip(_ clip: Clip, visible: FrameRange, covered: FrameRange, room: inout Int) -> Clip? {
    guard let outer = FrameLines(lines, less: clip.recordRange.start),
      let inner = clip.curve.map({ FrameLines($0) })
        ?? FrameLine(first: 0, speed: clip.timeScale).map({ FrameLines($0) })
    else { return nil }
    var copy = clip
    copy.recordRange = visible
    let isWhole = visible.count == clip.recordRange.count && isPlain && outer.position(at: visible.start) == 0
    if isWhole { return copy }
    guard let first = outer.position(at: visible.start).flatMap({ inner.position(at: $0) }) else {
      return nil
    }
    let moved = Self.position(of: clip, after: first, rate: rate)
    let base = moved == nil ? 0 : first
    copy.sourceIn = moved ?? clip.sourceIn
    let motion =
      outer.followed(by: inner).flatMap {
        Motion(lines: $0, from: visible.start, scale: scale, first: base, count: visible.count)
      }
      ?? Motion(covered: covered, from: visible.start, scale: scale, first: base, room: &room) { frame in
        outer.position(at: frame).flatMap { inner.position(at: $0) }
      }
    guard let motion else { return nil }
    copy.curve = motion.curve
    copy.timeScale = motion.speed
    copy.isSpeedGiven = true
    copy.sourceCount = nil
    copy.sourceOut = nil
    for index in copy.markers.indices {
      let (frame, isOver) = copy.markers[index].frame.subtractingReportingOverflow(base)
      if !isOver { copy.markers[index].frame = frame }
    }
    guard let adjustments = adjustments(of: clip, outer, visible: visible, covered: covered, room: &room)
    else {
      return nil
    }
    copy.adjustments = adjustments
    return copy
  }

  /// A source position some frames on; `nil` where it is not known how the source counts.
  private static func position(of clip: Clip, after frames: Int64, rate: FrameRate) -> SourcePosition? {
    if frames == 0 { return clip.sourceIn }
    switch clip.sourceIn {
    case .frames(let count, let own):
      let (moved, isOver) = count.addingReportingOverflow(frames)
      return own.nominalBase == rate.nominalBase && !isOver ? .frames(moved, own) : nil
    case .label(let label):
      let own = clip.sourceRate ?? rate
      let isDropFrame = label.isDropFrame && own.allowsDropFrame
      guard own.nominalBase == rate.nominalBase,
        let count = try? label.frame(rate: own, isDropFrame: isDropFrame)
      else { return nil }
      let (moved, isOver) = count.addingReportingOverflow(frames)
      // A day has no label after its last.
      guard !isOver, (0..<own.framesPerDay(isDropFrame: isDropFrame)).contains(moved) else {
        return isOver ? nil : .frames(moved, own)
      }
      return .label(Timecode(frame: moved, rate: own, isDropFrame: isDropFrame).label)
    }
  }

  /// The placements of a clip, their changes at the frames where they are seen.
  private func adjustments(
    of clip: Clip, _ outer: FrameLines, visible: FrameRange, covered: FrameRange, room: inout Int
  ) -> [PictureAdjustment]? {
    guard clip.adjustments.contains(where: \.isAnimated) else { return clip.adjustments }
    if isPlain {
      guard let gone = outer.position(at: visible.start) else { return nil }
      return clip.adjustments.map { $0.advanced(by: gone) }
    }
    var isGood = true
    let adjustments = clip.adjustments.map { adjustment in
      adjustment.mapped { animated in
        guard isGood, animated.keys.count > 1 else { return animated }
        let (work, isOver) = Int(covered.count).multipliedReportingOverflow(by: animated.keys.count)
        guard !isOver, work <= room else {
          isGood = false
          return animated
        }
        room -= work
        let keys = (covered.start..<covered.end).compactMap { frame in
          outer.position(at: frame).map {
            Animated.Key(frame: Rational(frame - visible.start), value: animated.value(at: $0))
          }
        }
        return Animated(keys: keys) ?? animated
      }
    }
    return isGood ? adjustments : nil
  }
}

/// How a clip moves: at one speed, or on a curve.
private struct Motion {
  /// With a curve its average.
  var speed: Rational
  var curve: RetimeCurve?

  /// - Parameters:
  ///   - from: the frame of the lines that is the clip's first.
  ///   - scale: frames of the timeline for each of the source.
  ///   - first: the position that counts as 0.
  init?(lines: FrameLines, from: Int64, scale: Rational, first: Int64, count: Int64) {
    let start = Rational(from)
    var pieces: [FrameLines.Piece] = []
    for piece in lines.pieces {
      guard let line = piece.line.advanced(by: start)?.scaled(by: scale, less: first),
        let at = piece.start.checkedSubtract(start)
      else { return nil }
      pieces.append(FrameLines.Piece(start: at, line: line))
    }
    if pieces.count == 1 {
      let line = pieces[0].line
      speed = line.slope
      let isConstant = scale == .one ? line.speed != nil : line.offset == .zero && line.slope >= .zero
      if isConstant { return }
      guard let end = line.exact(at: Rational(max(1, count))) else { return nil }
      curve = RetimeCurve([
        RetimeCurve.Knot(record: .zero, source: line.offset),
        RetimeCurve.Knot(record: Rational(max(1, count)), source: end),
      ])
      return
    }
    var knots: [RetimeCurve.Knot] = []
    func knot(_ record: Rational, _ line: FrameLine) -> Bool {
      guard let source = line.exact(at: record) else { return false }
      knots.append(RetimeCurve.Knot(record: record, source: source))
      return true
    }
    guard knot(pieces[0].start, pieces[0].line) else { return nil }
    for (before, after) in zip(pieces, pieces.dropFirst()) {
      // Lines that do not meet are no curve.
      guard before.line.exact(at: after.start) == after.line.exact(at: after.start),
        knot(after.start, after.line)
      else { return nil }
    }
    guard let last = pieces.last, let end = last.start.checkedAdd(.one), knot(end, last.line),
      let curve = RetimeCurve(knots)
    else { return nil }
    self.curve = curve
    guard let speed = Self.average(count, position: { curve.position(at: $0) }) else { return nil }
    self.speed = speed
  }

  /// Every frame by itself.
  init?(
    covered: FrameRange, from: Int64, scale: Rational, first: Int64, room: inout Int,
    position: (Int64) -> Int64?
  ) {
    guard covered.count <= Int64(room) else { return nil }
    room -= Int(covered.count)
    var knots: [RetimeCurve.Knot] = []
    var last: (position: Int64, step: Int64?)?
    for frame in covered.start..<covered.end {
      guard let at = position(frame) else { return nil }
      let (position, isOver) = at.subtractingReportingOverflow(first)
      guard !isOver, let source = Rational(position).checkedMultiply(scale) else { return nil }
      let step = last.map { position - $0.position }
      // On a straight line only its last frame counts.
      if knots.count > 1, let step, step == last?.step { knots.removeLast() }
      knots.append(RetimeCurve.Knot(record: Rational(frame - from), source: source))
      last = (position, step)
    }
    if knots.count == 1 {
      let next = knots[0].record + .one
      knots.append(RetimeCurve.Knot(record: next, source: knots[0].source))
    }
    guard let curve = RetimeCurve(knots),
      let speed = Self.average(covered.count, position: { curve.position(at: $0) })
    else {
      return nil
    }
    self.curve = curve
    self.speed = speed
  }

  private static func average(_ count: Int64, position: (Int64) -> Int64?) -> Rational? {
    guard count > 1 else { return .one }
    guard let from = position(0), let to = position(count - 1) else { return nil }
    return Rational(checked: to - from, count - 1)
  }
}

extension FrameLines {
  /// The positions counted from `first`; `nil` beyond 64 bits.
  fileprivate init?(_ lines: FrameLines, less first: Int64) {
    var pieces: [Piece] = []
    for piece in lines.pieces {
      guard let line = piece.line.scaled(by: .one, less: first) else { return nil }
      pieces.append(Piece(start: piece.start, line: line))
    }
    self.init(pieces: pieces)
  }
}

extension PictureAdjustment {
  /// The same with each of its numbers replaced.
  func mapped(_ change: (Animated) -> Animated) -> PictureAdjustment {
    var copy = self
    for path in Self.numbers { copy[keyPath: path] = change(copy[keyPath: path]) }
    return copy
  }

  /// The same changes seen from `frames` later.
  package func advanced(by frames: Int64) -> PictureAdjustment { mapped { $0.advanced(by: frames) } }

  /// Whether anything of it changes over the clip.
  package var isAnimated: Bool { Self.numbers.contains { self[keyPath: $0].keys.count > 1 } }

  private static var numbers: [WritableKeyPath<PictureAdjustment, Animated>] {
    [
      \.scaleX, \.scaleY, \.positionX, \.positionY, \.anchorX, \.anchorY, \.rotation, \.crop.left,
      \.crop.right,
      \.crop.top, \.crop.bottom, \.opacity,
    ]
  }
}
