import Diagnostics
import MediaTime

extension EDLDocument: CutDocument {
  var declaredRate: FrameRate? { nil }
  var sequences: [String] { [title] }

  /// Gives the labels a rate and places the events on tracks.
  ///
  /// - Throws: every fault at once: labels that the rate does not have, events before `start`, overlaps.
  func timeline(sequence: String?, rate: FrameRate?, start: Timecode?) throws(DiagnosticList) -> Timeline {
    guard let rate else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.noRate", location: SourceLocation(file: path),
          message: "an EDL does not say its frame rate", remedy: "Give the rate, for instance 24000/1001.")
      ])
    }
    var builder = EDLTimelineBuilder(document: self, rate: rate, start: start)
    let timeline = builder.build()
    try builder.faults.throwIfAny()
    return timeline
  }
}

/// Builds a timeline from a list.
struct EDLTimelineBuilder {
  let document: EDLDocument
  let rate: FrameRate
  let start: Timecode?

  var faults = FaultList()
  private var isDropFrame = false
  private var startFrame: Int64 = 0
  private var placed: [TrackKey: [PlacedClip]] = [:]
  private var markers: [Marker] = []
  private var findings: [Finding]
  private var groups: [GroupedFinding: [String]] = [:]

  init(document: EDLDocument, rate: FrameRate, start: Timecode?) {
    self.document = document
    self.rate = rate
    self.start = start
    findings = document.findings
  }

  private struct TrackKey: Hashable, Comparable {
    var kind: Track.Kind
    var number: Int
    /// A keyed foreground lies over the track of its background.
    var isKey: Bool

    static func < (left: TrackKey, right: TrackKey) -> Bool {
      (left.kind == .sound ? 1 : 0, left.number, left.isKey ? 1 : 0)
        < (right.kind == .sound ? 1 : 0, right.number, right.isKey ? 1 : 0)
    }

    var name: String { (kind == .picture ? "V" : "A") + String(number) + (isKey ? " key" : "") }
  }

  private struct PlacedClip {
    var clip: Clip
    var transition: Transition?
    /// The outgoing side of the transition as its own line has it.
    var outgoing: Clip?
    var line: TextLine
  }

  /// Causes that concern many events of a list are reported once, with the events.
  private enum GroupedFinding: Int, Hashable, CaseIterable {
    case soundLength, emptySource, speedAgainstLength, roundedSpeed, patch

    var kind: Finding.Kind {
      switch self {
      case .emptySource, .roundedSpeed: .inferred
      case .soundLength, .speedAgainstLength, .patch: .approximated
      }
    }

    var text: String {
      switch self {
      case .soundLength: "source and record lengths of sound differ by a frame; the record length is used"
      case .emptySource: "the source range is empty; the clip is read at normal speed for its record length"
      case .roundedSpeed:
        "M2 rounds the speed to a tenth of a frame a second; the more exact percentage that is written with "
          + "the clip is used"
      case .patch: "PATCH lines are carried as notes; the source channels they name are not picked"
      case .speedAgainstLength:
        "the source out does not agree with the M2 speed; source in and speed are used"
      }
    }
  }

  /// An event line with its record times as frame counts since midnight.
  private struct Resolved {
    var line: EDLLine
    var recordIn: Int64
    var count: Int64
    var source: Source
  }

  private struct Source {
    var first: SourcePosition
    var end: SourcePosition?
    /// Frames between them; `nil` where the timeline's base does not count the labels.
    var count: Int64?
  }

  private var day: Int64 { rate.framesPerDay(isDropFrame: isDropFrame) }

