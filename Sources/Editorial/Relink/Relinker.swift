import Diagnostics
import MediaTime

/// How a clip and a media file recognise each other; each rule also asks that the timecode is covered.
package enum RelinkRule: String, Sendable, Hashable, Codable, CaseIterable {
  case reelAndTimecode = "reel+timecode"
  case fileNameAndTimecode = "file name+timecode"
  case clipNameAndTimecode = "clip name+timecode"
}

/// Finds the media for every clip of a timeline. Pure: it knows the media by their facts.
package struct Relinker: Sendable {
  package let media: [MediaItem]
  /// In order of trust: a later rule is asked only when the earlier ones find nothing.
  package let rules: [RelinkRule]
  /// How media of another rate than the timeline's is read; the first that matches counts.
  package let rates: [RateRule]

  private let index: MediaIndex

  package init(media: [MediaItem], rules: [RelinkRule] = RelinkRule.allCases, rates: [RateRule] = []) {
    self.media = media
    self.rules = rules
    self.rates = rates
    index = MediaIndex(media)
  }

  /// Matches every clip that needs a source; nothing is guessed between two different files.
  ///
  /// - Parameter handles: frames wanted on either side; fewer are a warning, not an error.
  /// - Complexity: O(clips × candidates of a name), independent of the number of media.
  package func relink(_ timeline: Timeline, handles: Int = 0) -> Conform {
    var conform = Conform(timeline: timeline, events: [], diagnostics: [])
    for (trackIndex, track) in timeline.tracks.enumerated() {
      for (itemIndex, item) in track.items.enumerated() {
        guard case .clip(let clip) = item else { continue }
        let request = ClipRequest(
          timeline: timeline, trackIndex: trackIndex, itemIndex: itemIndex, clip: clip,
          handles: Int64(max(0, handles)), rates: rates)
        let (event, diagnostics) = conformed(request)
        conform.events.append(event)
        conform.timeline.tracks[trackIndex].items[itemIndex] = .clip(event.clip)
        conform.diagnostics += diagnostics
      }
    }
    conform.diagnostics += unusedRates(conform.events)
    return conform
  }

  /// A rule that speaks of nothing in the cut is a slip of the pen, or left over.
  private func unusedRates(_ events: [ConformedEvent]) -> [Diagnostic] {
    let matched = events.compactMap { event in
      event.reading == nil ? nil : event.media.map { (clip: event.clip, facts: media[$0].facts) }
    }
    let used = Set(
      matched.compactMap { pair in rates.firstIndex { $0.matches(pair.clip, in: pair.facts) } })
    return rates.indices.filter { !used.contains($0) }.map { index in
      Diagnostic(
        severity: .warning, family: .usage, code: "conform.unusedRate", location: rates[index].location,
        message: "the rule \(rates[index]) is used by no event: nothing it names has another rate than the "
          + "timeline, or an earlier rule decides", remedy: "Correct it or leave it out.")
    }
  }

  private func conformed(_ request: ClipRequest) -> (ConformedEvent, [Diagnostic]) {
    let clip = request.clip
    if clip.isBlack {
      return (request.event(rule: "black", explanation: "black needs no media"), [])
    }
    var rejected: [Candidate] = []
    for rule in rules {
      let candidates = index.candidates(clip, rule: rule).filter { request.accepts(media[$0].facts) }
        .map { Candidate(index: $0, rule: rule, placement: request.place(media[$0].facts)) }
      let usable = preferred(candidates.filter(\.isUsable), request)
      if usable.count > 1 { return ambiguous(usable, request) }
      if let match = usable.first { return matched(match, request) }
      rejected += candidates.filter { candidate in !rejected.contains { $0.index == candidate.index } }
    }
    return missing(rejected, request)
  }

  // MARK: Choosing

  /// One file per content; for sound the files without picture where there are any; of several the ones that
  /// another name of the clip also points at.
  private func preferred(_ candidates: [Candidate], _ request: ClipRequest) -> [Candidate] {
    var seen: Set<String> = []
    var rest = candidates.filter { seen.insert(media[$0.index].facts.identity).inserted }
    if request.isSound, rest.contains(where: { media[$0.index].facts.video == nil }) {
      rest = rest.filter { media[$0.index].facts.video == nil }
    }
    guard rest.count > 1 else { return rest }
    for rule in rules where rest.contains(where: { $0.rule != rule }) {
      let named = Set(index.candidates(request.clip, rule: rule))
      let confirmed = rest.filter { named.contains($0.index) }
      if confirmed.count == 1 { return confirmed }
      if !confirmed.isEmpty { rest = confirmed }
    }
    return rest
  }

  private func matched(_ match: Candidate, _ request: ClipRequest) -> (ConformedEvent, [Diagnostic]) {
    let facts = media[match.index].facts
    guard case .covered(let source) = match.placement else {
      return (request.event(rule: "none", explanation: "no media"), [])
    }
    var event = request.event(rule: match.rule.rawValue, explanation: "")
    event.media = match.index
    event.sourceRange = source.range
    event.speed = source.speed
    let isReversed = source.speed < .zero && !source.range.isEmpty
    event.sourceOrigin = isReversed ? source.range.end - 1 : source.range.start
    event.reading = source.reading
    event.framesPerLabel = source.framesPerLabel
    if let speed = source.clipSpeed, source.reading != nil {
      event.clip.isSpeedGiven = event.clip.isSpeedGiven || speed == .one
      event.clip.timeScale = speed
    }
    event.sourceSample = source.sample
    event.sampleCount = source.sampleCount
    event.handlesBefore = source.before
    event.handlesAfter = source.after
    event.findings = source.findings
    event.explanation =
      "\(index.reason(request.clip, match.rule, media: match.index)), and \(request.sourceText) lies in "
      + "\(source.coverage) of \(facts.fileName)"
    if let reading = source.reading, let video = facts.video {
      event.explanation +=
        "; its \(video.rate) fps are read as declared, \(reading.rawValue): \(source.speed) of its frames for "
        + "each of the timeline"
    }
    var diagnostics: [Diagnostic] = []
    // Handles are frames of the media: a fast clip needs more of them for the same time, a held frame none.
    let wanted = -(-(Rational(request.handles).checkedMultiply(source.speed.magnitude) ?? .zero)).floor
    for (have, side) in [(source.before, "before"), (source.after, "after")] where have < wanted {
      let what =
        "event \(request.name) has \(have) of \(wanted) handle frames \(side) it in \(facts.fileName)"
      event.findings.append(
        Finding(kind: .approximated, what: what, location: request.clip.location, event: request.clip.event))
      diagnostics.append(
        Diagnostic(
          severity: .warning, family: .inputMissing, code: "conform.shortHandles",
          location: request.clip.location,
          message: what))
    }
    return (event, diagnostics)
  }

  private func ambiguous(_ candidates: [Candidate], _ request: ClipRequest) -> (ConformedEvent, [Diagnostic])
  {
    let paths = candidates.prefix(5).map { media[$0.index].path.displayName }.joined(separator: ", ")
    let more = candidates.count > 5 ? " and \(candidates.count - 5) more" : ""
    let what =
      "event \(request.name) needs \(request.sourceText), and \(candidates.count) different files match by "
      + "\(candidates[0].rule.rawValue): \(paths)\(more)"
    return (
      request.event(rule: "none", explanation: what),
      [
        Diagnostic(
          family: .ambiguous, code: "conform.ambiguous", location: request.clip.location, message: what,
          remedy:
            "Leave the one that is meant in the media folders, or name its file in the list (`SOURCE FILE:`)."
        )
      ]
    )
  }

  // MARK: Explaining what is missing

  private func missing(_ candidates: [Candidate], _ request: ClipRequest) -> (ConformedEvent, [Diagnostic]) {
    // A file of another rate is the one that was meant: say that rather than that nothing was found.
    let isRefusedOnly = candidates.allSatisfy { $0.refusal != nil }
    if isRefusedOnly, let match = candidates.first, let refusal = match.refusal {
      let what = "event \(request.name) is in \(media[match.index].facts.fileName), but \(refusal.message)"
      return (
        request.event(rule: "none", explanation: what),
        [
          Diagnostic(
            family: .usage, code: refusal.code, location: request.clip.location, message: what,
            remedy: refusal.remedy)
        ]
      )
    }
    var what = "event \(request.name) needs \(request.sourceText), which no media covers"
    let near = candidates.sorted { $0.missingFrames < $1.missingFrames }.prefix(3).map { candidate in
      let reason = index.reason(request.clip, candidate.rule, media: candidate.index)
      return "\(media[candidate.index].facts.fileName) (\(reason)) \(candidate.shortcoming)"
    }
    if !near.isEmpty { what += "; " + near.joined(separator: "; ") }
    var remedy = "Add the media to the media folders."
    if near.isEmpty, let reel = request.clip.sourceReel, let similar = nearest(reel, among: index.reels),
      similar.lowercased() == reel.lowercased()
    {
      what += "; the files of that reel have no \(request.isSound ? "sound" : "picture")"
    } else if near.isEmpty, let reel = request.clip.sourceReel,
      let similar = nearest(reel, among: index.reels)
    {
      remedy = "Add the media, or correct the source reel: did you mean `\(similar)`?"
    } else if !near.isEmpty {
      remedy = "Add the rest of the source, or correct the event."
    }
    return (
      request.event(rule: "none", explanation: what),
      [
        Diagnostic(
          family: .inputMissing, code: "conform.missingMedia", location: request.clip.location, message: what,
          remedy: remedy)
      ]
    )
  }
}

/// A media file that a rule names for a clip, and whether its timecode covers the clip.
struct Candidate {
  var index: Int
  var rule: RelinkRule
  var placement: SourcePlacement

  var isUsable: Bool {
    if case .covered = placement { return true }
    return false
  }

  var refusal: SourcePlacement.Refusal? {
    if case .refused(let refusal) = placement { return refusal }
    return nil
  }

  /// For the order of candidates: what cannot be used at all comes last.
  var missingFrames: Int64 {
    switch placement {
    case .covered: 0
    case .notCovered(let gap): gap.frames
    case .refused: .max
    }
  }

  /// What is wrong with it, as the end of a sentence.
  var shortcoming: String {
    switch placement {
    case .covered: "covers it"
    case .notCovered(let gap): "has \(gap.text)"
    case .refused(let refusal): "is no help: \(refusal.message)"
    }
  }
}

extension String {
  /// The last two parts of a path: enough to tell two files apart, and no absolute path in a message.
  fileprivate var displayName: String {
    split(separator: "/").suffix(2).joined(separator: "/")
  }
}
