import MediaTime

/// Speeds as motion lines print them, in source frames per second of the timecode's base.
enum EDLSpeed {
  /// A motion line prints tenths: two speeds closer than half of that are one.
  static let tolerance = Rational(1, 20)

  /// Source frames per record frame. 24.0 and 23.98 at 24000/1001 both are normal speed: the nominal and the exact
  /// rate count as 1.
  static func scale(_ framesPerSecond: Rational, rate: FrameRate) -> Rational {
    let nominal = Rational(Int64(rate.nominalBase))
    for reference in [nominal, rate.rational]
    where (framesPerSecond.magnitude - Rational((reference * Rational(1000)).rounded, 1000)).magnitude
      < tolerance
    {
      return framesPerSecond < .zero ? -Rational.one : .one
    }
    return framesPerSecond / nominal
  }

  /// Whether a printed speed may be the rounded form of a scale.
  static func isNear(_ scale: Rational, _ framesPerSecond: Rational, rate: FrameRate) -> Bool {
    guard let exact = scale.checkedMultiply(Rational(Int64(rate.nominalBase))),
      let difference = exact.checkedSubtract(framesPerSecond)
    else { return false }
    return difference.magnitude <= tolerance
  }

  /// Whether two scales print alike, one of them rounded.
  static func isAlike(_ left: Rational, _ right: Rational, rate: FrameRate) -> Bool {
    guard let difference = left.checkedSubtract(right),
      let frames = difference.magnitude.checkedMultiply(Rational(Int64(rate.nominalBase)))
    else { return false }
    return frames <= Rational(1, 10)
  }

  /// The scale in tenths of a frame a second; `nil` where six digits do not hold it.
  static func tenths(_ scale: Rational, rate: FrameRate) -> Int64? {
    guard let speed = scale.magnitude.checkedMultiply(Rational(10 * Int64(rate.nominalBase))),
      speed < Rational(9_999_999)
    else { return nil }
    let tenths = speed.rounded
    return scale < .zero ? -tenths : tenths
  }

  /// The speed that a reader concludes from the lengths alone; `nil` when they leave it at normal speed.
  static func concluded(source: Int64, record: Int64) -> Rational? {
    guard source != record, record > 0, source > 0 else { return nil }
    return record > 1 ? Rational(source - 1, record - 1) : Rational(source)
  }
}
