import Diagnostics
import MediaTime

/// What stands in for frames that no media has.
extension Relinker {
  /// The event in parts: what the file has as it is, and the policy's stand-in for the rest.
  ///
  /// - Returns: `nil` when frames are missing in the middle of a transition.
  ///
  /// Frames that only a transition shows are held under every policy: a part of no length could not be cut in.
  func filled(
    _ match: Candidate, _ part: SourcePlacement.Gap, _ candidates: [Candidate], _ request: ClipRequest,
    isLocked: Bool = false
  ) -> Result? {
    guard let source = part.source else { return nil }
    let file = media[match.index].facts.fileName
    let clip = request.clip
    let whole = FrameRange(start: 0, count: clip.recordRange.count)
    let inside = part.covered.compactMap { $0.intersection(whole) }
    let missing = whole.count - inside.reduce(0) { $0 + $1.count }
    let outside = request.record.count - whole.count - (part.coveredCount - (whole.count - missing))
    var event = event(match, source, request, isLocked: isLocked)
    event.explanation += "; the file \(match.shortcoming)"
    describe(&event, candidates, chosen: match, pool: [match], request, isLocked: isLocked)
    var diagnostics: [Diagnostic] = []
    func note(_ what: String) {
      event.findings.append(
        Finding(kind: .approximated, what: what, location: clip.location, event: clip.event))
      diagnostics.append(
        Diagnostic(
          severity: .warning, family: .inputMissing, code: "conform.partialMedia", location: clip.location,
          message: what, remedy: "Add the rest of the source, or correct the event."))
    }
    let policy = settings.partial
    if missing > 0 {
      let stand = request.isSound ? "are silent" : policy.verb
      note(
        "\(missing) of the \(whole.count) frames of event \(request.name) are not in \(file) and \(stand) "
          + "(`partial: \(policy.rawValue)`)")
    }
    if outside > 0 {
      note(
        "\(outside) frames of event \(request.name) that only a transition shows are not in \(file) and "
          + (request.isSound ? "are silent" : "hold its nearest frame"))
      if !request.isSound, !hold(&event, source, request, media: match.index) { return nil }
    }
    let short = event.findings
    var parts: [ConformedEvent] = []
    var next: Int64 = 0
    func stand(until end: Int64) {
      guard end > next else { return }
      let range = FrameRange(start: next, end: end)
      parts.append(standIn(event, source, range, of: request, policy: policy))
      next = end
    }
    for range in inside {
      stand(until: range.start)
      parts.append(self.part(of: event, source, range, request))
      next = range.end
    }
    stand(until: whole.end)
    // What was found out about the event is told once.
    let main = parts.firstIndex { $0.fill == nil } ?? 0
    for index in parts.indices {
      parts[index].findings = index == main ? short : []
      parts[index].isPart = index != main
    }
    return Result(events: parts, diagnostics: diagnostics)
  }

  /// Some record frames of an event whose media is there, in the place and with the retiming that they have in it.
  private func part(
    of event: ConformedEvent, _ source: SourcePlacement.Source, _ range: FrameRange, _ request: ClipRequest
  ) -> ConformedEvent {
    guard range.count < event.clip.recordRange.count else { return event }
    var part = event
    part.clip.recordRange = range.offset(by: event.clip.recordRange.start)
    part.clip.sourceIn = source.label(source.origin + source.motion.offset(at: range.start))
    part.clip.sourceOut = nil
    part.clip.sourceCount = nil
    part.clip.isSpeedGiven = true
    if request.isSound { return part }
    let shown = source.motion.reach(range).offset(by: source.origin)
    let frames = media[event.media ?? 0].facts.video?.frameCount ?? shown.end
    part.sourceRange = shown
    part.phase = range.start
    part.clip.curve = part.clip.curve?.advanced(by: range.start)
    part.curve = part.curve?.advanced(by: range.start)
    part.handlesBefore = max(0, shown.start)
    part.handlesAfter = max(0, frames - shown.end)
    return part
  }

