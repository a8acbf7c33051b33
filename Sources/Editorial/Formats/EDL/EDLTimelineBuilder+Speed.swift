import Diagnostics
import MediaTime

/// How fast the clips of a list play.
extension EDLTimelineBuilder {
  /// Source frames per record frame; the M2 line wins, without one the lengths tell.
  mutating func speed(_ resolved: Resolved, _ side: EDLEventNotes.Side) -> (scale: Rational, isGiven: Bool) {
    if side.isFreezeFrame { return (.zero, true) }
    if let motion = side.motion { return (speed(motion, resolved, side), true) }
    if let exact = side.exactSpeed { return (exact, true) }
    let (line, number) = (resolved.line.line, resolved.line.number)
    let record = resolved.count
    guard let source = resolved.source.count, source != record, record > 0 else { return (.one, false) }
    if source <= 1, record > 1, side.name.uppercased().hasSuffix(" FF") {
      found(.inferred, "clips named FF with a source of one frame are read as freeze frames", line, number)
      return (.zero, true)
    }
    if source == 0 {
      found(
        .inferred, "the source range is empty; the clip is read at normal speed for its record length", line,
        number)
      return (.one, true)
    }
    let isSoundOnly = !resolved.line.channels.has(.picture)
    if isSoundOnly, abs(source - record) <= 1 {
      found(
        .approximated, "source and record lengths of sound differ by a frame; the record length is used",
        line,
        number)
      return (.one, true)
    }
    return (EDLSpeed.concluded(source: source, record: record) ?? .one, false)
  }

  private mutating func speed(
    _ motion: EDLEventNotes.Motion, _ resolved: Resolved, _ side: EDLEventNotes.Side
  ) -> Rational {
    let number = resolved.line.number
    if let start = motion.start, case .label(let first) = resolved.source.first,
      (start.hours, start.minutes, start.seconds, start.frames)
        != (first.hours, first.minutes, first.seconds, first.frames)
    {
      found(
        .approximated, "M2 lines begin at another timecode than the source in, which is used", motion.line,
        number)
    }
    var scale = EDLSpeed.scale(motion.speed, rate: rate)
    if let exact = side.exactSpeed, EDLSpeed.isNear(exact, motion.speed, rate: rate) {
      scale = exact
    } else if let exact = percentage(side, near: motion.speed), exact != scale, resolved.count > 0 {
      found(
        .inferred,
        "M2 rounds the speed to a tenth of a frame a second; the more exact percentage that is written with "
          + "the clip is used", motion.line, number)
      scale = exact
    }
    if let source = resolved.source.count, source != resolved.count {
      let expected = Rational(resolved.count).checkedMultiply(scale.magnitude)?.rounded ?? 0
      let isFreeze = scale == .zero && source <= 1
      // Two frames, and what a twentieth of a frame a second makes over the length.
      let tolerance = 2 + resolved.count / Int64(20 * rate.nominalBase)
      if abs(source - expected) > tolerance, !isFreeze {
        found(
          .approximated, "the source out does not agree with the M2 speed; source in and speed are used",
          resolved.line.line, number)
      }
    }
    return scale
  }

  /// A percentage in the clip's name, or in a comment that speaks of its speed, which M2 gives rounded.
  private func percentage(_ side: EDLEventNotes.Side, near motion: Rational) -> Rational? {
    let texts = [side.name] + side.comments.filter { $0.uppercased().contains("SPEED") }
    guard let share = texts.lazy.compactMap(\.percentage).first else { return nil }
    return EDLSpeed.isNear(share, motion.magnitude, rate: rate) ? (motion < .zero ? -share : share) : nil
  }
}

extension String {
  /// The number before the last `%`, as a share: `SHOT (33.33%)` is 3333/10000. At most six decimals.
  fileprivate var percentage: Rational? {
    guard let sign = lastIndex(of: "%") else { return nil }
    let digits = self[..<sign].trimmed.reversed().prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let parts = String(digits.reversed()).split(separator: ".", omittingEmptySubsequences: false)
    guard let whole = parts.first, (1...5).contains(whole.count), parts.count <= 2 else { return nil }
    let decimals = parts.dropFirst().first ?? ""
    guard decimals.count <= 6, let number = Int64(whole + decimals) else { return nil }
    return Rational(number, decimals.reduce(100) { scale, _ in scale * 10 })
  }
}