  mutating func build() -> Timeline {
    chooseCounting()
    guard faults.isEmpty else { return Timeline(name: document.title, rate: rate) }
    let resolved = document.events.map { event in event.lines.map { resolve($0, event) } }
    chooseStart(resolved)
    for (event, lines) in zip(document.events, resolved) {
      let lines = lines.compactMap { $0 }
      if lines.count == event.lines.count { place(event, lines) }
    }
    var tracks: [Track] = []
    for key in placed.keys.sorted() { tracks.append(track(key)) }
    for group in GroupedFinding.allCases {
      guard let events = groups[group] else { continue }
      findings.append(
        Finding(
          kind: group.kind, what: "\(group.text) (\(Finding.listing(events)))",
          location: SourceLocation(file: document.path),
          event: events.count == 1 ? events[0] : nil))
    }
    return Timeline(
      name: document.title, rate: rate, isDropFrame: isDropFrame, startFrame: startFrame, tracks: tracks,
      markers: markers, findings: findings)
  }

  private mutating func fault(
    _ code: String, _ line: TextLine, _ message: String, _ remedy: String? = nil, at index: Int? = nil
  ) {
    faults.add(
      Diagnostic(
        family: .usage, code: code, location: line.location(in: document.path, at: index), message: message,
        remedy: remedy, excerpt: line.text))
  }

  private mutating func found(_ kind: Finding.Kind, _ what: String, _ line: TextLine, _ event: EDLEvent) {
    findings.append(
      Finding(kind: kind, what: what, location: line.location(in: document.path), event: event.number))
  }

  // MARK: Counting and start

  private mutating func chooseCounting() {
    let first = document.events.first?.main
    var declared = document.firstCounting?.isDropFrame
    var place = document.firstCounting.map { ($0.line, $0.line.bytes.startIndex) }
    if let first, let time = first.times[2...].first(where: \.isDropFrame) {
      declared = true
      place = (first.line, time.offset)
    }
    if let start, let declared, declared != start.isDropFrame, rate.allowsDropFrame {
      let (line, index) =
        place ?? (document.events[0].main.line, document.events[0].main.line.bytes.startIndex)
      fault(
        "cut.mixedCounting", line,
        "the list counts \(declared ? "drop frame" : "non-drop frame"), but the start \(start) "
          + "is \(start.isDropFrame ? "drop frame" : "non-drop frame")",
        "Write the start as the list counts, with `\(declared ? ";" : ":")` before the frames.", at: index)
    }
    isDropFrame = start?.isDropFrame ?? declared ?? false
    if declared == true, !rate.allowsDropFrame, let place {
      fault(
        "cut.noDropFrame", place.0,
        "the list counts drop frame, which does not exist at \(rate.displayName) fps",
        "Give the rate of the list, for instance 30000/1001, or correct the list.", at: place.1)
      isDropFrame = false
    }
  }

  private mutating func chooseStart(_ resolved: [[Resolved?]]) {
    let ranges = resolved.joined().compactMap { $0 }.map { FrameRange(start: $0.recordIn, count: $0.count) }
    if let start {
      startFrame = start.frame
    } else if ranges.contains(where: { $0.end >= day && $0.count > 0 }) {
      startFrame = Self.startAcrossMidnight(ranges, day: day)
    } else {
      startFrame = ranges.lazy.map(\.start).min() ?? 0
    }
    crossesMidnight = ranges.contains { $0.end >= day && $0.count > 0 }
  }

  private var crossesMidnight = false

  /// The record in after the longest stretch of the day in which nothing is recorded.
  private static func startAcrossMidnight(_ ranges: [FrameRange], day: Int64) -> Int64 {
    let sorted = ranges.sorted { $0.start < $1.start }
    guard let first = sorted.first else { return 0 }
    var best = first.start
    var longest: Int64 = -1
    // What crosses midnight also covers the beginning of the day.
    var end = (sorted.lazy.map(\.end).max() ?? 0) - day
    for range in sorted {
      if range.start - end > longest {
        longest = range.start - end
        best = range.start
      }
      end = max(end, range.end)
    }
    return best
  }

  private mutating func position(_ resolved: Resolved, _ event: EDLEvent) -> Int64? {
    var position = resolved.recordIn - startFrame
    if position < 0, crossesMidnight { position += day }
    guard position >= 0, position <= day / 2 || !crossesMidnight else {
      fault(
        "cut.beforeStart", resolved.line.line,
        "event \(event.number) begins at \(label(resolved.recordIn)), before the start \(label(startFrame))",
        "Give the start timecode of the programme.", at: resolved.line.times[2].offset)
      return nil
    }
    return position
  }

