import Diagnostics
import MediaTime

/// The timecode of a media file: its first label and how it counts.
struct SourceClock {
  /// Rate at which labels count.
  var rate: FrameRate
  var isDropFrame: Bool
  /// Label count of the first frame.
  var start: Int64
  /// Whether the file says its timecode; without it counts from 00:00:00:00.
  var isKnown: Bool
  /// Media frames for each label: 1 unless a picture runs at another rate than its timecode.
  var framesPerLabel = Rational.one

  enum Reading: Sendable {
    case success(SourceClock)
    case failure(SourcePlacement.Refusal)
  }

  /// - Parameter default: the rate when the file does not give one for its timecode.
  static func read(_ facts: MediaFacts, default rate: FrameRate) -> Reading {
    let rate = facts.timecodeRate ?? rate
    if let text = facts.timecodeStart {
      do {
        let timecode = try Timecode(parsing: text, rate: rate)
        return .success(
          SourceClock(rate: rate, isDropFrame: timecode.isDropFrame, start: timecode.frame, isKnown: true))
      } catch {
        return .failure(
          SourcePlacement.Refusal(
            code: "conform.badTimecode", message: "its start timecode \(error.message)",
            remedy: "Correct the timecode of the file."))
      }
    }
    if let sound = facts.sound, let reference = sound.timeReference, sound.sampleRate > 0, facts.video == nil
    {
      // The frame nearest to the beginning of the recording; the samples themselves are counted from the reference.
      let frames =
        Rational(reference).checkedMultiply(rate.rational / Rational(Int64(sound.sampleRate))) ?? .zero
      return .success(SourceClock(rate: rate, isDropFrame: false, start: frames.rounded, isKnown: true))
    }
    return .success(SourceClock(rate: rate, isDropFrame: false, start: 0, isKnown: false))
  }

  /// The timecode of matched media as the conform read it.
  static func of(_ facts: MediaFacts, of event: ConformedEvent, timeline: Timeline) -> SourceClock? {
    guard case .success(var clock) = read(facts, default: facts.video?.rate ?? timeline.rate) else {
      return nil
    }
    clock.framesPerLabel = event.framesPerLabel
    return clock
  }

  /// One way to understand a clip's source in.
  struct PositionReading {
    /// Frames from the first frame of the media; may lie outside.
    var position: Int64
    /// Whether it goes by timecode, rather than by frames from the start of the media.
    var isTimecode = true
    var findings: [Finding] = []
  }

  /// The ways to understand the source in, best first.
  func readings(of clip: Clip, mediaFrames: Int64) -> [PositionReading] {
    var readings: [PositionReading] = []
    let byTimecode = labelCount(clip)
    if let count = byTimecode.count {
      readings.append(
        PositionReading(position: frames(wrapped(count - start, mediaFrames)), findings: byTimecode.findings))
    }
    if let available = clip.availableRange, available.start != start, let count = ownCount(clip) {
      // OpenTimelineIO may count from the start of the media: `available_range` says from where.
      let relative = PositionReading(
        position: frames(count - available.start), isTimecode: false,
        findings: [
          Finding(
            kind: .inferred,
            what: "the source range of event \(clip.event) is counted from the start of its media",
            location: clip.location, event: clip.event)
        ])
      let isWhole = available.count == mediaFrames
      readings.insert(relative, at: isWhole ? 0 : readings.count)
    }
    return readings
  }

  /// A source timecode of the clip that this one never shows, and why: the list and the media do not count alike.
  func lacking(_ clip: Clip) -> String? {
    for case .label(let label)? in [clip.sourceIn, clip.sourceOut] where label.frames >= rate.nominalBase {
      return "no frame \(label), as its timecode counts \(rate.nominalBase) frames a second"
    }
    return nil
  }

  /// The media frame that is up at a label.
  private func frames(_ labels: Int64) -> Int64 {
    framesPerLabel == .one ? labels : (Rational(labels).checkedMultiply(framesPerLabel) ?? .zero).floor
  }

  /// The label that is up at a media frame.
  func label(at frame: Int64) -> Timecode {
    let labels =
      framesPerLabel == .one
      ? frame : (Rational(frame).checkedDivide(framesPerLabel) ?? .zero).floor
    return Timecode(frame: start + labels, rate: rate, isDropFrame: isDropFrame)
  }

  /// Media frames between a clip's source in and out by its labels.
  func sourceCount(of clip: Clip) -> Int64? {
    guard case .label(let first) = clip.sourceIn, case .label(let end) = clip.sourceOut,
      let from = try? first.frame(rate: rate, isDropFrame: isDropFrame),
      let to = try? end.frame(rate: rate, isDropFrame: isDropFrame)
    else { return clip.sourceCount }
    return frames(to < from ? to - from + rate.framesPerDay(isDropFrame: isDropFrame) : to - from)
  }

  /// Across midnight a position may come out a day early.
  private func wrapped(_ position: Int64, _ mediaFrames: Int64) -> Int64 {
    let day = rate.framesPerDay(isDropFrame: isDropFrame)
    return position < 0 && position + day < mediaFrames ? position + day : position
  }

  private func labelCount(_ clip: Clip) -> (count: Int64?, findings: [Finding]) {
    switch clip.sourceIn {
    case .frames(let count, let other):
      return (other.nominalBase == rate.nominalBase ? count : rate.frame(nearest: count, of: other), [])
    case .label(let label):
      let count = try? label.frame(rate: rate, isDropFrame: isDropFrame)
      guard label.isDropFrame != isDropFrame, rate.allowsDropFrame, isKnown else { return (count, []) }
      let finding = Finding(
        kind: .inferred,
        what:
          "the list writes the source in \(label) as \(label.isDropFrame ? "drop frame" : "non-drop frame"); "
          + "it is read as the media counts, \(isDropFrame ? "drop frame" : "non-drop frame")",
        location: clip.location, event: clip.event)
      return (count, [finding])
    }
  }

  /// The source in as a plain count, in the positions of the clip's available range.
  private func ownCount(_ clip: Clip) -> Int64? {
    switch clip.sourceIn {
    case .frames(let count, _): count
    case .label(let label):
      try? label.frame(rate: rate, isDropFrame: label.isDropFrame && rate.allowsDropFrame)
    }
  }

  func findings(_ clip: Clip) -> [Finding] {
    guard !isKnown else { return [] }
    return [
      Finding(
        kind: .inferred,
        what: "the media of event \(clip.event) has no timecode; it is counted from 00:00:00:00",
        location: clip.location, event: clip.event)
    ]
  }

  /// First label and the label after the last frame.
  func coverage(_ frames: Int64) -> String {
    "\(label(at: 0))–\(label(at: frames))"
  }

  func coverage(samples: Int64, from fileStart: Int64, sampleRate: Int) -> String {
    let perSample = rate.rational / Rational(Int64(sampleRate))
    func label(_ sample: Int64) -> Timecode {
      Timecode(
        frame: (Rational(sample).checkedMultiply(perSample) ?? .zero).rounded, rate: rate,
        isDropFrame: isDropFrame)
    }
    return "\(label(fileStart))–\(label(fileStart + samples))"
  }
}
