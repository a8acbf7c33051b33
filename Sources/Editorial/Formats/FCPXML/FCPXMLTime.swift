import MediaTime

/// Times of FCPXML: rational seconds such as `1001/30000s` or `5s`.
///
/// Source: Apple, FCPXML DTD 1.0–1.13, entity `time`: a 64-bit numerator, a 32-bit denominator, the suffix `s`.
enum FCPXMLTime {
  /// No cut is longer than this many seconds (68 years); larger numbers are damage.
  private static let longest = Rational(1 << 31)

  /// `nil` when the text is not a time or beyond all measure.
  static func seconds(_ text: String) -> Rational? {
    var digits = Substring(text)
    while digits.first == " " { digits.removeFirst() }
    while digits.last == " " { digits.removeLast() }
    if digits.last == "s" { digits.removeLast() }
    let parts = digits.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let value: Rational? =
      if parts.count == 2 {
        if let numerator = Int64(parts[0]), let denominator = Int64(parts[1]), denominator > 0,
          denominator <= 1 << 32
        {
          Rational(checked: numerator, denominator)
        } else {
          nil
        }
      } else {
        decimal(digits)
      }
    guard let value, value.numerator != Int64.min, value.magnitude <= longest else { return nil }
    return value
  }

  /// Other programs write `3.5s`; read exactly, up to nine places.
  private static func decimal(_ text: Substring) -> Rational? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = Int64(parts[0]) else { return nil }
    guard parts.count == 2 else { return Rational(whole) }
    var scale: Int64 = 1
    for _ in parts[1].utf8.prefix(9) { scale *= 10 }
    guard !parts[1].isEmpty, let fraction = UInt32(parts[1].prefix(9)),
      let part = Rational(checked: Int64(fraction), scale)
    else { return nil }
    return parts[0].hasPrefix("-") ? Rational(whole).checkedSubtract(part) : Rational(whole).checkedAdd(part)
  }

  /// The rate of a `frameDuration`, e.g. `1001/24000s`.
  static func rate(frameDuration text: String) -> FrameRate? {
    guard let duration = seconds(text), duration > .zero, duration.numerator <= Int64(Int32.max),
      duration.denominator <= Int64(Int32.max)
    else { return nil }
    let rate = FrameRate(checked: Int(duration.denominator), Int(duration.numerator))
    return rate.flatMap { $0.numerator / $0.denominator <= 1000 ? $0 : nil }
  }

  /// The rate at the end of a format name such as `FFVideoFormat1080p2398`; the file may give the name alone.
  static func rate(formatName name: String) -> FrameRate? {
    guard name.hasPrefix("FFVideoFormat") else { return nil }
    switch name.reversed().prefix(while: \.isNumber).reversed() as [Character] {
    case ["2", "3", "9", "8"]: return FrameRate(24_000, 1001)
    case ["2", "9", "9", "7"]: return FrameRate(30_000, 1001)
    case ["5", "9", "9", "4"]:
      // Interlaced names count fields.
      return name.contains("i5994") ? FrameRate(30_000, 1001) : FrameRate(60_000, 1001)
    case let digits where digits.count == 2:
      guard let count = Int(String(digits)), [24, 25, 30, 50, 60].contains(count) else { return nil }
      let isFields = count >= 50 && name.contains("i\(count)")
      return FrameRate(isFields ? count / 2 : count)
    default: return nil
    }
  }

  /// Width and height that a format name gives, e.g. `FFVideoFormat3840x2160p25` or `FFVideoFormat1080p25`.
  static func size(formatName name: String) -> FCPXMLFormat.Size? {
    guard name.hasPrefix("FFVideoFormat") else { return nil }
    let rest = name.dropFirst("FFVideoFormat".count)
    let first = rest.prefix(while: \.isNumber)
    guard let number = Int(first) else { return nil }
    let after = rest.dropFirst(first.count)
    if after.first == "x", let height = Int(after.dropFirst().prefix(while: \.isNumber)) {
      return FCPXMLFormat.Size(width: number, height: height)
    }
    return switch number {
    case 720: FCPXMLFormat.Size(width: 1280, height: 720)
    case 1080: FCPXMLFormat.Size(width: 1920, height: 1080)
    default: nil
    }
  }

  /// The rate of `srcFrameRate`: decimals such as `23.98` or `47.95`.
  static func rate(sourceFrameRate text: String) -> FrameRate? {
    Double(text).flatMap { $0.isFinite ? FrameRate(decimal: $0) : nil }
  }
}

/// Time inside an element: which local second is up at which frame of the timeline.
///
/// Source: Apple, FCPXML reference, "Story elements": an item's `offset` counts in its parent's local time, whose
/// position at the parent's first frame is the parent's `start`.
struct FCPXMLClock {
  /// Timeline frame at which the element begins, unrounded.
  var frame: Rational
  /// Local seconds there.
  var local: Rational
  /// Local seconds for each timeline frame; not that of the rate where a rate conform stretches the local time.
  var unit: Rational

  /// `nil` beyond 64 bits.
  func frame(at seconds: Rational) -> Rational? {
    seconds.checkedSubtract(local)?.checkedDivide(unit)?.checkedAdd(frame)
  }

  /// `nil` beyond 64 bits.
  func seconds(at frame: Rational) -> Rational? {
    frame.checkedSubtract(self.frame)?.checkedMultiply(unit)?.checkedAdd(local)
  }
}
