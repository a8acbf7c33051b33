import Diagnostics
import MediaTime

/// Writes a timeline as a CMX 3600 list.
///
/// A list has one picture track. Further ones either go to lists of their own or stand in the same list as `V2`, `V3`,
/// which our own reader and few others understand. Nested timelines should be flattened before.
package struct EDLWriter {
  /// How long a source reel may be; the column is as wide.
  package enum Dialect: String, Sendable, CaseIterable {
    case cmx3600 = "cmx_3600"
    case file16 = "file_16"
    case file32 = "file_32"
    case file129 = "file_129"

    var reelWidth: Int {
      switch self {
      case .cmx3600: 8
      case .file16: 16
      case .file32: 32
      case .file129: 129
      }
    }
  }

  /// One list of several that say a timeline together.
  package struct List: Sendable {
    /// Of the picture track; `nil` when there is only sound.
    package var track: String?
    package var bytes: [UInt8]
    package var findings: [Finding]
  }

  /// The whole timeline in one list.
  ///
  /// - Parameter dialect: `nil` takes the narrowest that holds all source reels.
  /// - Returns: the same bytes for the same timeline; what the list does not say is among the findings.
  package static func write(_ timeline: Timeline, dialect: Dialect? = nil) -> (
    bytes: [UInt8], findings: [Finding]
  ) {
    var writer = EDLWriter(timeline, tracks: Array(timeline.tracks.indices), dialect: dialect)
    let pictures = timeline.tracks.count { track in
      track.kind == .picture && track.isEnabled && !EDLTrackLayout.isKey(track)
        && track.items.contains { item in
          switch item {
          case .clip, .nest: true
          case .gap, .transition: false
          }
        }
    }
    if pictures > 1 {
      writer.findings.add(
        .approximated,
        "a CMX 3600 list has one picture track; the others are written as channels V2 and up, which few systems read",
        at: nil)
    }
    return (writer.list(), writer.findings.all)
  }

  /// A list for each picture track, the sound with the first.
  package static func lists(_ timeline: Timeline, dialect: Dialect? = nil) -> [List] {
    let pictures = timeline.tracks.indices.filter { timeline.tracks[$0].kind == .picture }
    let sounds = timeline.tracks.indices.filter { timeline.tracks[$0].kind == .sound }
    let groups = pictures.isEmpty ? [sounds] : pictures.enumerated().map { $0 == 0 ? [$1] + sounds : [$1] }
    return groups.enumerated().map { index, group in
      var single = timeline
      if index > 0 { single.markers = [] }
      var writer = EDLWriter(single, tracks: group, dialect: dialect, isSinglePicture: true)
      let name = group.first.flatMap { pictures.contains($0) ? timeline.tracks[$0].name : nil }
      return List(track: name, bytes: writer.list(), findings: writer.findings.all)
    }
  }

  let timeline: Timeline
  let dialect: Dialect
  var findings = EDLFindings()
  private let tracks: [Int]
  private let isSinglePicture: Bool
  private var reels: EDLReelNames

  private init(_ timeline: Timeline, tracks: [Int], dialect: Dialect?, isSinglePicture: Bool = false) {
    self.timeline = timeline
    self.tracks = tracks
    self.isSinglePicture = isSinglePicture
    let names = tracks.flatMap { timeline.tracks[$0].clips }.compactMap(\.sourceReel).map(EDLText.line)
    let longest = names.lazy.map(\.count).max() ?? 0
    self.dialect = dialect ?? Dialect.allCases.first { $0.reelWidth >= longest } ?? .file129
    reels = EDLReelNames(width: self.dialect.reelWidth, reels: names)
  }

  private mutating func list() -> [UInt8] {
    reportWhole()
    let events = events()
    var text = "TITLE: \(EDLText.line(timeline.name))\r\n"
    text += "FCM: \(Self.mode(timeline.isDropFrame))\r\n"
    for line in EDLMetadata.lines(in: timeline.metadata).map(EDLText.line) where EDLText.isHeader(line) {
      text += line + "\r\n"
    }
    if events.isEmpty {
      text += EDLMarkerList.text(timeline)
      return Array(text.utf8)
    }
    let markers = markerLines(events)
    let keepsNumbers = events.allSatisfy { EDLText.isNumber($0.number) }
    if dialect == .cmx3600, events.count > 999 {
      findings.add(.approximated, "a CMX 3600 list has 999 events; this one has more", at: nil)
    }
    let width = events.count > 999 ? 6 : 3
    var isDropFrame = timeline.isDropFrame
    for (index, event) in events.enumerated() {
      if timeline.isDropFrame, event.countsDropFrame != isDropFrame {
        isDropFrame = event.countsDropFrame
        text += "FCM: \(Self.mode(isDropFrame))\r\n"
      }
      let number = keepsNumbers ? event.number : EDLText.padded(index + 1, width)
      text += event.text(number: number, reelWidth: dialect.reelWidth)
      for line in markers[index] { text += line + "\r\n" }
    }
    return Array(text.utf8)
  }

  private static func mode(_ isDropFrame: Bool) -> String {
    isDropFrame ? "DROP FRAME" : "NON-DROP FRAME"
  }

  // MARK: Events

  /// By record in; what several tracks have alike is one event with several channels.
  private mutating func events() -> [EDLWrittenEvent] {
    let laid = laidOut()
    let keepsNumbers = Self.haveNumbers(laid.lazy.map(\.event.content))
    var events: [EDLWrittenEvent] = []
    var places: [EDLWrittenEvent.Content: Int] = [:]
    for (kind, number, event) in laid {
      var event = event
      if !keepsNumbers { event.content.number = "" }
      let place = places[event.content] ?? events.count
      if place == events.count {
        places[event.content] = place
        events.append(event)
      }
      if kind == .picture {
        events[place].channels.picture.insert(number)
      } else {
        events[place].channels.sound.insert(number)
        if let source = event.sourceChannel { events[place].patches[number] = source }
      }
    }
    let order = events.indices.sorted { left, right in
      (events[left].record.start, left) < (events[right].record.start, right)
    }
    return order.map { events[$0] }
  }

  /// The events of each track, with the number of their channel.
  private mutating func laidOut() -> [(kind: Track.Kind, channel: Int, event: EDLWrittenEvent)] {
    let numbers = channelNumbers()
    return tracks.flatMap { index -> [(kind: Track.Kind, channel: Int, event: EDLWrittenEvent)] in
      let track = timeline.tracks[index]
      guard track.isEnabled else {
        findings.add(.dropped, "tracks that are switched off are not written", example: track.name, at: nil)
        return []
      }
      guard let number = numbers[index] else {
        findings.add(
          .dropped, "a list has \(EDLChannels.most) channels; further tracks are not written",
          example: track.name, at: nil)
        return []
      }
      var layout = EDLTrackLayout(timeline: timeline, track: track, reels: reels, findings: findings)
      let events = layout.events()
      (reels, findings) = (layout.reels, layout.findings)
      return events.map { (track.kind, number, $0) }
    }
  }

  /// Whether the events can keep their numbers: systems take lines of one number for a transition, so that no two
  /// different events may share one.
  private static func haveNumbers(_ contents: some Sequence<EDLWrittenEvent.Content>) -> Bool {
    var known: [String: EDLWrittenEvent.Content] = [:]
    return contents.allSatisfy { content in
      guard EDLText.isNumber(content.number) else { return false }
      let other = known.updateValue(content, forKey: content.number)
      return other == nil || other == content
    }
  }

  /// Channel numbers by track: those of names like `V2` and `A3` where all tracks of a kind have such, else counted.
  private func channelNumbers() -> [Int: Int] {
    var numbers: [Int: Int] = [:]
    for (kind, letter) in [(Track.Kind.picture, "V"), (.sound, "A")] {
      let mine = tracks.filter { timeline.tracks[$0].kind == kind }
      if kind == .picture, isSinglePicture {
        for index in mine { numbers[index] = 1 }
        continue
      }
      let named = mine.map { EDLText.channel(timeline.tracks[$0].name, letter) }
      let distinct = Set(named.compactMap { $0 })
      let isNamed = distinct.count == named.count
      var next = 0
      for (index, name) in zip(mine, named) {
        if EDLTrackLayout.isKey(timeline.tracks[index]) {
          numbers[index] = max(1, isNamed ? name?.number ?? 1 : next)
          continue
        }
        next += 1
        let number = isNamed ? name?.number ?? next : next
        if (1...EDLChannels.most).contains(number) { numbers[index] = number }
      }
    }
    return numbers
  }

  // MARK: Markers

  /// Markers below the event that is up at their frame, else the one before.
  private mutating func markerLines(_ events: [EDLWrittenEvent]) -> [[String]] {
    var lines = [[String]](repeating: [], count: events.count)
    for marker in timeline.markers {
      var (low, high) = (0, events.count)
      while low < high {
        let middle = (low + high) / 2
        if events[middle].record.start <= marker.frame { low = middle + 1 } else { high = middle }
      }
      lines[max(0, low - 1)].append(markerLine(marker))
    }
    return lines
  }

  private mutating func markerLine(_ marker: Marker) -> String {
    let label = timeline.timecode(at: marker.frame)
    let color = marker.color.uppercased()
    let isKnown = color.isEmpty || EDLCommentReader.colors.contains(color)
    if !isKnown {
      findings.add(
        .approximated, "colours that no locator has are not written", example: marker.color,
        at: marker.location)
    }
    if marker.count > 0 {
      findings.add(.dropped, "lengths of markers are not written", example: "\(label)", at: marker.location)
    }
    var text = marker.comment.isEmpty ? marker.name : marker.comment
    if !marker.name.isEmpty, !marker.comment.isEmpty, marker.name != marker.comment {
      findings.add(
        .approximated, "names of markers are written before their texts", example: marker.name,
        at: marker.location)
      text = marker.name + ": " + marker.comment
    }
    let column = isKnown ? color.padding(to: 7) : "       "
    return EDLText.trimmedEnd("* LOC: \(label) \(column) \(EDLText.line(text))")
  }

  private mutating func reportWhole() {
    let keys =
      timeline.metadata.entries.map(\.key)
      + tracks.flatMap { timeline.tracks[$0].metadata.entries.map(\.key) }
    for key in keys where key != EDLMetadata.namespace {
      findings.add(.dropped, "metadata of other formats is not written", example: key, at: nil)
    }
  }
}

/// A list of markers alone, as DaVinci Resolve writes it: one event for each.
enum EDLMarkerList {
  static func text(_ timeline: Timeline) -> String {
    var text = ""
    for (index, marker) in timeline.markers.enumerated() {
      let first = timeline.timecode(at: marker.frame)
      let last = timeline.timecode(at: marker.frame + 1)
      let note = marker.name.isEmpty || EDLText.isNumber(marker.name) ? "" : EDLText.field(marker.comment)
      let name = note.isEmpty ? EDLText.field(marker.comment) : EDLText.field(marker.name)
      let number =
        EDLText.isNumber(marker.name)
        ? marker.name : EDLText.padded(index + 1, timeline.markers.count > 999 ? 6 : 3)
      let color = EDLText.field(marker.color)
      text += "\(number)  001      V     C        \(first) \(last) \(first) \(last)  \r\n"
      text += "\(note) |C:ResolveColor\(color.prefix(1))\(color.dropFirst().lowercased())"
      text += " |M:\(name) |D:\(marker.count)\r\n"
    }
    return text
  }
}
