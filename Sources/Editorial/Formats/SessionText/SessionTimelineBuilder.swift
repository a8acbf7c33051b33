import Diagnostics
import MediaTime

/// Makes a timeline of a session text at a rate.
struct SessionTimelineBuilder {
  let session: SessionText
  let rate: FrameRate
  let isDropFrame: Bool
  private var clock: SessionTime.Clock
  private var faults = FaultList()
  private var findings: [Finding] = []
  /// Events whose edges lie between frames.
  private var rounded: [String] = []
  private var withoutSource: [String] = []
  private var withoutPosition: [String] = []

  init(session: SessionText, rate: FrameRate, isDropFrame: Bool) {
    self.session = session
    self.rate = rate
    self.isDropFrame = isDropFrame
    let sampleRate = session.head["SAMPLE RATE"]?.text.prefix { $0.isNumber } ?? ""
    clock = SessionTime.Clock(
      rate: rate, isDropFrame: isDropFrame, start: 0, sampleRate: Int64(sampleRate.prefix(9)) ?? 0)
  }

  /// A row of a track's table, its times in frames since midnight.
  private struct Row {
    var name: String
    var event: String
    var range: FrameRange
    var start: Rational
    var isMuted: Bool
    var stamp: TimecodeLabel?
    var cell: SessionText.Cell
    var isFade: Bool
  }

  mutating func timeline(start: Timecode?) -> Timeline {
    let first = session.head["SESSION START TIMECODE"]
    clock.start = first.flatMap { frames($0, "the start of the session") }?.rounded ?? 0
    var timeline = Timeline(
      name: session.head["SESSION NAME"]?.text ?? "", rate: rate, isDropFrame: isDropFrame,
      startFrame: start?.frame ?? clock.start)
    for track in session.tracks { timeline.tracks += tracks(track, startFrame: timeline.startFrame) }
    timeline.markers = session.markers.compactMap { marker($0, startFrame: timeline.startFrame) }
    noteGroups()
    timeline.findings = findings
    timeline.faults = session.faults.diagnostics + faults.diagnostics
    timeline.metadata["pro_tools"] = .object(
      session.head.sorted { $0.value.offset < $1.value.offset }.map {
        Metadata.Entry(key: $0.key, value: .string($0.value.text))
      })
    return timeline
  }

  // MARK: Places

  private func location(_ cell: SessionText.Cell) -> SourceLocation {
    cell.line.location(in: session.path, at: cell.offset)
  }

  private mutating func fault(_ code: String, _ cell: SessionText.Cell, _ message: String, _ remedy: String?)
  {
    guard !faults.isFull else { return }
    faults.add(
      Diagnostic(
        family: .usage, code: code, location: location(cell), message: message, remedy: remedy,
        excerpt: cell.line.text))
  }

  private mutating func frames(_ cell: SessionText.Cell, _ what: String) -> Rational? {
    guard let time = SessionTime(parsing: cell.text) else {
      fault(
        "cut.badTimecode", cell, "`\(cell.text)` as \(what) is neither a timecode nor samples nor minutes",
        "Export the session again with `Time Format: Timecode`.")
      return nil
    }
    do {
      return try time.frames(clock)
    } catch {
      fault("cut.badTimecode", cell, error.message, nil)
      return nil
    }
  }

  // MARK: Tracks

  private mutating func tracks(_ source: SessionText.Track, startFrame: Int64) -> [Track] {
    var channels: [String] = []
    var rows: [String: [[String: SessionText.Cell]]] = [:]
    for row in source.rows {
      let channel = row["CHANNEL"]?.text ?? ""
      if rows[channel] == nil { channels.append(channel) }
      rows[channel, default: []].append(row)
    }
    if channels.isEmpty { channels = ["1"] }
    let states = source.state.lowercased().split(separator: " ")
    note(source, states: states.map(String.init))
    return channels.map { channel in
      var track = Track(
        kind: .sound, name: channels.count > 1 ? "\(source.name) \(channel)" : source.name,
        items: items((rows[channel] ?? []).compactMap { self.row($0) }, startFrame: startFrame))
      track.isEnabled = !states.contains("inactive") && !states.contains("muted")
      track.metadata["pro_tools"] = .object([
        Metadata.Entry(key: "COMMENTS", value: .string(source.comments)),
        Metadata.Entry(key: "STATE", value: .string(source.state)),
      ])
      return track
    }
  }

