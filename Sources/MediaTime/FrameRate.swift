/// An exact frame rate in frames per second.
///
/// The rate of frames and the base of timecode labels are two facts: labels count with `nominalBase`, clocks run with
/// numerator over denominator.
package struct FrameRate: Hashable, Sendable {
  package let numerator: Int
  package let denominator: Int

  /// The rate in lowest terms.
  ///
  /// - Precondition: both are positive and at most `Int32.max`.
  package init(_ numerator: Int, _ denominator: Int = 1) {
    precondition(
      Self.isUsable(numerator, denominator), "\(numerator)/\(denominator) is not a frame rate")
    let value = Rational(Int64(numerator), Int64(denominator))
    self.numerator = Int(value.numerator)
    self.denominator = Int(value.denominator)
  }

  private static func isUsable(_ numerator: Int, _ denominator: Int) -> Bool {
    numerator > 0 && denominator > 0 && numerator <= Int(Int32.max) && denominator <= Int(Int32.max)
  }

  /// `nil` unless both are positive and at most `Int32.max`; for numbers from files.
  package init?(checked numerator: Int, _ denominator: Int) {
    guard Self.isUsable(numerator, denominator) else { return nil }
    self.init(numerator, denominator)
  }

  package var rational: Rational { Rational(Int64(numerator), Int64(denominator)) }

  /// Labels per second of timecode at this rate: 24 for 24000/1001.
  package var nominalBase: Int { max(1, (numerator + denominator / 2) / denominator) }

  /// Whether drop-frame labels exist: 30000/1001 and its multiples. 24000/1001 has none.
  ///
  /// Source: SMPTE ST 12-1 §5.2, ST 12-3.
  package var allowsDropFrame: Bool {
    denominator == 1001 && [30_000, 60_000, 120_000].contains(numerator)
  }

  /// The rates this program knows by name, slowest first.
  package static let allStandard: [FrameRate] = [
    FrameRate(24_000, 1001), FrameRate(24), FrameRate(25), FrameRate(30_000, 1001), FrameRate(30),
    FrameRate(48_000, 1001), FrameRate(48), FrameRate(50), FrameRate(60_000, 1001), FrameRate(60),
    FrameRate(120_000, 1001), FrameRate(120),
  ]
}

extension FrameRate {
  /// Frames in 24 hours of labels.
  ///
  /// - Precondition: `isDropFrame` only where `allowsDropFrame`.
  package func framesPerDay(isDropFrame: Bool) -> Int64 {
    isDropFrame ? 144 * framesPerTenMinutes : Int64(nominalBase) * 86_400
  }

  /// Labels dropped at the start of a minute: 2, 4 or 8.
  var droppedPerMinute: Int64 { Int64(nominalBase / 15) }

  /// Drop-frame frames in ten minutes of labels.
  var framesPerTenMinutes: Int64 { Int64(nominalBase) * 600 - 9 * droppedPerMinute }

  /// The first sample of frame `n`, counted from the start of frame 0: `floor(n · sampleRate · den / num + 1/2)`.
  ///
  /// Frame `n` owns the samples from this edge up to the edge of `n + 1`, so boundaries never drift.
  /// Source: SMPTE ST 299 five-frame sequence: edges are counted from frame 0, never accumulated.
  package func sampleEdge(ofFrame n: Int64, sampleRate: Int) -> Int64 {
    scaledRounding(n, by: Int64(sampleRate) * Int64(denominator), over: Int64(numerator))
  }

  /// The frame of this rate that begins nearest to the start of frame `n` of `other`, halves upward.
  package func frame(nearest n: Int64, of other: FrameRate) -> Int64 {
    scaledRounding(
      n, by: Int64(other.denominator) * Int64(numerator), over: Int64(other.numerator) * Int64(denominator))
  }

  /// Seconds that `frames` last, exactly.
  package func seconds(_ frames: Int64) -> Rational { Rational(frames) / rational }
}

extension FrameRate: CustomStringConvertible {
  /// `24000/1001`, or `25` for a whole rate.
  package var description: String { denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)" }

  /// What people call it: `23.976`, `25`; for display only.
  package var displayName: String {
    if denominator == 1 { return "\(numerator)" }
    let thousandths = scaledRounding(1000, by: Int64(numerator), over: Int64(denominator))
    var fraction = String(thousandths % 1000 + 1000).dropFirst()
    while fraction.last == "0" { fraction.removeLast() }
    return fraction.isEmpty ? "\(thousandths / 1000)" : "\(thousandths / 1000).\(fraction)"
  }

  /// Reads `24000/1001`, `25`, or a decimal within 0.005 of a known rate; nothing else is guessed.
  ///
  /// - Throws: `.malformed`, `.unknownRate`.
  /// Source: SMPTE ST 12-1 and ST 12-3.
  package init(parsing text: String) throws(MediaTimeError) {
    let trimmed = text.drop { $0 == " " }
    if let whole = Int(trimmed) {
      guard let rate = FrameRate(checked: whole, 1), whole <= 1000 else { throw Self.unknown(text) }
      self = rate
    } else if let slash = trimmed.firstIndex(of: "/") {
      guard let numerator = Int(trimmed[..<slash]),
        let denominator = Int(trimmed[trimmed.index(after: slash)...])
      else { throw Self.malformed(text) }
      guard let rate = FrameRate(checked: numerator, denominator), rate.numerator / rate.denominator <= 1000
      else {
        throw Self.unknown(text)
      }
      self = rate
    } else {
      guard trimmed.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }), let value = Double(trimmed)
      else {
        throw Self.malformed(text)
      }
      guard let rate = FrameRate(decimal: value) else { throw Self.unknown(text) }
      self = rate
    }
  }

  /// The known rate within 0.005 of a decimal, as files write it; `nil` when there is none.
  ///
  /// 24 and 23.976 are further apart than that, so the table decides without a guess.
  package init?(decimal: Double) {
    // 23.976 is also written 23.97 and 23.98: the rates over 1001 get the width that covers both.
    let near = Self.allStandard.lazy.map { (rate: $0, distance: abs($0.rational.displayValue - decimal)) }
      .filter { $0.distance <= ($0.rate.denominator == 1 ? 0.005 : 0.0065) }
    if let best = near.min(by: { $0.distance < $1.distance }) {
      self = best.rate
    } else {
      guard decimal >= 1, decimal <= 1000, decimal.rounded() == decimal else { return nil }
      self.init(Int(decimal))
    }
  }

  private static func malformed(_ text: String) -> MediaTimeError {
    MediaTimeError(code: .malformed, message: "`\(text)` is not a frame rate such as 24000/1001 or 25")
  }

  private static func unknown(_ text: String) -> MediaTimeError {
    MediaTimeError(code: .unknownRate, message: "`\(text)` is not a frame rate this program knows")
  }
}

extension FrameRate: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(parsing: try decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
