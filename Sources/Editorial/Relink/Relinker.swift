import Diagnostics
import MediaTime

/// Finds the media for every clip of a timeline. Pure: it knows the media by their facts.
package struct Relinker: Sendable {
  package let media: [MediaItem]
  package let settings: RelinkSettings

  let index: MediaIndex
  let scoring: Scoring

  package init(media: [MediaItem], settings: RelinkSettings = RelinkSettings()) {
    self.media = media
    self.settings = settings
    index = MediaIndex(media, settings: settings)
    scoring = Scoring(levels: TrustLevel.levels(settings.rules))
  }

  package init(media: [MediaItem], rates: [RateRule]) {
    self.init(media: media, settings: RelinkSettings(rates: rates))
  }

  /// Matches every clip that needs a source; between two different files nothing is guessed unless that is asked for.
  ///
  /// - Parameter handles: frames wanted on either side; fewer are a warning, not an error.
  /// - Complexity: O(clips × candidates of a name), independent of the number of media.
  package func relink(_ timeline: Timeline, handles: Int = 0) -> Conform {
    var timeline = timeline.flattened()
    timeline.findings += timeline.unrendered
    var conform = Conform(timeline: timeline, events: [], diagnostics: [])
    let clocks = media.map { item in
      SourceClock.read(item.facts, default: item.facts.video?.rate ?? timeline.rate)
    }
    let lock = settings.lock.map { LockedMedia($0, media: media) }
    let requests = timeline.tracks.enumerated().flatMap { trackIndex, track in
      track.items.enumerated().compactMap { itemIndex, item -> ClipRequest? in
        guard case .clip(let clip) = item else { return nil }
        return ClipRequest(
          timeline: timeline, trackIndex: trackIndex, itemIndex: itemIndex, clip: clip,
          handles: Int64(max(0, handles)), rates: settings.rates)
      }
    }
    let found = ConcurrentMap.map(requests) { conformed($0, clocks, lock) }
    var similar: [String: String?] = [:]
    var place = 0
    for (trackIndex, track) in timeline.tracks.enumerated() {
      var items: [TrackItem] = []
      for item in track.items {
        guard case .clip = item else {
          items.append(item)
          continue
        }
        let result =
          switch found[place] {
          case .some(let result): result
          case .none: missing(requests[place], clocks, &similar)
          }
        place += 1
        for var event in result.events {
          event.itemIndex = items.count
          items.append(.clip(event.clip))
          conform.events.append(event)
        }
        conform.diagnostics += result.diagnostics
      }
      conform.timeline.tracks[trackIndex].items = items
    }
    conform.diagnostics += unusedRates(conform.events)
    conform.diagnostics += unusedChoices(conform.events)
    return conform
  }

  /// What a clip became: one event, or several parts of it where some of its media is missing.
  struct Result {
    var events: [ConformedEvent]
    var diagnostics: [Diagnostic] = []
  }

  /// A rule that speaks of nothing in the cut is a slip of the pen, or left over.
  private func unusedRates(_ events: [ConformedEvent]) -> [Diagnostic] {
    let rates = settings.rates
    guard !rates.isEmpty else { return [] }
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

  /// Choices for events that the cut has no more are told once, since a slipped event is no longer locked.
  private func unusedChoices(_ events: [ConformedEvent]) -> [Diagnostic] {
    guard let choices = settings.lock?.choices else { return [] }
    let keys = Set(events.compactMap(\.key))
    let unused = choices.filter { !keys.contains($0.event) }
    guard let first = unused.first else { return [] }
    let example = "\(first.file) for \(first.event.reel) \(first.event.source) at \(first.event.record)"
    return [
      Diagnostic(
        severity: .warning, family: .usage, code: "conform.unusedChoice", location: first.location,
        message: unused.count == 1
          ? "the locked choice of \(example) is of no event of the cut"
          : "\(unused.count) locked choices are of no event of the cut, the first of \(example)",
        remedy: "`interlock conform --lock` writes the file for the cut as it is.")
    ]
  }

  // MARK: Choosing

  /// - Returns: `nil` where there is no media for it.
  private func conformed(
    _ request: ClipRequest, _ clocks: [SourceClock.Reading], _ lock: LockedMedia?
  ) -> Result? {
    if request.clip.isBlack {
      return Result(events: [request.event(rule: "black", explanation: "black needs no media")])
    }
    var candidates = candidates(of: request, clocks)
    if let choice = lock?.choices[request.key] {
      return locked(choice, lock, &candidates, request, clocks)
    }
    let pool = best(candidates.filter(\.isUsable), request)
    if let first = pool.first {
      let isOpen = pool.count > 1
      if isOpen, settings.ambiguity == .stop { return ambiguous(pool, candidates, request) }
      var result = matched(first, candidates, pool, request)
      if isOpen { result.diagnostics.append(guessed(pool, request)) }
      return result
    }
    if settings.partial != .fail {
      let partial = mostCovered(best(candidates.filter { $0.part != nil }, request))
      if partial.count > 1, settings.ambiguity == .stop { return ambiguous(partial, candidates, request) }
      if let first = partial.first, let part = first.part,
        var result = filled(first, part, candidates, request)
      {
        if partial.count > 1 { result.diagnostics.append(guessed(partial, request)) }
        return result
      }
    }
    return nil
  }

  /// Every file that a rule names and that has what is asked for.
  private func candidates(of request: ClipRequest, _ clocks: [SourceClock.Reading]) -> [Candidate] {
    index.candidates(request.clip).filter { request.accepts(media[$0.index].facts) }
      .map { candidate($0.index, $0.levels, request, clocks[$0.index]) }
  }

  /// The reels of nearly the same name, which cost the most to find, are looked for once for each name.
  private func missing(
    _ request: ClipRequest, _ clocks: [SourceClock.Reading], _ similar: inout [String: String?]
  ) -> Result {
    missing(candidates(of: request, clocks), request, &similar)
  }

  private func candidate(
    _ index: Int, _ levels: [Int], _ request: ClipRequest, _ clock: SourceClock.Reading
  ) -> Candidate {
    let facts = media[index].facts
    var score = levels.reduce(0) { $0 + scoring.weight($1) }
    let rate = facts.video?.rate ?? facts.timecodeRate
    if rate == request.clip.sourceRate ?? request.timeline.rate { score += Scoring.rateWeight }
    if facts.timecodeStart != nil || facts.sound?.timeReference != nil { score += Scoring.timecodeWeight }
    return Candidate(
      index: index, levels: levels, score: score, placement: request.place(facts, clock: clock))
  }

  /// The candidates between which nothing decides: of the most trusted name one file per content, for sound the files
  /// without picture where there are any, of movies and numbered stills what the list names, and of several the ones
  /// with the best score.
  private func best(_ candidates: [Candidate], _ request: ClipRequest) -> [Candidate] {
    guard let top = candidates.compactMap(\.levels.first).min() else { return [] }
    var seen: Set<String> = []
    var rest = candidates.filter {
      $0.levels.first == top && seen.insert(media[$0.index].facts.identity).inserted
    }
    if request.isSound, rest.contains(where: { media[$0.index].facts.video == nil }) {
      rest = rest.filter { media[$0.index].facts.video == nil }
    }
    let isOfKind = { media[$0].facts.isRun == request.clip.namesStills }
    if rest.contains(where: { isOfKind($0.index) }) { rest = rest.filter { isOfKind($0.index) } }
    guard let score = rest.map(\.score).max() else { return [] }
    return rest.filter { $0.score == score }.sorted { media[$0.index].path < media[$1.index].path }
  }

  private func mostCovered(_ candidates: [Candidate]) -> [Candidate] {
    guard let most = candidates.map(\.coveredCount).max() else { return [] }
    return candidates.filter { $0.coveredCount == most }
  }

  /// The choice of a lock file: it holds, whatever the rules say, as long as the file is there and has the frames.
  private func locked(
    _ choice: RelinkLock.Choice, _ lock: LockedMedia?, _ candidates: inout [Candidate],
    _ request: ClipRequest,
    _ clocks: [SourceClock.Reading]
  ) -> Result {
    func fault(_ code: String, _ message: String, _ remedy: String) -> Result {
      var event = request.event(rule: "none", explanation: message)
      event.key = request.key
      describe(&event, candidates, chosen: nil, pool: [], request)
      return Result(
        events: [event],
        diagnostics: [
          Diagnostic(
            family: code == "conform.lockedMisfit" ? .usage : .inputMissing, code: code,
            location: choice.location ?? request.clip.location, message: message, remedy: remedy)
        ])
    }
    let files = lock?.files(of: choice) ?? []
    let what = "the lock chooses \(choice.file) for event \(request.name)"
    guard let index = files.first(where: { request.accepts(media[$0].facts) }) else {
      let why =
        lock?.hasFile(choice) == true && files.isEmpty
        ? "its content is another than when it was chosen"
        : files.isEmpty
          ? "there is no such file in the media folders"
          : "it has no \(request.isSound ? "sound" : "picture")"
      return fault(
        "conform.lockedMissing", "\(what), and \(why)",
        "Bring the file back, or take the choice out of the lock file; to choose this file as it is, take out its "
          + "`identity`.")
    }
    let chosen: Candidate
    if let known = candidates.first(where: { $0.index == index }) {
      chosen = known
    } else {
      chosen = candidate(index, [], request, clocks[index])
      candidates.append(chosen)
    }
    if chosen.isUsable {
      return matched(chosen, candidates, [chosen], request, isLocked: true)
    }
    if settings.partial != .fail, let part = chosen.part,
      let result = filled(chosen, part, candidates, request, isLocked: true)
    {
      return result
    }
    return fault(
      "conform.lockedMisfit", "\(what), which \(chosen.shortcoming)",
      "Choose a file that covers it, or take the choice out of the lock file.")
  }

  // MARK: What a match says

  private func matched(
    _ match: Candidate, _ candidates: [Candidate], _ pool: [Candidate], _ request: ClipRequest,
    isLocked: Bool = false
  ) -> Result {
    guard case .covered(let source) = match.placement else {
      return Result(events: [request.event(rule: "none", explanation: "no media")])
    }
    var event = event(match, source, request, isLocked: isLocked)
    describe(&event, candidates, chosen: match, pool: pool, request, isLocked: isLocked)
    let short = shortHandles(&event, source, request)
    return Result(events: [event], diagnostics: short)
  }

  /// The event as a file shows it.
  func event(
    _ match: Candidate, _ source: SourcePlacement.Source, _ request: ClipRequest, isLocked: Bool
  ) -> ConformedEvent {
    let facts = media[match.index].facts
    let rule = isLocked ? "lock" : match.levels.first.map { scoring.levels[$0].rule.rawValue } ?? "lock"
    var event = request.event(rule: rule, explanation: "")
    event.key = request.key
    event.media = match.index
    event.sourceRange = source.range
    event.sourceOrigin = source.origin
    event.curve = source.motion.curve
    event.speed = source.speed
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
    (event.headHandle, event.tailHandle) = match.handles(of: request) ?? (0, 0)
    event.findings = source.findings
    let why =
      isLocked
      ? "the lock file chooses it"
      : match.levels.first.map {
        index.reason(request.clip, $0, media: match.index)
      } ?? ""
    let lies = match.isUsable ? "lies in" : "lies partly in"
    event.explanation = "\(why), and \(request.sourceText) \(lies) \(source.coverage()) of \(facts.fileName)"
    if let reading = source.reading, let video = facts.video {
      event.explanation +=
        "; its \(video.rate) fps are read as declared, \(reading.rawValue): \(source.speed) of its frames for "
        + "each of the timeline"
    }
    return event
  }

  private func shortHandles(
    _ event: inout ConformedEvent, _ source: SourcePlacement.Source, _ request: ClipRequest
  ) -> [Diagnostic] {
    guard request.handles > 0, let index = event.media else { return [] }
    // Handles are frames of the media: a fast clip needs more of them for the same time, a held frame none.
    let wanted = -(-(Rational(request.handles).checkedMultiply(source.speed.magnitude) ?? .zero)).floor
    var diagnostics: [Diagnostic] = []
    for (have, side) in [(source.before, "before"), (source.after, "after")] where have < wanted {
      let what =
        "event \(request.name) has \(have) of \(wanted) handle frames \(side) it in \(media[index].facts.fileName)"
      event.findings.append(
        Finding(kind: .approximated, what: what, location: request.clip.location, event: request.clip.event))
      diagnostics.append(
        Diagnostic(
          severity: .warning, family: .inputMissing, code: "conform.shortHandles",
          location: request.clip.location,
          message: what))
    }
    return diagnostics
  }
}

extension MediaFacts {
  var isRun: Bool { container == Self.run }
}

extension Clip {
  /// Whether the list names stills; where it does not, stills beside a movie of their name were mostly made of it.
  var namesStills: Bool {
    [sourceFile, targetURL, name].contains { $0.map(FileNames.isStill) ?? false }
  }
}

/// A media file that a rule names for a clip, and whether its timecode covers the clip.
struct Candidate {
  var index: Int
  /// Numbers of the levels of trust that name it, the most trusted first; none for a file that only a lock chooses.
  var levels: [Int]
  var score: Int
  var placement: SourcePlacement

  var isUsable: Bool {
    if case .covered = placement { return true }
    return false
  }

  var refusal: SourcePlacement.Refusal? {
    if case .refused(let refusal) = placement { return refusal }
    return nil
  }

  /// What it has of a clip that it does not cover.
  var part: SourcePlacement.Gap? {
    if case .notCovered(let gap) = placement, gap.source != nil { return gap }
    return nil
  }

  var coveredCount: Int64 { part?.coveredCount ?? 0 }

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
    case .notCovered(let gap): "has \(gap.text())"
    case .refused(let refusal): "is no help: \(refusal.message)"
    }
  }

  /// Record frames beyond the clip at its speed; `nil` without a place for it.
  func handles(of request: ClipRequest) -> (head: Int64?, tail: Int64?)? {
    let source: SourcePlacement.Source
    switch placement {
    case .covered(let value): source = value
    case .notCovered(let gap):
      guard let value = gap.source else { return nil }
      source = value
    case .refused: return nil
    }
    let count = request.clip.recordRange.count
    return (
      source.motion.handle(from: 0, step: -1, origin: 0, media: source.available),
      source.motion.handle(from: count, step: 1, origin: 0, media: source.available)
    )
  }
}

