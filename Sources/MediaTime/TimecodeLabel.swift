/// A timecode as printed, before a rate gives it a meaning.
///
/// The numbers are only known to be digits: whether the frames exist at a rate is asked in `frame(rate:isDropFrame:)`.
package struct TimecodeLabel: Hashable, Sendable {
  package var hours: Int
  package var minutes: Int
  package var seconds: Int
  package var frames: Int
  /// Whether the separator before the frames was `;` (or `,`), which always means drop frame.
  package var isDropFrame: Bool

  package init(hours: Int, minutes: Int, seconds: Int, frames: Int, isDropFrame: Bool) {
    self.hours = hours
    self.minutes = minutes
    self.seconds = seconds
    self.frames = frames
    self.isDropFrame = isDropFrame
  }

  /// Reads `HH:MM:SS:FF`; separators `:` `.` for non-drop, `;` `,` for drop before the frames. Frames have two or
  /// three digits. `nil` for anything else.
  package init?(parsing text: String) {
    self.init(ascii: text.utf8)
  }

  /// The same for a slice of a file.
  package init?(ascii bytes: some Collection<UInt8>) {
    guard bytes.count == 11 || bytes.count == 12 else { return nil }
    var numbers: [Int] = []
    var number = 0
    var digits = 0
    var lastSeparator: UInt8 = 0
    for byte in bytes {
      if (0x30...0x39).contains(byte) {
        number = number * 10 + Int(byte - 0x30)
        digits += 1
      } else {
        guard digits == 2, numbers.count < 3, Self.separators.contains(byte) else { return nil }
        numbers.append(number)
        number = 0
        digits = 0
        lastSeparator = byte
      }
    }
    guard numbers.count == 3, digits == 2 || digits == 3 else { return nil }
    self.init(
      hours: numbers[0], minutes: numbers[1], seconds: numbers[2], frames: number,
      isDropFrame: lastSeparator == UInt8(ascii: ";") || lastSeparator == UInt8(ascii: ","))
  }

  private static let separators = [
    UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "."), UInt8(ascii: ","),
  ]
}

extension TimecodeLabel: CustomStringConvertible {
  /// `HH:MM:SS:FF`, with `;` before the frames for drop frame.
  package var description: String {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(two(hours)):\(two(minutes)):\(two(seconds))\(isDropFrame ? ";" : ":")\(two(frames))"
  }
}

extension TimecodeLabel {
  /// The number of the frame with this label, counted from midnight.
  ///
  /// `isDropFrame` decides the counting; the label's own separator is only a hint and is ignored here.
  ///
  /// - Throws: `.outOfRange`, `.droppedLabel`, `.noDropFrame`.
  /// Source: SMPTE ST 12-1, drop-frame counting.
  package func frame(rate: FrameRate, isDropFrame: Bool) throws(MediaTimeError) -> Int64 {
    guard !isDropFrame || rate.allowsDropFrame else {
      throw MediaTimeError(
        code: .noDropFrame,
        message: "`\(self)` is drop frame, which does not exist at \(rate.displayName) fps")
    }
    let base = rate.nominalBase
    guard (0..<24).contains(hours), (0..<60).contains(minutes), (0..<60).contains(seconds) else {
      throw MediaTimeError(code: .outOfRange, message: "`\(self)` is not a time of day")
    }
    guard (0..<base).contains(frames) else {
      throw MediaTimeError(
        code: .outOfRange,
        message: "`\(self)` has frame \(frames), but \(rate.displayName) fps counts 0 to \(base - 1)")
    }
    let counted = Int64(((hours * 60 + minutes) * 60 + seconds) * base + frames)
    guard isDropFrame else { return counted }
    let dropped = rate.droppedPerMinute
    guard seconds != 0 || Int64(frames) >= dropped || minutes % 10 == 0 else {
      throw MediaTimeError(
        code: .droppedLabel, message: "`\(self)` does not exist: drop-frame counting leaves it out")
    }
    let totalMinutes = Int64(hours * 60 + minutes)
    return counted - dropped * (totalMinutes - totalMinutes / 10)
  }
}