  private func label(_ frame: Int64) -> Timecode {
    Timecode(frame: frame, rate: rate, isDropFrame: isDropFrame)
  }

  // MARK: Times

  private mutating func resolve(_ line: EDLLine, _ event: EDLEvent) -> Resolved? {
    guard let recordIn = recordFrame(line.times[2], line), let recordOut = recordFrame(line.times[3], line)
    else {
      return nil
    }
    var count = recordOut - recordIn
    if count < 0, isLabel(line.times[3]) { count += day }
    guard count >= 0, count <= day / 2 else {
      fault(
        "cut.backwards", line.line, "event \(event.number) has its record out before its record in",
        "Only a list that crosses midnight counts down to 00:00:00:00.", at: line.times[3].offset)
      return nil
    }
    guard let source = source(line, event) else { return nil }
    return Resolved(line: line, recordIn: recordIn, count: count, source: source)
  }

  private func isLabel(_ time: EDLTime) -> Bool {
    if case .label = time.value { return true }
    return false
  }

  private mutating func recordFrame(_ time: EDLTime, _ line: EDLLine) -> Int64? {
    switch time.value {
    case .count(let count): return count
    case .label(let label):
      guard !label.isDropFrame || isDropFrame || !rate.allowsDropFrame else {
        fault(
          "cut.mixedCounting", line.line, "`\(label)` is drop frame in a list that counts non-drop frame",
          "A timeline counts one way: correct the list.", at: time.offset)
        return nil
      }
      return frame(label, isDropFrame: isDropFrame || label.isDropFrame, line, at: time.offset)
    }
  }

  private mutating func frame(_ label: TimecodeLabel, isDropFrame: Bool, _ line: EDLLine, at offset: Int)
    -> Int64?
  {
    do {
      return try label.frame(rate: rate, isDropFrame: isDropFrame)
    } catch {
      let remedy =
        switch error.code {
        case .outOfRange where label.frames >= rate.nominalBase:
          "Give the rate of the list: \(rate) is too low."
        case .noDropFrame:
          "Give the rate of the list, for instance 30000/1001, or write `:` before the frames."
        default: "Correct the timecode."
        }
      fault("cut.badTimecode", line.line, error.message, remedy, at: offset)
      return nil
    }
  }

  /// Source in as the list has it, and the frames up to the source out where they can be counted.
  private mutating func source(_ line: EDLLine, _ event: EDLEvent) -> Source? {
    switch (line.times[0].value, line.times[1].value) {
    case (.label(var first), .label(var last)):
      let isDrop = rate.allowsDropFrame && line.countsDropFrame == true
      first.isDropFrame = first.isDropFrame || isDrop
      last.isDropFrame = last.isDropFrame || isDrop
      if [first, last].contains(where: isOfAnotherBase) {
        for (label, time) in zip([first, last], line.times) where !isOfAnotherBase(label) {
          guard frame(label, isDropFrame: label.isDropFrame, line, at: time.offset) != nil else { return nil }
        }
        return Source(first: .label(first), end: .label(last), count: nil)
      }
      guard let from = frame(first, isDropFrame: first.isDropFrame, line, at: line.times[0].offset),
        let to = frame(last, isDropFrame: last.isDropFrame, line, at: line.times[1].offset)
      else { return nil }
      let day = rate.framesPerDay(isDropFrame: first.isDropFrame)
      let count = to < from ? to - from + day : to - from
      guard count <= day / 2 else { return backwards(line, event, .label(first)) }
      return Source(first: .label(first), end: .label(last), count: count)
    case (.count(let first), .count(let last)):
      guard last >= first else { return backwards(line, event, SourcePosition(count: first, rate: rate)) }
      return Source(first: SourcePosition(count: first, rate: rate), count: last - first)
    default:
      fault(
        "cut.badTimecode", line.line, "source in and source out are not written the same way",
        at: line.times[0].offset)
      return nil
    }
  }

