import MediaTime

/// A time as written: a number of frames, perhaps with a fraction, at a rate.
struct OTIOTime {
  /// Frames at `rate`, exactly as far as a fraction of a millionth goes.
  var value: Rational
  var rate: FrameRate

  /// To whole frames of its own rate, halves upward.
  var frames: Int64 { value.rounded }

  /// Frames at another rate: the same number between rates of one base, since 24 is also written where 23.976 is
  /// meant; else the same instant.
  func frames(at other: FrameRate) -> Rational? {
    if rate == other || rate.nominalBase == other.nominalBase { return value }
    return value.checkedMultiply(other.rational)?.checkedDivide(rate.rational)
  }
}

/// A range as written.
struct OTIORange {
  var start: OTIOTime
  /// Never negative.
  var duration: OTIOTime
}

extension OTIORange {
  /// `nil` for what is no range.
  init?(_ value: JSONValue) {
    guard let start = value["start_time"].flatMap({ try? OTIOTime($0) }),
      let duration = value["duration"].flatMap({ try? OTIOTime($0) }), duration.value >= .zero
    else { return nil }
    self.init(start: start, duration: duration)
  }
}

extension OTIOTime {
  enum Fault: Error {
    case noTime
    case unknownRate(Double)
    case tooLarge
  }

  /// Larger numbers are damage, and arithmetic with them would overflow.
  private static let largest = 0x1p46

  init(_ value: JSONValue) throws(Fault) {
    guard let number = value["value"]?.double, let decimal = value["rate"]?.double else { throw .noTime }
    guard let rate = Self.rate(decimal) else { throw .unknownRate(decimal) }
    guard abs(number) < Self.largest else { throw .tooLarge }
    self.rate = rate
    if let whole = Int64(exactly: number) {
      self.value = Rational(whole)
    } else {
      let whole = Int64(number.rounded(.down))
      let millionths = Int64(((number - Double(whole)) * 1_000_000).rounded())
      self.value = Rational(whole) + Rational(millionths, 1_000_000)
    }
  }

  /// A frame rate, or the sample rate of sound.
  private static func rate(_ decimal: Double) -> FrameRate? {
    if let rate = FrameRate(decimal: decimal) { return rate }
    guard decimal.rounded() == decimal, decimal >= 1, decimal <= 1_000_000 else { return nil }
    return FrameRate(Int(decimal))
  }
}
