import Diagnostics
import MediaTime

/// The items of one track as events of a list.
struct EDLTrackLayout {
  let timeline: Timeline
  let track: Track
  var reels: EDLReelNames
  var findings: EDLFindings

  private var rate: FrameRate { timeline.rate }

  /// Whether a track holds keyed foregrounds, as our reader lays them out.
  static func isKey(_ track: Track) -> Bool {
    track.kind == .picture
      && track.items.contains { item in
        if case .transition(let transition) = item, case .key = transition.kind { true } else { false }
      }
  }

  /// Something that events are made of: where it lies and what it shows.
  private struct Shown {
    var clip: Clip
    var range: FrameRange
    /// `false` for gaps, which are written only as the other side of a transition.
    var isEvent: Bool
  }

  mutating func events() -> [EDLWrittenEvent] {
    reportItems()
    var events: [EDLWrittenEvent] = []
    var previous: Shown?
    var pending: Transition?
    for (index, item) in track.items.enumerated() {
      if case .transition(let transition) = item {
        pending = transition
        continue
      }
      guard var shown = shown(item) else { continue }
      // The next transition begins before its cut: the list has the cut there.
      if case .transition(let next)? = track.items.dropFirst(index + 1).first {
        let shift = min(max(0, next.inOffset), shown.range.count)
        shown.range.count -= shift
      }
      if let transition = pending {
        let start = previous?.range.end ?? shown.range.start
        shown = earlier(shown, from: max(0, min(start, shown.range.start)), transition)
        if shown.range.count > 0 { events.append(event(shown, transition, previous)) }
      } else if shown.isEvent, shown.range.count > 0 {
        events.append(event(shown, nil, nil))
      }
      pending = nil
      previous = shown
    }
    if let transition = pending, let last = previous { fadeOut(transition, after: last, &events) }
    return events
  }

  private mutating func shown(_ item: TrackItem) -> Shown? {
    switch item {
    case .transition: return nil
    case .gap(let gap): return Shown(clip: black(gap.recordRange), range: gap.recordRange, isEvent: false)
    case .clip(let clip):
      guard clip.isEnabled else {
        found(.dropped, "clips that are switched off are not written", clip)
        return Shown(clip: black(clip.recordRange), range: clip.recordRange, isEvent: false)
      }
      return Shown(clip: clip, range: clip.recordRange, isEvent: true)
    case .nest(let nest):
      let stand = Clip(
        name: nest.name, event: nest.event,
        sourceIn: SourcePosition(count: nest.sourceIn, rate: nest.timeline.rate),
        recordRange: nest.recordRange, timeScale: nest.timeScale, location: nest.location)
      guard nest.isEnabled else {
        found(.dropped, "clips that are switched off are not written", stand)
        return Shown(clip: black(nest.recordRange), range: nest.recordRange, isEvent: false)
      }
      found(.approximated, "nested timelines are written as clips by their names", stand)
      if nest.adjustment != .none { found(.dropped, "placements in the frame are not written", stand) }
      return Shown(clip: stand, range: nest.recordRange, isEvent: true)
    }
  }

  private func black(_ range: FrameRange) -> Clip {
    Clip(
      content: .black, name: "", event: "", sourceReel: "BL", sourceIn: SourcePosition(count: 0, rate: rate),
      sourceCount: range.count, recordRange: range)
  }

  /// The incoming side of a transition from where the transition begins.
  private mutating func earlier(_ shown: Shown, from start: Int64, _ transition: Transition) -> Shown {
    let shift = shown.range.start - start
    guard shift > 0 else { return shown }
    var shown = shown
    shown.range = FrameRange(start: start, end: shown.range.end)
    found(
      .approximated, "transitions begin at their cuts in a list: cuts are moved to where they begin",
      shown.clip)
    if let offset = shown.clip.sourceOffset(at: -shift), let first = advanced(shown.clip.sourceIn, by: offset)
    {
      shown.clip.sourceIn = first
      if let steps = Rational(shift).checkedMultiply(shown.clip.timeScale), !steps.isInteger {
        found(
          .approximated, "retimed clips under moved cuts may show a source frame earlier or later", shown.clip
        )
      }
    } else {
      found(.dropped, "the source before a transition cannot be counted", shown.clip)
    }
    return shown
  }

