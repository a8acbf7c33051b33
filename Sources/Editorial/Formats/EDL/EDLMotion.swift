import MediaTime

/// The motion line of a clip, where the list needs one.
struct EDLMotion {
  private let clip: Clip
  private let scale: Rational
  private let rate: FrameRate
  private let isNeeded: Bool

  /// - Parameters:
  ///   - count: record frames of the event.
  ///   - sourceCount: frames between the printed source in and out, `nil` where a reader cannot count them.
  init(clip: Clip, count: Int64, sourceCount: Int64?, isSoundOnly: Bool, rate: FrameRate) {
    self.clip = clip
    self.rate = rate
    scale = Self.scale(of: clip, count: count)
    guard clip.content == .media else {
      isNeeded = false
      return
    }
    let isFrameOff = sourceCount.map { isSoundOnly && abs($0 - count) <= 1 } ?? true
    let isStillByName = (sourceCount ?? 2) <= 1 && count > 1 && clip.name.uppercased().hasSuffix(" FF")
    let concluded = isFrameOff ? nil : sourceCount.flatMap { EDLSpeed.concluded(source: $0, record: count) }
    // The list needs the line wherever the lengths alone would say another speed.
    isNeeded = isStillByName || (concluded ?? .one) != scale || (concluded != nil && clip.isSpeedGiven)
  }

  /// Source frames per record frame; the mean of a speed that changes.
  static func scale(of clip: Clip, count: Int64) -> Rational {
    guard let curve = clip.curve else { return clip.timeScale }
    let whole = max(1, clip.recordRange.count)
    guard let first = curve.position(at: 0), let last = curve.position(at: whole) else { return .one }
    let (run, overflow) = last.subtractingReportingOverflow(first)
    return overflow ? .one : Rational(checked: run, whole) ?? .one
  }

  var isBeyondDigits: Bool { isNeeded && EDLSpeed.tenths(scale, rate: rate) == nil }

  /// `M2   REEL            024.0                05:00:00:00`
  func line(reel: String, start: String) -> String {
    let tenths = EDLSpeed.tenths(scale, rate: rate) ?? 0
    let digits = EDLText.padded(Int(tenths.magnitude / 10), 3) + "." + String(tenths.magnitude % 10)
    return "M2   " + reel.padding(to: 8) + (tenths < 0 ? "      -" : "       ") + digits
      + "                " + start
  }

  /// - Parameter isForced: writes it also where the lengths say the speed.
  func lines(reel: String, start: String, isForced: Bool = false) -> [String] {
    guard isNeeded || isForced, let tenths = EDLSpeed.tenths(scale, rate: rate) else { return [] }
    var lines = [line(reel: reel, start: start)]
    let isExact = EDLSpeed.scale(Rational(tenths, 10), rate: rate) == scale
    // A percentage in words would be taken for the exact speed.
    let hasPercentage = ([clip.name] + clip.notes).contains { $0.contains("%") }
    if !isExact || hasPercentage {
      lines.append("* \(EDLCommentReader.exactSpeedKey) \(scale.numerator)/\(scale.denominator)")
    }
    return lines
  }
}