  /// What stands in for record frames of an event without media.
  private func standIn(
    _ event: ConformedEvent, _ source: SourcePlacement.Source, _ range: FrameRange, of request: ClipRequest,
    policy: MissingPolicy
  ) -> ConformedEvent {
    let policy = request.isSound ? .black : policy
    guard policy == .hold, let index = event.media, let video = media[index].facts.video, video.frameCount > 0
    else { return blank(request, range, policy: policy) }
    var part = event
    let first = source.origin + source.motion.offset(at: range.start)
    let frame = max(0, min(video.frameCount - 1, first))
    part.rule = policy.rawValue
    part.fill = policy
    part.key = nil
    part.candidates = []
    part.explanation =
      "frame \(frame) of \(media[index].facts.fileName) is held for frames that it does not have"
    part.clip.recordRange = range.offset(by: event.clip.recordRange.start)
    part.clip.sourceIn = source.label(frame)
    part.clip.sourceOut = nil
    part.clip.sourceCount = nil
    part.clip.timeScale = .zero
    part.clip.isSpeedGiven = true
    part.clip.curve = nil
    part.curve = nil
    part.speed = .zero
    part.phase = 0
    part.sourceOrigin = frame
    part.sourceRange = FrameRange(start: frame, count: 1)
    part.handlesBefore = frame
    part.handlesAfter = video.frameCount - 1 - frame
    (part.headHandle, part.tailHandle) = (nil, nil)
    return part
  }

  private func blank(_ request: ClipRequest, _ range: FrameRange, policy: MissingPolicy) -> ConformedEvent {
    var event = request.event(
      rule: policy.rawValue,
      explanation: policy == .slug
        ? "a card with the event's name stands for missing media"
        : request.isSound ? "silence stands for missing media" : "black stands for missing media")
    event.fill = policy
    event.clip.recordRange = range.offset(by: request.clip.recordRange.start)
    event.clip.content = policy == .slug ? .generator(Clip.slug) : .black
    event.clip.timeScale = .one
    event.clip.curve = nil
    event.speed = .one
    (event.headHandle, event.tailHandle) = (nil, nil)
    return event
  }

  /// An event that no media has anything of.
  func replaced(_ request: ClipRequest, _ what: String, policy: MissingPolicy) -> Result {
    let policy = request.isSound || policy == .hold ? .black : policy
    let whole = FrameRange(start: 0, count: request.clip.recordRange.count)
    var event = blank(request, whole, policy: policy)
    event.explanation = "\(what); \(event.explanation)"
    let stand = request.isSound ? "are silent" : policy.verb
    let message =
      "\(what); its \(whole.count) frames \(stand) (`missing: \(settings.missing.rawValue)`)"
    event.findings.append(
      Finding(
        kind: .approximated, what: message, location: request.clip.location, event: request.clip.event))
    return Result(
      events: [event],
      diagnostics: [
        Diagnostic(
          severity: .warning, family: .inputMissing, code: "conform.missingMedia",
          location: request.clip.location,
          message: message, remedy: "Add the media to the media folders.")
      ])
  }

  /// Lets an event show the nearest frame before and after what its media has: a curve that lies flat there.
  private func hold(
    _ event: inout ConformedEvent, _ source: SourcePlacement.Source, _ request: ClipRequest, media index: Int
  ) -> Bool {
    guard let frames = media[index].facts.video?.frameCount, frames > 0 else { return false }
    let available = FrameRange(start: -source.origin, count: frames)
    guard let curve = source.motion.held(inside: available, record: request.record) else { return false }
    event.curve = curve
    event.sourceRange = FrameRange(
      start: max(0, event.sourceRange.start), end: min(frames, event.sourceRange.end))
    return true
  }
}

extension MissingPolicy {
  /// What it shows, as the end of a sentence.
  var verb: String {
    switch self {
    case .fail, .black: "are black"
    case .hold: "hold its nearest frame"
    case .slug: "show a card with the event's name"
    }
  }
}

extension Clip {
  /// The generator that stands for missing media.
  package static let slug = "slug"
}