  /// A transition with nothing behind it goes to black for its own length.
  private mutating func fadeOut(
    _ transition: Transition, after last: Shown, _ events: inout [EDLWrittenEvent]
  ) {
    let range = FrameRange(start: last.range.end, count: max(0, transition.count))
    guard range.count > 0 else { return }
    events.append(event(Shown(clip: black(range), range: range, isEvent: false), transition, last))
  }

  // MARK: Lines

  private mutating func event(_ shown: Shown, _ transition: Transition?, _ previous: Shown?)
    -> EDLWrittenEvent
  {
    let clip = shown.clip
    var main = line(shown)
    var outgoing: EDLWrittenEvent.Line?
    var motions: [String] = []
    var notes: [String] = []
    let isSoundOnly = track.kind == .sound
    let motion = EDLMotion(
      clip: clip, count: shown.range.count, sourceCount: main.sourceCount, isSoundOnly: isSoundOnly,
      rate: rate)
    if let transition {
      (main.line.transition, main.line.duration) = self.transition(transition, shown, &notes)
      if !Self.isKey(transition) {
        let (before, outMotion) = outgoingLine(previous, at: shown.range.start)
        outgoing = before
        if let outMotion { motions.append(outMotion.line(reel: before.reel, start: before.times[0])) }
        // Of one source reel, a single motion line would be read as the incoming clip's.
        let isForced = outMotion != nil && before.reel.lowercased() == main.line.reel.lowercased()
        motions += motion.lines(reel: main.line.reel, start: main.line.times[0], isForced: isForced)
        let name = previous?.isEvent == true ? EDLText.line(previous?.clip.name ?? "") : ""
        if !name.isEmpty { notes.append("* FROM CLIP NAME: \(name)") }
        let next = EDLText.line(clip.name)
        if !next.isEmpty { notes.append("* TO CLIP NAME: \(next)") }
      } else {
        motions += motion.lines(reel: main.line.reel, start: main.line.times[0])
        name(clip, &notes)
      }
    } else {
      motions += motion.lines(reel: main.line.reel, start: main.line.times[0])
      name(clip, &notes)
    }
    if motion.isBeyondDigits { found(.dropped, "speeds of more than six digits are not written", clip) }
    notes += self.notes(clip, reel: main.line.reel, isCut: transition == nil)
    let number = clip.event.isEmpty ? transition?.event ?? "" : clip.event
    return EDLWrittenEvent(
      content: EDLWrittenEvent.Content(
        number: number, outgoing: outgoing, main: main.line, motions: motions, notes: notes),
      record: shown.range, countsDropFrame: main.isDropFrame,
      sourceChannel: isSoundOnly ? clip.sourceChannel : nil)
  }

  private func name(_ clip: Clip, _ notes: inout [String]) {
    let name = EDLText.line(clip.name)
    if !name.isEmpty { notes.append("* FROM CLIP NAME: \(name)") }
  }

  private struct MainLine {
    var line: EDLWrittenEvent.Line
    /// Frames between the printed source in and out; `nil` where the timeline's base does not count them.
    var sourceCount: Int64?
    var isDropFrame: Bool
  }

  private mutating func line(_ shown: Shown) -> MainLine {
    let clip = shown.clip
    let source = EDLWrittenSource(
      clip: clip, count: shown.range.count, isWhole: shown.range == clip.recordRange, timeline: timeline)
    for loss in source.losses { found(.approximated, loss, clip) }
    let line = EDLWrittenEvent.Line(
      reel: reel(clip), times: [source.first, source.end] + record(shown.range))
    return MainLine(line: line, sourceCount: source.count, isDropFrame: source.isDropFrame)
  }

  private func record(_ range: FrameRange) -> [String] {
    [range.start, range.end].map { timeline.timecode(at: $0).description }
  }

  /// The outgoing line of a transition has no length; it names the source where its clip has come to.
  private mutating func outgoingLine(
    _ previous: Shown?, at start: Int64
  ) -> (EDLWrittenEvent.Line, EDLMotion?) {
    let none = Shown(
      clip: black(FrameRange(start: start, count: 0)), range: FrameRange(start: start, count: 0),
      isEvent: false)
    var shown = previous.map { $0.range.end == start ? $0 : none } ?? none
    let count = shown.range.count
    shown.range = FrameRange(start: start, count: 0)
    var reached = shown.clip
    if count > 0, !reached.isBlack, let offset = reached.sourceOffset(at: count),
      let position = advanced(reached.sourceIn, by: offset)
    {
      reached.sourceIn = position
    }
    reached.sourceOut = nil
    reached.sourceCount = 0
    let source = EDLWrittenSource(clip: reached, count: 0, isWhole: false, timeline: timeline)
    let line = EDLWrittenEvent.Line(
      reel: reel(shown.clip), times: [source.first, source.first] + record(shown.range))
    let isMoving = shown.isEvent && shown.clip.timeScale != .one && shown.clip.content == .media
    let motion =
      isMoving
      ? EDLMotion(clip: shown.clip, count: 0, sourceCount: nil, isSoundOnly: track.kind == .sound, rate: rate)
      : nil
    return (line, motion)
  }

