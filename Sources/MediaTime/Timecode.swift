/// The label of one frame: a count from midnight, the rate it counts at and whether labels are dropped.
///
/// A label is not a duration: labels are never added, frame counts are. Every value is valid; there is no label that
/// drop-frame counting leaves out.
package struct Timecode: Hashable, Sendable {
  /// Frames since midnight, 0 up to the frames of a day.
  package let frame: Int64
  package let rate: FrameRate
  package let isDropFrame: Bool

  /// The label of a frame count, wrapped into the day.
  ///
  /// - Precondition: `isDropFrame` only at a rate that allows it.
  package init(frame: Int64, rate: FrameRate, isDropFrame: Bool = false) {
    precondition(!isDropFrame || rate.allowsDropFrame, "there is no drop frame at \(rate)")
    self.frame = frame.flooredRemainder(by: rate.framesPerDay(isDropFrame: isDropFrame))
    self.rate = rate
    self.isDropFrame = isDropFrame
  }

  /// Reads a label; with `isDropFrame` `nil` the separator decides.
  ///
  /// - Throws: `.malformed`, `.outOfRange`, `.droppedLabel`, `.noDropFrame`.
  package init(parsing text: String, rate: FrameRate, isDropFrame: Bool? = nil) throws(MediaTimeError) {
    guard let label = TimecodeLabel(parsing: text) else {
      throw MediaTimeError(code: .malformed, message: "`\(text)` is not a timecode such as 01:00:00:00")
    }
    let isDropFrame = isDropFrame ?? label.isDropFrame
    self.init(
      frame: try label.frame(rate: rate, isDropFrame: isDropFrame), rate: rate, isDropFrame: isDropFrame)
  }

  package var label: TimecodeLabel {
    let base = Int64(rate.nominalBase)
    var counted = frame
    if isDropFrame {
      let dropped = rate.droppedPerMinute
      let (tens, rest) = frame.quotientAndRemainder(dividingBy: rate.framesPerTenMinutes)
      counted += 9 * dropped * tens
      if rest >= dropped { counted += dropped * ((rest - dropped) / (60 * base - dropped)) }
    }
    return TimecodeLabel(
      hours: Int(counted / (3600 * base)), minutes: Int(counted / (60 * base) % 60),
      seconds: Int(counted / base % 60),
      frames: Int(counted % base), isDropFrame: isDropFrame)
  }
}

extension Timecode: CustomStringConvertible {
  /// `HH:MM:SS:FF`, or `HH:MM:SS;FF` for drop frame; three digits of frames only above 100 per second.
  package var description: String { label.description }
}
