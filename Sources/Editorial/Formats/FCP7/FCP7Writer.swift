import MediaTime

/// Writes a timeline as Final Cut Pro 7 XML, version 5 of `xmeml`.
///
/// What it has no words for comes back as findings. A clip counts its own time as `FCP7Retime` says; its
/// file begins at the timecode of its available range, else at the first frame that any clip of the file
/// needs.
package enum FCP7Writer {
  /// - Returns: the same bytes for the same timeline.
  package static func write(_ timeline: Timeline) -> (bytes: [UInt8], findings: [Finding]) {
    var composer = FCP7Composer()
    composer.collectFiles(of: timeline)
    var project = XMLWriter.Node("project", [XMLWriter.Node("name", text: timeline.name)])
    project.children.append(XMLWriter.Node("children", [composer.sequence(timeline)]))
    var root = XMLWriter.Node("xmeml", [project])
    root.attributes = [("version", "5")]
    composer.removeOpenLinks(in: &root)
    return (XMLWriter.bytes(root, doctype: "xmeml"), composer.findings)
  }
}

/// Puts the elements of one file together: ids, files that are referred to, nested sequences.
struct FCP7Composer {
  typealias Node = XMLWriter.Node

  var files = FCP7FileTable()
  private var usedIDs: Set<String> = []
  private var sequenceNumber = 0
  /// Nested sequences that are written, by name.
  private var written: [String: [(timeline: Timeline, id: String)]] = [:]
  /// Nested timelines whose files are collected, by name.
  private var collected: [String: [Timeline]] = [:]
  private var groups: [(finding: Finding, events: [String])] = []

  // MARK: Reporting

  var findings: [Finding] {
    groups.map { group in
      var finding = group.finding
      if !group.events.isEmpty { finding.what += " (\(Finding.listing(group.events)))" }
      if group.events.count == 1 { finding.event = group.events[0] }
      return finding
    }
  }

  mutating func note(_ kind: Finding.Kind, _ what: String, event: String? = nil, isFault: Bool = false) {
    let finding = Finding(kind: kind, what: what, isFault: isFault)
    if let place = groups.firstIndex(where: { $0.finding == finding }) {
      if let event, groups[place].events.last != event { groups[place].events.append(event) }
    } else {
      groups.append((finding, event.map { [$0] } ?? []))
    }
  }

  // MARK: Sequences

  mutating func collectFiles(of timeline: Timeline) {
    if collected[timeline.name, default: []].contains(timeline) { return }
    collected[timeline.name, default: []].append(timeline)
    for track in timeline.tracks {
      for (place, item) in track.items.enumerated() {
        switch item {
        case .clip(let clip):
          let edges = FCP7Edges(track.items, at: place)
          files.add(FCP7ClipTiming(clip, edges, timeline.rate), clip, track.kind)
        case .nest(let nest): collectFiles(of: nest.timeline)
        case .gap, .transition: break
        }
      }
    }
  }

  mutating func sequence(_ timeline: Timeline) -> Node {
    let kept = timeline.metadata.finalCut
    var node = Node("sequence")
    sequenceNumber += 1
    node.attributes = [("id", unique(kept.keptText("@id") ?? "sequence-\(sequenceNumber)"))]
    written[timeline.name, default: []].append((timeline, node.attributes[0].value))
    node.children = [
      Node("name", text: timeline.name), Node("duration", text: String(timeline.frameCount)),
      Self.rate(timeline.rate),
      Self.timecode(
        frame: timeline.startFrame, rate: timeline.rate, isDropFrame: timeline.isDropFrame),
      media(timeline, kept.keptObject("media")),
    ]
    node.children += timeline.markers.map { marker($0) { frame in frame } }
    FCP7Metadata.add(kept, to: &node)
    return node
  }

