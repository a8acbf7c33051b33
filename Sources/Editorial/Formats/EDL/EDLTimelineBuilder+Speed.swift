import Diagnostics
import MediaTime

/// How fast the clips of a list play.
extension EDLTimelineBuilder {
  /// Source frames per record frame; the M2 line wins, without one the lengths tell.
  mutating func speed(_ resolved: Resolved, _ side: EDLEventNotes.Side, _ event: EDLEvent)
    -> (scale: Rational, isGiven: Bool)
  {
    if side.isFreezeFrame { return (.zero, true) }
    let record = resolved.count
    if let motion = side.motion {
      var scale = scale(ofSpeed: motion)
      if record > 0, let exact = exactSpeed(side, near: motion), exact != scale {
        groups[.roundedSpeed, default: []].append(event.number)
        scale = exact
      }
      if let source = resolved.source.count, source != record {
        let expected = (Rational(record) * scale.magnitude).rounded
        let isFreeze = scale == .zero && source <= 1
        if abs(source - expected) > 2, !isFreeze {
          groups[.speedAgainstLength, default: []].append(event.number)
        }
      }
      return (scale, true)
    }
    guard let source = resolved.source.count, source != record, record > 0 else { return (.one, false) }
    let isSoundOnly = resolved.line.channels.picture.isEmpty
    if isSoundOnly, abs(source - record) <= 1 {
      groups[.soundLength, default: []].append(event.number)
      return (.one, true)
    }
    if source == 0 {
      groups[.emptySource, default: []].append(event.number)
      return (.one, true)
    }
    return (record > 1 ? Rational(source - 1, record - 1) : Rational(source), false)
  }

  /// A percentage in the clip's name, or in a comment that speaks of its speed, which M2 gives rounded.
  func exactSpeed(_ side: EDLEventNotes.Side, near motion: Rational) -> Rational? {
    let texts = [side.name] + side.comments.filter { $0.uppercased().contains("SPEED") }
    guard let share = texts.lazy.compactMap(\.percentage).first else { return nil }
    let speed = share * Rational(Int64(rate.nominalBase))
    guard (speed - motion.magnitude).magnitude <= Rational(1, 20) else { return nil }
    return motion < .zero ? -share : share
  }

  /// 24.0 and 23.98 at 24000/1001 both are normal speed: the nominal and the exact rate count as 1.
  func scale(ofSpeed speed: Rational) -> Rational {
    let nominal = Rational(Int64(rate.nominalBase))
    let tolerance = Rational(1, 20)
    for reference in [nominal, rate.rational]
    where (speed.magnitude - Rational((reference * Rational(1000)).rounded, 1000)).magnitude < tolerance {
      return speed < .zero ? -Rational.one : .one
    }
    return speed / nominal
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
