package import Diagnostics
package import MediaTime

/// A stretch of one source in the cut.
package struct Clip: Sendable, Hashable {
  /// What the clip shows when it is not media.
  package enum Content: Sendable, Hashable {
    case media
    case black
    /// Bars, a title generator, … by the file's word for it.
    case generator(String)
  }

  package var content: Content
  /// As the list has it; empty when it has none.
  package var name: String
  /// The event number as printed, e.g. `004`.
  package var event: String
  /// Name of the shot: the stem of the clip name, else of the source file, else the source reel.
  package var shot: String
  /// Camera roll or tape; `nil` when unknown (`AX`).
  package var sourceReel: String?
  /// Other names of the source reel that the list gives, e.g. the long form of a cut-off one.
  package var alternateReels: [String]
  /// File name or clip id of the source, e.g. from `SOURCE FILE:`.
  package var sourceFile: String?
  /// Path or URL of the source as stored in the list.
  package var targetURL: String?
  /// The source frame that is shown first; a reversed clip plays down from it.
  package var sourceIn: SourcePosition
  /// Source frames by the list's own out point; with a speed change only a check.
  package var sourceCount: Int64?
  /// The source out as a list prints it; a base other than the timeline's counts it only with the media at hand.
  package var sourceOut: SourcePosition?
  /// All the media there is according to the list, in the positions that `sourceIn` uses.
  package var availableRange: FrameRange?
  package var recordRange: FrameRange
  /// Source frames per record frame: 1 plays as shot, −1 reversed, 0 is a freeze frame.
  package var timeScale: Rational
  /// A speed that changes; it counts instead of `timeScale`.
  package var curve: RetimeCurve?
  /// Whether the cut says the speed; otherwise it is concluded from the lengths.
  package var isSpeedGiven: Bool
  package var grade: ColorDecision?
  /// Comments carried as they are.
  package var notes: [String]
  package var location: SourceLocation?
  /// A clip that is switched off stays in its place and is neither seen nor heard.
  package var isEnabled = true
  /// Placements in the frame, the innermost first: the clip's own, then those of the timelines it is nested in.
  package var adjustments: [PictureAdjustment] = []
  /// UMID, MobID or digest of the source, as the list gives it.
  package var sourceIdentity: String?
  /// Frame rate of the source, where the list says it.
  package var sourceRate: FrameRate?
  /// For sound: which of the source's channels is heard, from 1; `nil` for all of them.
  package var sourceChannel: Int?
  /// What the editor says the sound or picture is, e.g. `dialogue` or `dialogue.boom`.
  package var role: String?
  /// Notes on the source: `frame` counts source frames from `sourceIn`.
  package var markers: [Marker] = []
  package var metadata = Metadata()

  package init(
    content: Content = .media, name: String, event: String, shot: String? = nil, sourceReel: String? = nil,
    alternateReels: [String] = [], sourceFile: String? = nil, targetURL: String? = nil,
    sourceIn: SourcePosition,
    sourceCount: Int64? = nil, availableRange: FrameRange? = nil, recordRange: FrameRange,
    timeScale: Rational = .one, grade: ColorDecision? = nil, notes: [String] = [],
    location: SourceLocation? = nil, sourceOut: SourcePosition? = nil, isSpeedGiven: Bool = true
  ) {
    self.content = content
    self.name = name
    self.event = event
    self.shot = shot ?? Self.shot(name: name, sourceFile: sourceFile, sourceReel: sourceReel, event: event)
    self.sourceReel = sourceReel
    self.alternateReels = alternateReels
    self.sourceFile = sourceFile
    self.targetURL = targetURL
    self.sourceIn = sourceIn
    self.sourceCount = sourceCount
    self.availableRange = availableRange
    self.recordRange = recordRange
    self.timeScale = timeScale
    self.sourceOut = sourceOut
    self.isSpeedGiven = isSpeedGiven
    self.grade = grade
    self.notes = notes
    self.location = location
  }

  package var isBlack: Bool { content == .black }

  /// Source frames that the clip shows, relative to `sourceIn`: negative start for reversed play.
  ///
  /// Frame `k` shows `sourceIn + ⌊k·s⌋` forward and `sourceIn − ⌊k·|s|⌋` in reverse.
  package var neededSource: FrameRange { neededSource(as: SourceMotion(self)) }

  /// The source frame at a record frame of the clip, relative to `sourceIn`; `nil` beyond 64 bits.
  package func sourceOffset(at frame: Int64) -> Int64? {
    if let curve { return curve.position(at: frame) }
    guard let steps = Rational(frame).checkedMultiply(timeScale.magnitude)?.floor else { return nil }
    return timeScale < .zero ? -steps : steps
  }

  /// The same with another motion, and with more record frames before and after the clip.
  func neededSource(as motion: SourceMotion, before: Int64 = 0, after: Int64 = 0) -> FrameRange {
    motion.reach(FrameRange(start: -before, end: recordRange.count + after))
  }

  private static func shot(name: String, sourceFile: String?, sourceReel: String?, event: String) -> String {
    let candidates = [FileNames.stem(ofName: name), FileNames.stem(sourceFile ?? ""), sourceReel ?? ""]
    return candidates.first { !$0.isEmpty } ?? event
  }
}