  private mutating func note(_ track: SessionText.Track, states: [String]) {
    let place = track.line.location(in: session.path)
    func drop(_ what: String) {
      findings.append(Finding(kind: .dropped, what: what, location: place))
    }
    if !track.plugIns.isEmpty {
      drop("the plug-ins of track `\(track.name)` are not carried: \(track.plugIns.joined(separator: ", "))")
    }
    if track.delay.first(where: { $0.isNumber && $0 != "0" }) != nil {
      drop("the delay of track `\(track.name)` is not carried: \(track.delay)")
    }
    let others = states.filter { !["inactive", "muted", "hidden"].contains($0) }
    if !others.isEmpty {
      drop("the state of track `\(track.name)` is not carried: \(others.joined(separator: ", "))")
    }
  }

  private mutating func row(_ cells: [String: SessionText.Cell]) -> Row? {
    guard let start = cells["START TIME"], let end = cells["END TIME"] else {
      if let any = cells.values.min(by: { $0.offset < $1.offset }) {
        fault("cut.malformedEvent", any, "the event has no start or no end time", nil)
      }
      return nil
    }
    guard let from = frames(start, "the start of a clip"), let to = frames(end, "the end of a clip") else {
      return nil
    }
    let name = cells["CLIP NAME"]?.text ?? cells["REGION NAME"]?.text ?? ""
    let event = cells["EVENT"]?.text ?? ""
    guard to > from else {
      fault("cut.badRange", end, "the clip ends at \(end.text), not after its start \(start.text)", nil)
      return nil
    }
    if !from.isInteger || !to.isInteger { rounded.append(event) }
    guard to.rounded > from.rounded else {
      findings.append(
        Finding(
          kind: .dropped, what: "`\(name)` is shorter than a frame and is not carried",
          location: location(start),
          event: event))
      return nil
    }
    let isFade = name.hasPrefix("(") && name.lowercased().contains("fade")
    return Row(
      name: name, event: event, range: FrameRange(start: from.rounded, end: to.rounded), start: from,
      isMuted: cells["STATE"]?.text.lowercased() == "muted",
      stamp: cells["TIMESTAMP"].flatMap { TimecodeLabel(parsing: $0.text) }, cell: start, isFade: isFade)
  }

  /// The rows of one channel as clips and gaps; fades between them become transitions.
  private mutating func items(_ rows: [Row], startFrame: Int64) -> [TrackItem] {
    var items: [TrackItem] = []
    var end: Int64 = 0
    /// A fade that the next clip begins with.
    var pending: Row?
    for (index, row) in rows.enumerated() {
      let range = row.range.offset(by: -startFrame)
      guard range.start >= (pending == nil ? end : 0) else {
        fault(
          "cut.overlap", row.cell,
          range.start < 0
            ? "the clip begins before the timeline" : "the clip begins before the one before it ends", nil)
        continue
      }
      if row.isFade {
        let next = index + 1 < rows.count ? rows[index + 1] : nil
        if let next, !next.isFade, next.range.start == row.range.end {
          pending = row
        } else if case .clip(var clip)? = items.last, clip.recordRange.end == range.start {
          // The end of a fade-out is the end of the clip that is heard in it.
          clip.recordRange = FrameRange(start: clip.recordRange.start, end: range.end)
          items[items.count - 1] = .clip(clip)
          items.append(.transition(fade(row, inOffset: range.count, outOffset: 0)))
          end = range.end
        } else {
          fault("cut.loneFade", row.cell, "the fade stands at no clip", nil)
        }
        continue
      }
      var record = range
      if let fade = pending { record = FrameRange(start: fade.range.start - startFrame, end: range.end) }
      if record.start > end {
        items.append(.gap(Gap(recordRange: FrameRange(start: end, end: record.start))))
      }
      if let fade = pending {
        if items.isEmpty { items.append(.gap(Gap(recordRange: FrameRange(start: 0, count: 0)))) }
        items.append(.transition(self.fade(fade, inOffset: 0, outOffset: fade.range.count)))
        pending = nil
      }
      items.append(.clip(clip(row, record: record, lead: range.start - record.start)))
      end = record.end
    }
    // A transition needs something on both sides.
    if case .transition? = items.last {
      items.append(.gap(Gap(recordRange: FrameRange(start: end, count: 0))))
    }
    return items
  }

