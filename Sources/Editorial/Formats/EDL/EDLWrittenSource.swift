import MediaTime

/// Source in and out of a clip as labels.
struct EDLWrittenSource {
  private(set) var first: String
  private(set) var end: String
  /// Frames from in to out as a reader at the timeline's rate counts them; `nil` where it cannot.
  private(set) var count: Int64?
  private(set) var isDropFrame: Bool
  private(set) var losses: [String] = []

  /// - Parameters:
  ///   - count: record frames of the event.
  ///   - isWhole: whether the event has the clip's own range, so that the clip's own source out counts.
  init(clip: Clip, count: Int64, isWhole: Bool, timeline: Timeline) {
    let rate = timeline.rate
    switch clip.sourceIn {
    case .label(var label):
      if label.isDropFrame, !rate.allowsDropFrame { label.isDropFrame = false }
      isDropFrame = label.isDropFrame
      first = label.description
      let start = try? label.frame(rate: rate, isDropFrame: label.isDropFrame)
      if isWhole, case .label(let last)? = clip.sourceOut {
        end = last.description
        let to = try? last.frame(rate: rate, isDropFrame: last.isDropFrame)
        if let start, let to {
          self.count = to < start ? to - start + rate.framesPerDay(isDropFrame: isDropFrame) : to - start
        }
      } else if let start {
        let frames = Self.sourceCount(clip, count, isWhole: isWhole, rate, rate)
        end = Timecode(frame: start + frames, rate: rate, isDropFrame: isDropFrame).description
        self.count = frames
      } else {
        // A base that only the media tells: the out is not counted.
        end = first
        losses.append("source outs of another timecode base are not counted")
      }
    case .frames(let start, let own):
      isDropFrame = own == rate && timeline.isDropFrame
      let frames = Self.sourceCount(clip, count, isWhole: isWhole, own, rate)
      let day = own.framesPerDay(isDropFrame: isDropFrame)
      if start < 0 || start >= day { losses.append("source positions beyond a day are written within it") }
      if own.nominalBase != rate.nominalBase {
        losses.append("source timecodes count at another base than the list, which does not say so")
      }
      first = Timecode(frame: start, rate: own, isDropFrame: isDropFrame).description
      let (sum, overflow) = start.addingReportingOverflow(frames)
      end = overflow ? first : Timecode(frame: sum, rate: own, isDropFrame: isDropFrame).description
      self.count = own.nominalBase == rate.nominalBase ? frames : nil
    }
  }

  /// The clip's own count where the event is the whole clip, else what the speed makes of the record length.
  ///
  /// Source: CMX 3600 practice, source out = source in + record length × speed; one frame for a freeze.
  private static func sourceCount(
    _ clip: Clip, _ count: Int64, isWhole: Bool, _ own: FrameRate, _ rate: FrameRate
  ) -> Int64 {
    if isWhole || count == 0, let given = clip.sourceCount, (0...Int64(Int32.max)).contains(given) {
      return given
    }
    if clip.timeScale == .zero { return min(1, count) }
    let length =
      own.nominalBase == rate.nominalBase
      ? Rational(count) : Rational(count).checkedDivide(rate.rational)?.checkedMultiply(own.rational) ?? .zero
    let frames = length.checkedMultiply(EDLMotion.scale(of: clip, count: count).magnitude)?.rounded ?? 0
    return count > 0 ? min(max(1, frames), own.framesPerDay(isDropFrame: false) / 2) : 0
  }
}