  private mutating func media(_ timeline: Timeline, _ kept: [Metadata.Entry]) -> Node {
    let raster = FCP7Raster(kept.keptObject("video").keptObject("format"))
    var node = Node("media")
    for (name, kind) in [("video", Track.Kind.picture), ("audio", .sound)] {
      let tracks = timeline.tracks.filter { $0.kind == kind }
      let keptPart = kept.keptObject(name)
      guard !tracks.isEmpty || !keptPart.isEmpty else { continue }
      var part = Node(name)
      FCP7Metadata.add(keptPart, to: &part)
      // Resolve wants it before the tracks even when it says nothing.
      if kind == .picture, !part.children.contains(where: { $0.name == "format" }) {
        part.children.insert(Node("format"), at: 0)
      }
      part.children += tracks.map { track($0, timeline, raster) }
      node.children.append(part)
    }
    FCP7Metadata.add(kept, to: &node)
    return node
  }

  private mutating func track(_ track: Track, _ timeline: Timeline, _ raster: FCP7Raster?) -> Node {
    var node = Node("track")
    var end: Int64 = 0
    for (place, item) in track.items.enumerated() {
      let edges = FCP7Edges(track.items, at: place)
      switch item {
      case .clip(let clip):
        node.children.append(self.clip(clip, edges, track.kind, timeline.rate, raster))
        end = clip.recordRange.end
      case .nest(let nest):
        node.children.append(self.nest(nest, edges, track.kind, timeline.rate, raster))
        end = nest.recordRange.end
      case .gap(let gap): end = gap.recordRange.end
      case .transition(let transition):
        if let item = self.transition(transition, edges, at: end, track.kind, timeline.rate) {
          node.children.append(item)
        }
      }
    }
    if case .gap(let gap)? = track.items.last, !gap.recordRange.isEmpty, end == timeline.frameCount {
      note(.dropped, "a gap at the end of a track is not written")
    }
    node.children.append(Node("enabled", text: track.isEnabled ? "TRUE" : "FALSE"))
    FCP7Metadata.add(track.metadata.finalCut, to: &node)
    return node
  }

  /// The nested sequence, in full where it is used first.
  mutating func nestedSequence(_ timeline: Timeline) -> Node {
    if let known = written[timeline.name]?.first(where: { $0.timeline == timeline }) {
      var node = Node("sequence")
      node.attributes = [("id", known.id)]
      return node
    }
    return sequence(timeline)
  }

  // MARK: Common elements

  /// The id itself, or with a number after two dots where it is taken.
  mutating func unique(_ id: String) -> String {
    var candidate = id
    var number = 2
    while !usedIDs.insert(candidate).inserted {
      candidate = "\(id)..\(number)"
      number += 1
    }
    return candidate
  }

  /// Links to clip items that are not in the file would point at nothing.
  func removeOpenLinks(in node: inout Node) {
    node.children.removeAll { child in
      guard child.name == "link", let target = child.children.first(where: { $0.name == "linkclipref" })?.text
      else { return false }
      return !usedIDs.contains(target)
    }
    for place in node.children.indices { removeOpenLinks(in: &node.children[place]) }
  }

  static func rate(_ rate: FrameRate) -> Node {
    let base = rate.nominalBase
    let isFast = rate.rational != Rational(Int64(base))
    return Node(
      "rate", [Node("timebase", text: String(base)), Node("ntsc", text: isFast ? "TRUE" : "FALSE")])
  }

  /// - Parameter isDropFrame: `nil` leaves open how labels count.
  static func timecode(frame: Int64, rate: FrameRate, isDropFrame: Bool?, reel: String? = nil) -> Node {
    let counts = isDropFrame == true
    let label = Timecode(frame: frame, rate: counts ? rate.counting : rate, isDropFrame: counts)
    var node = Node(
      "timecode",
      [
        Self.rate(rate), Node("string", text: label.description),
        Node("frame", text: String(frame)),
      ])
    if isDropFrame != nil { node.children.append(Node("displayformat", text: counts ? "DF" : "NDF")) }
    if let reel { node.children.append(Node("reel", [Node("name", text: reel)])) }
    return node
  }

  /// - Parameter place: from the model's frame to that of the file.
  mutating func marker(_ marker: Marker, at place: (Int64) -> Int64) -> Node {
    let first = place(marker.frame)
    var node = Node(
      "marker",
      [
        Node("name", text: marker.name), Node("comment", text: marker.comment),
        Node("in", text: String(first)),
        Node("out", text: marker.count > 0 ? String(place(marker.frame + marker.count)) : "-1"),
      ])
    if let color = FCP7Color(word: marker.color) {
      let parts = [("alpha", 0), ("red", color.red), ("green", color.green), ("blue", color.blue)]
      node.children.append(Node("color", parts.map { Node($0.0, text: String($0.1)) }))
    } else if !marker.color.isEmpty {
      note(.dropped, "the marker colour `\(marker.color)` is not written")
    }
    return node
  }