  /// Whether a label has a frame that the timeline's base does not count: media of a higher rate is labelled by its
  /// own, and only the media tells which.
  private func isOfAnotherBase(_ label: TimecodeLabel) -> Bool {
    label.frames >= rate.nominalBase && label.frames < 60
      && label.hours < 24 && label.minutes < 60 && label.seconds < 60
  }

  /// Source out before source in: some lists write reversed clips so, and their M2 line then says which frames
  /// play; without one it is a fault, not a clip that plays forward.
  private mutating func backwards(
    _ line: EDLLine, _ event: EDLEvent, _ first: SourcePosition
  ) -> Source? {
    let hasSpeed = event.notes.contains { note in
      if case .motion = note.content { true } else { false }
    }
    if hasSpeed { return Source(first: first) }
    fault(
      "cut.backwards", line.line, "event \(event.number) has its source out before its source in",
      "A reversed clip has an M2 line with a negative speed after its event.", at: line.times[1].offset)
    return nil
  }

  // MARK: Events

  private mutating func place(_ event: EDLEvent, _ lines: [Resolved]) {
    guard let main = lines.last, let position = position(main, event) else { return }
    let notes = EDLEventNotes(event)
    for note in notes.dropped { found(.dropped, note.what, note.line, event) }
    if notes.hasPatch { groups[.patch, default: []].append(event.number) }
    for marker in notes.markers { place(marker, event) }
    if let (color, text, line) = notes.eventMarker {
      markers.append(
        Marker(
          name: event.number, comment: text, color: color, frame: position,
          location: line.location(in: document.path)))
      return
    }
    guard !main.line.channels.isEmpty else {
      found(.dropped, "event \(event.number) goes to no track and is not carried", main.line.line, event)
      return
    }
    if lines.count == 2, lines[0].count > 0 {
      guard let position = self.position(lines[0], event) else { return }
      place(clip(lines[0], notes.outgoing, event, at: position), nil, nil, lines[0].line)
    } else if lines.count == 2, notes.outgoing.grade != nil, notes.incoming.grade != nil {
      found(
        .dropped, "the grade of the outgoing clip of event \(event.number) is taken from its own event",
        lines[0].line.line, event)
    }
    guard main.count > 0 else {
      found(.dropped, "event \(event.number) has no length and is not carried", main.line.line, event)
      return
    }
    let transition = transition(main, notes, event)
    if let transition, transition.outOffset > main.count {
      found(
        .approximated, "the transition of event \(event.number) is longer than its incoming clip",
        main.line.line,
        event)
    }
    var outgoing: Clip?
    if transition != nil, lines.count == 2, lines[0].count == 0 {
      outgoing = clip(lines[0], notes.outgoing, event, at: position)
    }
    place(clip(main, notes.incoming, event, at: position), transition, outgoing, main.line)
  }

  private mutating func place(_ marker: EDLEventNotes.PlacedMarker, _ event: EDLEvent) {
    guard case .label(let label) = marker.time.value else { return }
    do {
      let counted = try label.frame(rate: rate, isDropFrame: isDropFrame)
      var frame = counted - startFrame
      if frame < 0, crossesMidnight { frame += day }
      markers.append(
        Marker(
          name: "", comment: marker.text, color: marker.color, frame: frame,
          location: marker.line.location(in: document.path)))
    } catch {
      fault("cut.badTimecode", marker.line, "the marker's \(error.message)", "Correct the marker's timecode.")
    }
  }