  private func fade(_ row: Row, inOffset: Int64, outOffset: Int64) -> Transition {
    Transition(
      kind: .dissolve, name: String(row.name.dropFirst().dropLast()), event: row.event, inOffset: inOffset,
      outOffset: outOffset, location: location(row.cell))
  }

  // MARK: Clips

  /// - Parameter lead: frames of a fade-in before the place that the row names.
  private mutating func clip(_ row: Row, record: FrameRange, lead: Int64) -> Clip {
    let source = session.sources[row.name]
    if source == nil { withoutSource.append(row.event) }
    var position = SourcePosition.frames(0, rate)
    if let stamp = row.stamp, let at = try? stamp.frame(rate: rate, isDropFrame: isDropFrame), at >= lead {
      position = .label(Timecode(frame: at - lead, rate: rate, isDropFrame: isDropFrame).label)
    } else {
      withoutPosition.append(row.event)
    }
    var clip = Clip(
      name: row.name, event: row.event, sourceFile: source?.file, targetURL: source.flatMap(url),
      sourceIn: position, recordRange: record, location: location(row.cell))
    // Counted from the start of the media, whatever its timecode.
    if case .frames = position { clip.availableRange = FrameRange(start: 0, count: record.count) }
    clip.isEnabled = !row.isMuted
    clip.sourceChannel = source?.channel
    if let file = source?.file, session.offlineFiles.contains(file) {
      clip.metadata["pro_tools"] = .object([Metadata.Entry(key: "offline", value: .bool(true))])
    }
    return clip
  }

  /// `Macintosh HD:Users:me:Audio Files:` and the file as a URL; other folders as they are.
  private func url(_ source: (file: String, channel: Int?)) -> String? {
    guard let folder = session.folders[source.file], !folder.isEmpty else { return nil }
    guard !folder.contains("/"), !folder.contains("\\") else {
      return FileNames.url(ofPath: folder + source.file)
    }
    let parts = folder.split(separator: ":").map(String.init) + [source.file]
    return FileNames.url(ofPath: "/Volumes/" + parts.joined(separator: "/"))
  }

  private mutating func marker(_ cells: [String: SessionText.Cell], startFrame: Int64) -> Marker? {
    guard let cell = cells["LOCATION"], let at = frames(cell, "the place of a marker") else { return nil }
    if !at.isInteger { rounded.append("marker \(cells["#"]?.text ?? "")") }
    return Marker(
      name: cells["NAME"]?.text ?? "", comment: cells["COMMENTS"]?.text ?? "", color: "",
      frame: at.rounded - startFrame, location: location(cell))
  }

  // MARK: Findings

  private mutating func noteGroups() {
    let file = SourceLocation(file: session.path)
    func add(_ kind: Finding.Kind, _ what: String, _ location: SourceLocation? = nil) {
      findings.append(Finding(kind: kind, what: what, location: location ?? file))
    }
    if !rounded.isEmpty {
      add(.approximated, "edges between frames are moved to the nearest frame (\(Finding.listing(rounded)))")
    }
    if !withoutPosition.isEmpty {
      add(
        .inferred,
        "the text does not say where in their files clips begin; they are taken from the start "
          + "(\(Finding.listing(withoutPosition)))")
    }
    if !withoutSource.isEmpty {
      add(
        .inferred,
        "the text does not list the files of clips; they are found by the clip's name "
          + "(\(Finding.listing(withoutSource)))")
    }
    if session.plugInCount > 0 {
      add(.dropped, "the list of \(session.plugInCount) plug-ins is not carried")
    }
    for line in session.unread.prefix(20) {
      add(.dropped, "`\(line.text.trimmed)` is not carried", line.location(in: session.path))
    }
    if session.unread.count > 20 { add(.dropped, "\(session.unread.count - 20) more lines are not carried") }
  }
}