/// Where in the source a clip begins.
package enum SourcePosition: Sendable, Hashable {
  /// A timecode; which frame it names depends on the base of the media's timecode.
  case label(TimecodeLabel)
  /// A count of frames at a rate, from midnight or from the start of the media.
  case frames(Int64, FrameRate)

  /// The position for a frame count: a label wherever the rate has only one way of counting, so that a cut reads the
  /// same from a list with timecodes and from one with counts; the count itself where drop frame is possible, and for
  /// counts beyond a day.
  package init(count: Int64, rate: FrameRate) {
    let isLabel = !rate.allowsDropFrame && (0..<rate.framesPerDay(isDropFrame: false)).contains(count)
    self = isLabel ? .label(Timecode(frame: count, rate: rate).label) : .frames(count, rate)
  }
}

extension SourcePosition: CustomStringConvertible {
  package var description: String {
    switch self {
    case .label(let label): label.description
    case .frames(let count, let rate): "frame \(count) at \(rate)"
    }
  }
}

/// An ASC colour decision list entry: slope, offset and power per channel, then saturation.
///
/// Source: ASC CDL v1.2. The identity is slope 1, offset 0, power 1, saturation 1.
package struct ColorDecision: Sendable, Hashable, Codable {
  /// Red, green, blue; not negative.
  package var slope: [Double]
  package var offset: [Double]
  /// Greater than 0.
  package var power: [Double]
  /// Not negative.
  package var saturation: Double

  package init(
    slope: [Double] = [1, 1, 1], offset: [Double] = [0, 0, 0], power: [Double] = [1, 1, 1],
    saturation: Double = 1
  ) {
    self.slope = slope
    self.offset = offset
    self.power = power
    self.saturation = saturation
  }
}

/// Something of a cut file that did not come through as it was written.
package struct Finding: Sendable, Hashable, Codable {
  package enum Kind: String, Sendable, Hashable, Codable {
    /// Carried, but not exactly.
    case approximated
    /// Not written in the file; concluded from what is.
    case inferred
    /// Not carried.
    case dropped
  }

  package var kind: Kind
  /// One sentence without a full stop.
  package var what: String
  package var location: SourceLocation?
  package var event: String?
  /// What is lost would be seen in the picture: nothing is rendered from such a cut.
  package var isFault: Bool

  package init(
    kind: Kind, what: String, location: SourceLocation? = nil, event: String? = nil, isFault: Bool = false
  ) {
    self.isFault = isFault
    self.kind = kind
    self.what = what
    self.location = location
    self.event = event
  }
}

extension Finding {
  /// Events by number, as many as a sentence bears.
  static func listing(_ events: [String]) -> String {
    let shown = events.prefix(12).joined(separator: ", ")
    let rest = events.count > 12 ? " and \(events.count - 12) more" : ""
    return (events.count == 1 ? "event " : "events ") + shown + rest
  }
}

extension Finding: CustomStringConvertible {
  package var description: String {
    (location.map { "\($0): " } ?? "") + "\(kind.rawValue): \(what)"
  }
}
