package import Diagnostics
package import MediaTime

/// How media of another rate than the timeline's is read; which of the two a cut means cannot be seen in it.
package enum RateReading: String, Sendable, Hashable, Codable, CaseIterable {
  /// The motion keeps its speed: frame k of a clip shows the media frame that is up at that time.
  case realtime
  /// Every media frame is one frame of the timeline: the camera ran off-speed.
  case everyFrame = "every-frame"

  /// Media frames for each timeline frame at the clip's normal speed.
  func ratio(media: FrameRate, timeline: FrameRate) -> Rational? {
    switch self {
    case .realtime: media.rational.checkedDivide(timeline.rational)
    case .everyFrame: .one
    }
  }

  /// Media frames for each timecode label.
  ///
  /// A label counts one frame where the base of the timecode is that of the picture or where the camera ran
  /// off-speed. Otherwise labels run in real time; a picture at a multiple of the base is locked to its labels, so
  /// that 1000/1001 on one side only is a way of writing.
  func framesPerLabel(media: FrameRate, labels: FrameRate) -> Rational? {
    let (base, labelBase) = (Int64(media.nominalBase), Int64(labels.nominalBase))
    if self == .everyFrame || base == labelBase { return .one }
    if base % labelBase == 0 || labelBase % base == 0 { return Rational(base, labelBase) }
    return media.rational.checkedDivide(labels.rational)
  }
}

/// A declaration for some of the media of a cut; the conditions that are given must all hold.
package struct RateRule: Sendable, Hashable {
  /// Names with `*` for any characters, compared without regard to case.
  package var reel: String?
  package var clip: String?
  package var file: String?
  /// Rate of the media's picture.
  package var rate: FrameRate?
  package var reading: RateReading
  /// Where it was declared.
  package var location: SourceLocation?

  package init(
    reel: String? = nil, clip: String? = nil, file: String? = nil, rate: FrameRate? = nil,
    as reading: RateReading,
    location: SourceLocation? = nil
  ) {
    self.reel = reel
    self.clip = clip
    self.file = file
    self.rate = rate
    self.reading = reading
    self.location = location
  }

  /// Whether the rule speaks of this clip in this file.
  func matches(_ clip: Clip, in facts: MediaFacts) -> Bool {
    guard let video = facts.video, rate.map({ $0 == video.rate }) ?? true else { return false }
    let reels = [clip.sourceReel, facts.reel].compactMap { $0 } + clip.alternateReels
    return Self.holds(reel, for: reels) && Self.holds(self.clip, for: [clip.name, clip.shot])
      && Self.holds(file, for: [facts.fileName, FileNames.stem(facts.fileName)])
  }

  private static func holds(_ pattern: String?, for names: [String]) -> Bool {
    guard let pattern else { return true }
    return names.contains { matches(Array(pattern.lowercased().utf8)[...], Array($0.lowercased().utf8)[...]) }
  }

  /// Whether a name is the pattern; linear but for the last `*`, which alone is tried again.
  private static func matches(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
    var (pattern, name) = (pattern, name)
    var retry: (pattern: ArraySlice<UInt8>, name: ArraySlice<UInt8>)?
    while true {
      if pattern.first == UInt8(ascii: "*") {
        pattern.removeFirst()
        retry = (pattern, name)
      } else if let first = name.first, first == pattern.first {
        pattern.removeFirst()
        name.removeFirst()
      } else if name.isEmpty, pattern.isEmpty {
        return true
      } else if let last = retry, !last.name.isEmpty {
        retry = (last.pattern, last.name.dropFirst())
        (pattern, name) = (last.pattern, last.name.dropFirst())
      } else {
        return false
      }
    }
  }
}

extension RateRule: CustomStringConvertible {
  /// As a pipeline file writes it.
  package var description: String {
    let conditions = [
      reel.map { "reel: \($0)" }, clip.map { "clip: \($0)" }, file.map { "file: \($0)" },
      rate.map { "rate: \($0)" },
    ]
    return "{\((conditions.compactMap { $0 } + ["as: \(reading.rawValue)"]).joined(separator: ", "))}"
  }
}