  private func transition(_ main: Resolved, _ notes: EDLEventNotes, _ event: EDLEvent) -> Transition? {
    let kind: Transition.Kind
    switch main.line.transition {
    case .cut: return nil
    case .dissolve: kind = .dissolve
    case .wipe(let pattern): kind = .wipe(pattern)
    case .key: kind = .key(isBackground: false, isOut: false)
    case .keyBackground: kind = .key(isBackground: true, isOut: false)
    case .keyOut: kind = .key(isBackground: false, isOut: true)
    }
    return Transition(
      kind: kind, name: notes.effectName, event: event.number, inOffset: 0,
      outOffset: main.line.duration ?? 0,
      location: main.line.line.location(in: document.path))
  }

  private mutating func clip(
    _ resolved: Resolved, _ side: EDLEventNotes.Side, _ event: EDLEvent, at position: Int64
  ) -> Clip {
    let shown = resolved.line.sourceReel
    let special = shown.uppercased()
    let content: Clip.Content =
      switch special {
      case "BL", "BLACK": .black
      case "BARS": .generator("bars")
      default: .media
      }
    let isUnknown = special == "AX"
    let speed = content == .media ? speed(resolved, side, event) : (scale: .one, isGiven: true)
    return Clip(
      content: content, name: side.name, event: event.number,
      sourceReel: isUnknown ? side.reelNames.first : shown,
      alternateReels: side.reelNames.filter { $0 != shown }, sourceFile: side.sourceFile,
      targetURL: side.path,
      sourceIn: resolved.source.first, sourceCount: resolved.source.count,
      recordRange: FrameRange(start: position, count: resolved.count),
      timeScale: speed.scale, grade: side.grade, notes: side.comments,
      location: resolved.line.line.location(in: document.path), sourceOut: resolved.source.end,
      isSpeedGiven: speed.isGiven)
  }

  private mutating func place(_ clip: Clip, _ transition: Transition?, _ outgoing: Clip?, _ line: EDLLine) {
    var isKey = false
    if case .key(isBackground: false, isOut: _) = transition?.kind { isKey = true }
    let placedClip = PlacedClip(clip: clip, transition: transition, outgoing: outgoing, line: line.line)
    for number in line.channels.picture {
      placed[TrackKey(kind: .picture, number: number, isKey: isKey), default: []].append(placedClip)
    }
    for number in line.channels.sound {
      placed[TrackKey(kind: .sound, number: number, isKey: false), default: []].append(placedClip)
    }
  }

  // MARK: Speed

  /// Source frames per record frame; the M2 line wins, without one the lengths tell.
  private mutating func speed(_ resolved: Resolved, _ side: EDLEventNotes.Side, _ event: EDLEvent)
    -> (scale: Rational, isGiven: Bool)
  {
    if side.isFreezeFrame { return (.zero, true) }
    let record = resolved.count
    if let motion = side.motion {
      var scale = scale(ofSpeed: motion)
      if record > 0, let exact = exactSpeed(side, near: motion), exact != scale {
        groups[.roundedSpeed, default: []].append(event.number)
        scale = exact
      }
      if let source = resolved.source.count, source != record {
        let expected = (Rational(record) * scale.magnitude).rounded
        let isFreeze = scale == .zero && source <= 1
        if abs(source - expected) > 2, !isFreeze {
          groups[.speedAgainstLength, default: []].append(event.number)
        }
      }
      return (scale, true)
    }
    guard let source = resolved.source.count, source != record, record > 0 else { return (.one, false) }
    let isSoundOnly = resolved.line.channels.picture.isEmpty
    if isSoundOnly, abs(source - record) <= 1 {
      groups[.soundLength, default: []].append(event.number)
      return (.one, true)
    }
    if source == 0 {
      groups[.emptySource, default: []].append(event.number)
      return (.one, true)
    }
    return (record > 1 ? Rational(source - 1, record - 1) : Rational(source), false)
  }

  /// A percentage in the clip's name, or in a comment that speaks of its speed, which M2 gives rounded.
  private func exactSpeed(_ side: EDLEventNotes.Side, near motion: Rational) -> Rational? {
    let texts = [side.name] + side.comments.filter { $0.uppercased().contains("SPEED") }
    guard let share = texts.lazy.compactMap(\.percentage).first else { return nil }
    let speed = share * Rational(Int64(rate.nominalBase))
    guard (speed - motion.magnitude).magnitude <= Rational(1, 20) else { return nil }
    return motion < .zero ? -share : share
  }