  /// A decimal number with at most nine places.
  ///
  /// - Returns: the text, and whether it says the number exactly.
  static func decimal(_ value: Rational) -> (text: String, isExact: Bool) {
    for places in 0...9 {
      guard let scaled = value.checkedMultiply(Rational(FCP7Reader.powersOfTen[places])) else { break }
      guard scaled.isInteger || places == 9 else { continue }
      return (decimal(scaled.rounded, places: places), scaled.isInteger)
    }
    return (String(value.rounded), value.isInteger)
  }

  private static func decimal(_ scaled: Int64, places: Int) -> String {
    guard places > 0 else { return String(scaled) }
    let digits = String(scaled.magnitude)
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    return (scaled < 0 ? "-" : "") + padded.dropLast(places) + "." + padded.suffix(places)
  }

  /// A measure of the model in the format's: with as few places as read back the same number.
  ///
  /// - Parameters:
  ///   - factor: what the format's measure is divided by.
  ///   - back: the reader's conversion.
  static func decimal(_ value: Double, over factor: Double, _ back: (Double) -> Double) -> String {
    let exact = value / factor
    guard exact.isFinite else { return "0" }
    for power in [1, 1e2, 1e4, 1e6, 1e7, 1e8, 1e9, 1e10] {
      let rounded = (exact * power).rounded() / power
      guard FCP7Reader.even(back(rounded)) == FCP7Reader.even(value) else { continue }
      return rounded == rounded.rounded() && rounded.magnitude < 1e15 ? String(Int64(rounded)) : "\(rounded)"
    }
    return "\(exact)"
  }
}

/// What lies beside an item of a track: record frames of it under transitions, and whether it meets black.
struct FCP7Edges {
  /// Record frames before the item's first, and after its last, that transitions show.
  var lead: Int64 = 0
  var tail: Int64 = 0
  /// Whether that edge is written as −1, `in` or `out` with the frames under the transition; a cut that is
  /// not where an alignment puts it is written as it is, for programs that do not read `cutPointTicks`.
  var startsUnderTransition = false
  var endsUnderTransition = false
  /// For a transition: whether nothing comes before or after it.
  var isFromNothing = true
  var isToNothing = true

  var writtenLead: Int64 { startsUnderTransition ? lead : 0 }
  var writtenTail: Int64 { endsUnderTransition ? tail : 0 }

  init(_ items: [TrackItem], at place: Int) {
    if place > 0 {
      if case .transition(let transition) = items[place - 1], transition.isWritten {
        lead = transition.inOffset
        startsUnderTransition = transition.isAligned
      }
      isFromNothing = items[place - 1].isNothing
    }
    if place + 1 < items.count {
      if case .transition(let transition) = items[place + 1], transition.isWritten {
        tail = transition.outOffset
        endsUnderTransition = transition.isAligned
      }
      isToNothing = items[place + 1].isNothing
    }
  }
}

extension TrackItem {
  fileprivate var isNothing: Bool {
    if case .gap = self { true } else { false }
  }
}

extension Transition {
  /// Whether the cut is at its start, end or middle.
  var isAligned: Bool { inOffset == 0 || outOffset == 0 || inOffset == count / 2 }

  /// Keys have no form in Final Cut Pro XML.
  var isWritten: Bool {
    if case .key = kind { return false }
    return count > 0
  }
}

extension FCP7Raster {
  /// Of what was kept of a `format`, `video` or `file`.
  init?(_ kept: [Metadata.Entry]) {
    let holder =
      kept.keptObject("samplecharacteristics").isEmpty ? kept : kept.keptObject("samplecharacteristics")
    guard let width = FCP7Reader.number(holder.keptText("width")),
      let height = FCP7Reader.number(holder.keptText("height")),
      (1...100_000).contains(width), (1...100_000).contains(height)
    else { return nil }
    self.width = width
    self.height = height
  }
}
