import MediaTime

/// A position in a session as its text prints it, before the session's rate and start are known.
enum SessionTime: Hashable, Sendable {
  /// `01:00:00:00`, with hundredths of a frame after a dot where they are shown.
  case timecode(TimecodeLabel, hundredths: Int64)
  /// Samples from the start of the session.
  case samples(Int64)
  /// `1:02.345`, minutes and seconds from the start of the session.
  case seconds(Rational)

  /// `nil` for bars and beats, and for feet and frames.
  init?(parsing text: String) {
    if let label = TimecodeLabel(parsing: text) {
      self = .timecode(label, hundredths: 0)
      return
    }
    if text.utf8.count == 14, let dot = text.lastIndex(of: "."),
      let label = TimecodeLabel(parsing: String(text[..<dot])),
      let part = Self.digits(text[text.index(after: dot)...])
    {
      self = .timecode(label, hundredths: part)
      return
    }
    if let count = Self.digits(text[...]) {
      self = .samples(count)
      return
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3 else { return nil }
    let seconds = parts[parts.count - 1].split(separator: ".", omittingEmptySubsequences: false)
    guard seconds.count == 2, seconds[1].count == 3, let whole = Self.digits(seconds[0]), whole < 60,
      let thousandths = Self.digits(seconds[1]), let minutes = Self.digits(parts[parts.count - 2]),
      minutes < 1_000_000, let hours = parts.count == 3 ? Self.digits(parts[0]) : 0, hours < 1_000_000
    else { return nil }
    self = .seconds(Rational((hours * 3600 + minutes * 60 + whole) * 1000 + thousandths, 1000))
  }

  private static func digits(_ text: Substring) -> Int64? {
    guard !text.isEmpty, text.utf8.count <= 15, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int64(text)
  }

  /// What times are counted with.
  struct Clock: Sendable {
    var rate: FrameRate
    var isDropFrame: Bool
    /// Label count of the start of the session.
    var start: Int64
    var sampleRate: Int64
  }

  /// Frames since midnight, with fractions.
  ///
  /// - Throws: a label that the rate does not have.
  func frames(_ clock: Clock) throws(MediaTimeError) -> Rational {
    func fromStart(_ seconds: Rational?) throws(MediaTimeError) -> Rational {
      guard let frames = seconds?.checkedMultiply(clock.rate.rational),
        let sum = frames.checkedAdd(Rational(clock.start))
      else { throw MediaTimeError(code: .outOfRange, message: "the position is beyond all bounds") }
      return sum
    }
    switch self {
    case .timecode(let label, let hundredths):
      let whole = try label.frame(rate: clock.rate, isDropFrame: clock.isDropFrame)
      return Rational(whole * 100 + hundredths, 100)
    case .samples(let count): return try fromStart(Rational(checked: count, max(1, clock.sampleRate)))
    case .seconds(let seconds): return try fromStart(seconds)
    }
  }
}