  /// 24.0 and 23.98 at 24000/1001 both are normal speed: the nominal and the exact rate count as 1.
  private func scale(ofSpeed speed: Rational) -> Rational {
    let nominal = Rational(Int64(rate.nominalBase))
    let tolerance = Rational(1, 20)
    for reference in [nominal, rate.rational]
    where (speed.magnitude - Rational((reference * Rational(1000)).rounded, 1000)).magnitude < tolerance {
      return speed < .zero ? -Rational.one : .one
    }
    return speed / nominal
  }

  // MARK: Tracks

  private mutating func track(_ key: TrackKey) -> Track {
    let clips = (placed[key] ?? []).enumerated().sorted {
      ($0.element.clip.recordRange.start, $0.offset) < ($1.element.clip.recordRange.start, $1.offset)
    }
    var items: [TrackItem] = []
    var end: Int64 = 0
    var previous: PlacedClip?
    for (_, item) in clips {
      let range = item.clip.recordRange
      if range.start < end, let previous {
        let earlier = previous.line.location(in: document.path)
        fault(
          "cut.overlap", item.line,
          "event \(item.clip.event) at \(label(startFrame + range.start)) overlaps event \(previous.clip.event) "
            + "on \(key.name), which ends at \(label(startFrame + end))",
          "Event \(previous.clip.event) is at \(earlier). Give each of them a track or a range of its own.")
      }
      if range.start > end {
        items.append(.gap(Gap(recordRange: FrameRange(start: end, end: range.start))))
      }
      if let transition = item.transition {
        if let outgoing = item.outgoing { join(outgoing, to: &items) }
        items.append(.transition(transition))
      }
      items.append(.clip(item.clip))
      if range.end >= end { previous = item }
      end = max(end, range.end)
    }
    return Track(kind: key.kind, name: key.name, items: items)
  }

  /// A transition goes from what its own outgoing line names: mostly the clip that ends there, which is continued. From
  /// black or another reel, that stands between with no length of its own.
  private mutating func join(_ outgoing: Clip, to items: inout [TrackItem]) {
    guard case .clip(let previous) = items.last, previous.recordRange.end == outgoing.recordRange.start else {
      if !outgoing.isBlack { items.append(.clip(outgoing)) }
      return
    }
    if outgoing.isBlack {
      if !previous.isBlack { items.append(.gap(Gap(recordRange: outgoing.recordRange))) }
    } else if outgoing.sourceReel?.lowercased() != previous.sourceReel?.lowercased() {
      items.append(.clip(outgoing))
    } else if outgoing.isSpeedGiven, outgoing.timeScale != previous.timeScale {
      findings.append(
        Finding(
          kind: .dropped,
          what:
            "the M2 line of the outgoing clip of event \(outgoing.event) does not agree with the clip's own "
            + "event \(previous.event), whose speed is used",
          location: outgoing.location, event: outgoing.event))
    }
  }
}

extension String {
  /// The number before the last `%`, as a share: `SHOT (33.33%)` is 3333/10000. At most six decimals.
  fileprivate var percentage: Rational? {
    guard let sign = lastIndex(of: "%") else { return nil }
    let digits = self[..<sign].trimmed.reversed().prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let parts = String(digits.reversed()).split(separator: ".", omittingEmptySubsequences: false)
    guard let whole = parts.first, (1...5).contains(whole.count), parts.count <= 2 else { return nil }
    let decimals = parts.dropFirst().first ?? ""
    guard decimals.count <= 6, let number = Int64(whole + decimals) else { return nil }
    return Rational(number, decimals.reduce(100) { scale, _ in scale * 10 })
  }
}

extension EDLTime {
  fileprivate var isDropFrame: Bool {
    if case .label(let label) = value { return label.isDropFrame }
    return false
  }
}