/// A lock file's choices beside the media.
struct LockedMedia: Sendable {
  let choices: [RelinkLock.Event: RelinkLock.Choice]
  private var byIdentity: [String: [Int]] = [:]
  private var byName: [String: [Int]] = [:]
  private let media: [MediaItem]

  init(_ lock: RelinkLock, media: [MediaItem]) {
    choices = Dictionary(lock.choices.map { ($0.event, $0) }, uniquingKeysWith: { first, _ in first })
    self.media = media
    for (index, item) in media.enumerated() {
      byIdentity[item.facts.identity, default: []].append(index)
      byName[item.path.split(separator: "/").last.map(String.init) ?? "", default: []].append(index)
    }
  }

  /// The files of the choice's name, whatever they hold.
  private func named(_ choice: RelinkLock.Choice) -> [Int] {
    let name = choice.file.split(separator: "/").last.map(String.init) ?? ""
    return (byName[name] ?? []).filter {
      media[$0].path == choice.file || media[$0].path.hasSuffix("/" + choice.file)
    }
  }

  func hasFile(_ choice: RelinkLock.Choice) -> Bool { !named(choice).isEmpty }

  /// The files that the choice means: those of its name, which must have its content; where no file has its name,
  /// those of its content, for a file may have been moved.
  func files(of choice: RelinkLock.Choice) -> [Int] {
    let named = named(choice)
    guard let identity = choice.identity else { return named }
    let same = byIdentity[identity] ?? []
    return named.isEmpty ? same : named.filter { same.contains($0) }
  }
}
