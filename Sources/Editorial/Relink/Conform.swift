package import Diagnostics
package import MediaTime

/// A timeline with every event matched to media, or the reasons why not.
package struct Conform: Sendable {
  package var timeline: Timeline
  /// One per clip that has a source or is black, in the order of tracks and items.
  package var events: [ConformedEvent]
  /// Missing media (exit code 3), ambiguous matches (5), unusable media (2) and short handles (warnings), all at once.
  package var diagnostics: [Diagnostic]

  package init(timeline: Timeline, events: [ConformedEvent], diagnostics: [Diagnostic]) {
    self.timeline = timeline
    self.events = events
    self.diagnostics = diagnostics
  }
}

/// One clip of the cut and where its frames or samples are.
package struct ConformedEvent: Sendable, Hashable {
  package var trackIndex: Int
  package var itemIndex: Int
  package var clip: Clip
  /// What a lock file knows the event by; `nil` for black.
  package var key: RelinkLock.Event?
  /// Index into the relinker's media; `nil` for black and for an event without a match.
  package var media: Int?
  /// A relink rule, `lock`, `black`, `hold` or `slug` for a part that has no media, or `none` without a match.
  package var rule: String
  /// Why this media, in one sentence.
  package var explanation: String
  /// Every file that a rule names for the event, the best first, at most `mostCandidates`.
  package var candidates: [MatchCandidate] = []
  /// Further ones that are not listed.
  package var moreCandidates = 0
  /// How media of another rate is read; `nil` where it has the timeline's.
  package var reading: RateReading?
  /// Media frames for each record frame: the clip's own speed times what its rate makes of it.
  package var speed: Rational
  /// Media frames for each label of its timecode: 1 unless the picture runs at another rate than its labels.
  package var framesPerLabel: Rational
  /// Frames of the media that are shown, presentation index from 0 and in ascending order also for reversed clips.
  ///
  /// For sound: frames of the file's timecode, counted from the frame nearest to its first sample.
  package var sourceRange: FrameRange
  /// The media frame that the source in names: a curve and a reversed clip count from it. Of a part of an event, the
  /// whole event's.
  package var sourceOrigin: Int64 = 0
  /// Record frames of the event that lie before this part of it: its retiming has gone on for so long.
  package var phase: Int64 = 0
  /// A changing speed in media frames, counted from `sourceOrigin`; it counts instead of `speed`.
  package var curve: RetimeCurve?
  /// For sound: the first sample of the file that is heard, at the file's own rate; may lie less than a frame before
  /// the file.
  package var sourceSample: Int64?
  /// For sound: samples at the file's own rate.
  package var sampleCount: Int64?
  /// Frames that the media has before the first one shown.
  package var handlesBefore: Int64
  /// Frames that the media has after the last one shown.
  package var handlesAfter: Int64
  /// Record frames by which the event could begin earlier at its speed; `nil` where a held frame never runs out.
  package var headHandle: Int64?
  /// Record frames by which the event could end later at its speed; `nil` where a held frame never runs out.
  package var tailHandle: Int64?
  /// What is shown instead of media that is missing.
  package var fill: MissingPolicy?
  /// A further part of an event that some of the media is missing for: it is no event of its own.
  package var isPart = false
  package var findings: [Finding]

  package static let mostCandidates = 12

  package init(
    trackIndex: Int, itemIndex: Int, clip: Clip, media: Int? = nil, rule: String, explanation: String,
    reading: RateReading? = nil, speed: Rational? = nil, framesPerLabel: Rational = .one,
    sourceRange: FrameRange, sourceSample: Int64? = nil,
    sampleCount: Int64? = nil, handlesBefore: Int64 = 0,
    handlesAfter: Int64 = 0, findings: [Finding] = []
  ) {
    self.trackIndex = trackIndex
    self.itemIndex = itemIndex
    self.clip = clip
    self.media = media
    self.rule = rule
    self.explanation = explanation
    self.reading = reading
    self.framesPerLabel = framesPerLabel
    self.speed = speed ?? clip.timeScale
    self.sourceRange = sourceRange
    self.sourceSample = sourceSample
    self.sampleCount = sampleCount
    self.handlesBefore = handlesBefore
    self.handlesAfter = handlesAfter
    self.findings = findings
  }

  /// The media frame, presentation index from 0, at a record frame of this event or part of one.
  package func mediaFrame(at record: Int64) -> Int64 {
    guard let curve else { return frameMap.position(at: record) }
    let moved = sourceOrigin.addingReportingOverflow(curve.position(at: record) ?? 0)
    return moved.overflow ? sourceOrigin : moved.partialValue
  }

  /// The media frame at each record frame of the event, unless it has a curve.
  package var frameMap: FrameMap {
    FrameMap(first: sourceOrigin, speed: speed).advanced(by: phase)
  }
}

/// A media file that a rule names for an event, and how it fares.
package struct MatchCandidate: Sendable, Hashable {
  /// Index into the relinker's media.
  package var media: Int
  /// The rules that name it, the most trusted first.
  package var rules: [String]
  /// The weights of these rules, 2 for the rate and 1 for a timecode of its own.
  package var score: Int
  /// Record frames of the event that it has, those of transitions included.
  package var framesCovered: Int64
  package var framesNeeded: Int64
  /// Record frames beyond the event at its speed; `nil` where there are none to count.
  package var headHandle: Int64?
  package var tailHandle: Int64?
  package var isChosen: Bool
  /// Why it was chosen, or why not.
  package var verdict: String
}
