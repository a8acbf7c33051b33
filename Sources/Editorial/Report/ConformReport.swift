package import Diagnostics
package import MediaTime

/// What a conform found, for people and for programs.
package struct ConformReport: Sendable, Hashable, Codable {
  /// One event of the cut.
  package struct Event: Sendable, Hashable, Codable {
    package var event: String
    package var track: String
    package var clip: String
    package var shot: String
    package var sourceReel: String?
    /// Name of the matched file; `nil` for black and without a match.
    package var sourceFile: String?
    /// Identity of the matched file.
    package var media: String?
    /// First timecode and the one after the last, `01:00:10:00–01:00:12:00`, as the media counts.
    package var sourceTimecode: String?
    package var sourceRange: FrameRange?
    package var sourceSample: Int64?
    package var recordTimecode: String
    package var recordRange: FrameRange
    /// The clip's speed by the cut, against its media played normally.
    package var timeScale: Rational
    /// Media frames for each record frame.
    package var speed: Rational
    /// How media of another rate than the timeline's was read.
    package var reading: RateReading?
    package var handlesBefore: Int64
    package var handlesAfter: Int64
    /// Record frames beyond each end at the event's speed; `nil` where a held frame never runs out, or without media.
    package var headHandle: Int64?
    package var tailHandle: Int64?
    package var rule: String
    package var explanation: String
    /// What is shown where media is missing.
    package var fill: MissingPolicy?
    /// A further part of an event that some of the media is missing for.
    package var isPart: Bool
    /// Every file that a rule names, the best first.
    package var candidates: [Candidate]
    /// Further ones that are not listed.
    package var moreCandidates: Int
    package var grade: ColorDecision?
    package var findings: [Finding]
  }

  /// A media file that was considered for an event.
  package struct Candidate: Sendable, Hashable, Codable {
    /// The last two parts of its path.
    package var file: String
    package var media: String
    /// The rules that name it, the most trusted first.
    package var rules: [String]
    package var score: Int
    /// Record frames, those of transitions included.
    package var framesCovered: Int64
    package var framesNeeded: Int64
    package var headHandle: Int64?
    package var tailHandle: Int64?
    package var isChosen: Bool
    /// Why it was chosen, or why not.
    package var verdict: String

    init(_ candidate: MatchCandidate, file: String, _ media: [MediaItem]) {
      self.file = file
      self.media = media[candidate.media].facts.identity
      rules = candidate.rules
      score = candidate.score
      framesCovered = candidate.framesCovered
      framesNeeded = candidate.framesNeeded
      headHandle = candidate.headHandle
      tailHandle = candidate.tailHandle
      isChosen = candidate.isChosen
      verdict = candidate.verdict
    }
  }

  package struct TrackSummary: Sendable, Hashable, Codable {
    package var name: String
    package var kind: Track.Kind
  }

  /// A dissolve, wipe or key; it covers frames of the clips on both sides.
  package struct TransitionSummary: Sendable, Hashable, Codable {
    package var track: String
    package var event: String
    /// `dissolve`, `wipe 001`, `key`, or another program's word for it.
    package var kind: String
    /// As the list calls it.
    package var name: String?
    package var recordRange: FrameRange
  }

  /// A stretch of a track with nothing on it.
  package struct GapSummary: Sendable, Hashable, Codable {
    package var track: String
    package var recordRange: FrameRange
  }

  package struct Totals: Sendable, Hashable, Codable {
    package var events: Int
    package var matched: Int
    package var black: Int
    package var unmatched: Int
    /// Record frames that something else stands for, since their media is missing.
    package var filledFrames: Int64
    /// Events with fewer handles than asked for.
    package var warnings: Int
    package var frames: Int64
    package var findings: Int
  }

  package var schema = 2
  package var programme: String
  package var timeline: String
  package var rate: FrameRate
  package var start: String
  package var end: String
  /// Frames wanted beyond each end of an event.
  package var handles: Int
  package var tracks: [TrackSummary]
  package var events: [Event]
  package var transitions: [TransitionSummary]
  package var gaps: [GapSummary]
  package var markers: [Marker]
  /// Of the cut file itself: what was not carried as written.
  package var findings: [Finding]
  package var diagnostics: [Diagnostic]
  package var totals: Totals
  /// The comparison with the editor's offline, where one was given.
  package var offline: OfflineProof?

  /// - Parameters:
  ///   - media: as given to the relinker.
  ///   - handles: frames wanted beyond each end of an event.
  package init(_ conform: Conform, programme: String, media: [MediaItem], handles: Int = 0) {
    let timeline = conform.timeline
    self.programme = programme
    self.timeline = timeline.name
    rate = timeline.rate
    start = timeline.timecode(at: 0).description
    end = timeline.timecode(at: timeline.frameCount).description
    events = conform.events.map { Self.event($0, timeline, media) }
    self.handles = handles
    tracks = timeline.tracks.map { TrackSummary(name: $0.name, kind: $0.kind) }
    transitions = timeline.tracks.flatMap(Self.transitions)
    gaps = timeline.tracks.flatMap { track in
      track.items.compactMap { item in
        guard case .gap(let gap) = item, !gap.recordRange.isEmpty else { return nil }
        return GapSummary(track: track.name, recordRange: gap.recordRange)
      }
    }
    markers = timeline.markers
    findings = timeline.findings + [timeline.concludedSpeeds].compactMap { $0 }
    diagnostics = conform.diagnostics
    let own = conform.events.filter { !$0.isPart }
    let matched = own.count { $0.media != nil }
    let black = own.count { $0.clip.isBlack && $0.fill == nil }
    totals = Totals(
      events: own.count, matched: matched, black: black, unmatched: own.count - matched - black,
      filledFrames: conform.events.reduce(0) { $0 + ($1.fill == nil ? 0 : $1.clip.recordRange.count) },
      warnings: conform.diagnostics.count { $0.severity == .warning }, frames: timeline.frameCount,
      findings: findings.count + conform.events.reduce(0) { $0 + $1.findings.count })
  }

  private static func transitions(of track: Track) -> [TransitionSummary] {
    track.items.enumerated().compactMap { index, item in
      guard case .transition(let transition) = item else { return nil }
      // The cut lies where the incoming item begins, else where the outgoing one ends.
      let incoming = track.items[(index + 1)...].lazy.compactMap(\.recordRange).first?.start
      let outgoing = track.items[..<index].reversed().lazy.compactMap(\.recordRange).first?.end
      let start = max(0, (incoming ?? outgoing ?? 0) - transition.inOffset)
      let kind =
        switch transition.kind {
        case .dissolve: "dissolve"
        case .wipe(let number):
          "wipe " + String(repeating: "0", count: max(0, 3 - "\(number)".count)) + "\(number)"
        case .key: "key"
        case .custom(let name): name
        }
      return TransitionSummary(
        track: track.name, event: transition.event, kind: kind, name: transition.name,
        recordRange: FrameRange(start: start, count: max(0, transition.count)))
    }
  }

  /// Record timecode of a timeline frame.
  func label(at frame: Int64) -> String {
    guard let first = try? Timecode(parsing: start, rate: rate) else { return "frame \(frame)" }
    return Timecode(frame: first.frame + frame, rate: rate, isDropFrame: first.isDropFrame).description
  }

  private static func event(_ event: ConformedEvent, _ timeline: Timeline, _ media: [MediaItem]) -> Event {
    let clip = event.clip
    let record = clip.recordRange
    let facts = event.media.map { media[$0].facts }
    return Event(
      event: clip.event, track: timeline.tracks[event.trackIndex].name, clip: clip.name, shot: clip.shot,
      sourceReel: clip.sourceReel, sourceFile: facts?.fileName, media: facts?.identity,
      sourceTimecode: facts.flatMap { sourceTimecode(event, $0, timeline) },
      sourceRange: facts == nil ? nil : event.sourceRange, sourceSample: event.sourceSample,
      recordTimecode: "\(timeline.timecode(at: record.start))–\(timeline.timecode(at: record.end))",
      recordRange: record,
      timeScale: clip.timeScale, speed: event.speed, reading: event.reading,
      handlesBefore: event.handlesBefore, handlesAfter: event.handlesAfter,
      headHandle: event.headHandle, tailHandle: event.tailHandle,
      rule: event.rule, explanation: event.explanation, fill: event.fill, isPart: event.isPart,
      candidates: zip(
        event.candidates, RelinkLock.shortPaths(event.candidates.map { media[$0.media] }, atLeast: 2)
      ).map { Candidate($0, file: $1, media) }, moreCandidates: event.moreCandidates,
      grade: clip.grade, findings: event.findings)
  }

  private static func sourceTimecode(_ event: ConformedEvent, _ facts: MediaFacts, _ timeline: Timeline)
    -> String?
  {
    guard let clock = SourceClock.of(facts, of: event, timeline: timeline) else { return nil }
    return "\(clock.label(at: event.sourceRange.start))–\(clock.label(at: event.sourceRange.end))"
  }
}