  private func advanced(_ position: SourcePosition, by frames: Int64) -> SourcePosition? {
    position.advanced(by: frames, rate: rate)
  }

  private mutating func reel(_ clip: Clip) -> String {
    switch clip.content {
    case .black:
      let reel = clip.sourceReel?.uppercased() ?? ""
      return ["BL", "BLACK"].contains(reel) ? clip.sourceReel ?? "BL" : "BL"
    case .generator(let name):
      if name == "bars" { return "BARS" }
      found(.approximated, "generators have no reel in a list", clip)
      return "AX"
    case .media:
      let name = EDLText.line(clip.sourceReel ?? "")
      if name.isEmpty || EDLNotesText.special.contains(name.uppercased()) { return "AX" }
      let shown = reels.shown(name)
      if shown != name {
        found(
          .approximated, "source reels are longer than the column of the list and cut off", clip,
          example: name)
      }
      return shown
    }
  }

  private static func isKey(_ transition: Transition) -> Bool {
    if case .key = transition.kind { true } else { false }
  }

  private mutating func transition(_ transition: Transition, _ shown: Shown, _ notes: inout [String]) -> (
    String, Int64
  ) {
    var name = transition.name
    let code: String
    switch transition.kind {
    case .dissolve: code = "D"
    case .wipe(let pattern):
      code = "W" + EDLText.padded((0...9999).contains(pattern) ? pattern : 1, 3)
      if !(0...9999).contains(pattern) {
        found(.approximated, "wipes of unknown patterns are written as W001", shown.clip)
      }
    case .key(let isBackground, let isOut):
      code = isBackground ? "KB" : isOut ? "KO" : "K"
      found(
        .approximated, "keys are written without the line of their background, which has its own event",
        shown.clip)
    case .custom(let effect):
      code = "D"
      if name == nil { name = effect }
      found(.approximated, "effects that no list has are written as dissolves", shown.clip, example: effect)
    }
    if let name = name.map(EDLText.line), !name.isEmpty { notes.append("EFFECTS NAME IS \(name)") }
    return (code, min(max(0, transition.count), 999_999))
  }

  private mutating func notes(_ clip: Clip, reel: String, isCut: Bool) -> [String] {
    var text = EDLNotesText(clip: clip, shownReel: reel, isCut: isCut, rate: rate)
    let lines = text.lines()
    for loss in text.losses { found(loss.kind, loss.what, clip, example: loss.example) }
    return lines
  }

  // MARK: Losses

  private mutating func reportItems() {
    for item in track.items {
      switch item {
      case .gap(let gap): if !gap.metadata.isEmpty { lose("metadata of gaps is not written", nil) }
      case .transition(let transition):
        if !transition.metadata.isEmpty {
          findings.add(
            .dropped, "metadata of transitions is not written", event: transition.event,
            at: transition.location)
        }
      case .clip, .nest: break
      }
    }
  }

  private mutating func lose(_ what: String, _ event: String?) {
    findings.add(.dropped, what, event: event, at: nil)
  }

  private mutating func found(_ kind: Finding.Kind, _ what: String, _ clip: Clip, example: String? = nil) {
    findings.add(
      kind, what, example: example, event: clip.event.isEmpty ? nil : clip.event, at: clip.location)
  }
}

extension SourcePosition {
  /// That many frames later; labels count as those of the timeline. `nil` where nothing tells what base they have.
  func advanced(by frames: Int64, rate: FrameRate) -> SourcePosition? {
    switch self {
    case .frames(let count, let rate):
      let (sum, overflow) = count.addingReportingOverflow(frames)
      return overflow ? nil : .frames(sum, rate)
    case .label(let label):
      guard let count = try? label.frame(rate: rate, isDropFrame: label.isDropFrame) else { return nil }
      let (sum, overflow) = count.addingReportingOverflow(frames)
      return overflow ? nil : .label(Timecode(frame: sum, rate: rate, isDropFrame: label.isDropFrame).label)
    }
  }
}