extension ConformReport {
  /// The report as aligned text, events in the order of tracks and record time.
  package var text: String {
    var lines = [
      "conform of \(programme)\(timeline.isEmpty ? "" : " (\(timeline))")",
      "\(start)–\(end) at \(rate) fps, \(totals.frames) frames, \(counted(totals.events, "event")): "
        + "\(totals.matched) matched, \(totals.black) black, \(totals.unmatched) without media"
        + (totals.filledFrames > 0 ? "; \(totals.filledFrames) frames stand for missing media" : ""),
      "",
    ]
    lines += TextTable.aligned(
      [["event", "track", "shot", "source file", "source", "record", "handles", "rule"]]
        + events.map { event in
          [
            event.event, event.track, event.shot, event.sourceFile ?? "-", event.sourceTimecode ?? "-",
            event.recordTimecode,
            event.sourceFile == nil ? "-" : "\(event.handlesBefore)/\(event.handlesAfter)",
            event.rule + (event.reading.map { " \($0.rawValue)" } ?? "")
              + (event.speed == .one ? "" : " ×\(event.speed)"),
          ]
        })
    let found = findings + events.flatMap(\.findings)
    if !found.isEmpty {
      lines += ["", "findings"] + found.map { "  \($0)" }
    }
    if !diagnostics.isEmpty {
      lines += ["", "diagnostics"] + diagnostics.map { "  \($0)" }
    }
    if let offline { lines += [""] + offline.textLines }
    lines += ["", "why"]
    let names = TextTable.aligned(events.map { ["  \($0.event)", $0.track, "."] })
    for (event, name) in zip(events, names) {
      lines.append(name.dropLast() + event.explanation)
      lines += event.candidateLines.map { "    " + $0 }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension ConformReport.Event {
  /// Every candidate in a line of its own: file, score, frames, handles at the event's speed, and the verdict.
  package var candidateLines: [String] {
    var lines = candidates.map { candidate in
      "\(candidate.isChosen ? "+" : "-") \(candidate.file), score \(candidate.score), "
        + "\(candidate.framesCovered) of \(candidate.framesNeeded) frames"
        + (candidate.handleText.map { ", handles \($0)" } ?? "") + ": \(candidate.verdict)"
    }
    if moreCandidates > 0 { lines.append("  and \(moreCandidates) more") }
    return lines
  }
}

extension ConformReport.Candidate {
  /// Head and tail; `nil` when it has no place for the event.
  var handleText: String? {
    guard framesCovered > 0 else { return nil }
    func text(_ count: Int64?) -> String { count.map { "\($0)" } ?? "∞" }
    return "\(text(headHandle))/\(text(tailHandle))"
  }
}
