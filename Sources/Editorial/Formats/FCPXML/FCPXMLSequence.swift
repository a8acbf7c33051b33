import Diagnostics
import MediaTime

/// Reads a `sequence`: the timeline of a project or a compound clip.
enum FCPXMLSequence {
  /// - Parameter rate: the timeline's when it is not to be that of the sequence's format.
  static func timeline(_ sequence: XMLElement, name: String, rate: FrameRate?, context: FCPXMLContext)
    -> Timeline
  {
    let format = context.resources.format(sequence)
    let declared = format?.rate
    let rate = rate ?? declared ?? FrameRate(24)
    if declared == nil, context.resources.formats.isEmpty || format == nil {
      context.fault(
        "cut.badReference", sequence,
        "the format `\(sequence.attributes["format"] ?? "")` of the sequence is not among the resources")
    }
    if let declared, declared != rate {
      context.note(
        .inferred, "the sequence's rate is \(declared); it is read at \(rate) as asked", sequence, event: "")
    }
    let start = context.time(sequence, "tcStart") ?? .zero
    var isDropFrame = sequence.attributes["tcFormat"] == "DF"
    if isDropFrame, !rate.allowsDropFrame {
      context.note(
        .approximated,
        "`tcFormat` is DF, which does not exist at \(rate); record timecode is read as non-drop",
        sequence, event: "")
      isDropFrame = false
    }
    var timeline = Timeline(
      name: name, rate: rate, isDropFrame: isDropFrame,
      startFrame: frames(start, rate, "the start timecode", sequence, context))
    if let duration = context.time(sequence, "duration") {
      _ = frames(duration, rate, "the length of the sequence", sequence, context)
    }
    var builder = FCPXMLTimelineBuilder(context: context, rate: rate, size: format?.size)
    let clock = FCPXMLClock(frame: .zero, local: start, unit: .one / rate.rational)
    for spine in sequence.children("spine") {
      builder.storyline(spine.children[...], of: spine, clock: clock, lane: FCPXMLLane())
    }
    if sequence.children("spine").isEmpty {
      context.fault("cut.noEvents", sequence, "the sequence has no spine")
    }
    builder.finish(&timeline)
    return timeline
  }

  /// The nearest frame; a time between frames is reported.
  private static func frames(
    _ seconds: Rational, _ rate: FrameRate, _ what: String, _ element: XMLElement, _ context: FCPXMLContext
  ) -> Int64 {
    guard let exact = seconds.checkedMultiply(rate.rational), exact.magnitude < Rational(1 << 46) else {
      context.fault("cut.badTime", element, "\(what) is beyond all measure")
      return 0
    }
    if !exact.isInteger {
      context.note(
        .approximated, "\(what), \(seconds) s, lies between frames and is rounded to frame \(exact.rounded)",
        element, event: "")
    }
    return exact.rounded
  }

  /// Puts timeline frame 0 at another record timecode.
  static func move(
    _ timeline: inout Timeline, to start: Timecode, _ element: XMLElement, context: FCPXMLContext
  ) {
    let ahead = timeline.startFrame - start.frame
    timeline.isDropFrame = start.isDropFrame
    timeline.startFrame = start.frame
    guard ahead != 0 else { return }
    for index in timeline.markers.indices { timeline.markers[index].frame += ahead }
    if ahead > 0 {
      timeline.tracks = timeline.tracks.map { $0.offset(by: ahead) }
      return
    }
    for index in timeline.tracks.indices {
      guard case .gap(let gap) = timeline.tracks[index].items.first, gap.recordRange.end >= -ahead else {
        context.fault(
          "cut.beforeStart", element,
          "\(timeline.tracks[index].name) begins before the start timecode that was given",
          "Give the start timecode of the programme.")
        continue
      }
      timeline.tracks[index].items = timeline.tracks[index].items.map { $0.offset(by: ahead) }
      let rest = FrameRange(start: 0, end: gap.recordRange.end + ahead)
      if rest.isEmpty {
        timeline.tracks[index].items.removeFirst()
      } else {
        timeline.tracks[index].items[0] = .gap(Gap(recordRange: rest))
      }
    }
  }

  /// What an element says that the model does not interpret: metadata, keywords, ratings.
  static func entries(of element: XMLElement) -> [Metadata.Entry] {
    var entries: [Metadata.Entry] = []
    var values: [Metadata.Entry] = []
    var seen: Set<String> = []
    for (key, value) in FCPXMLResources.metadata(of: element) where seen.insert(key).inserted {
      values.append(.init(key: key, value: .string(value)))
    }
    if !values.isEmpty { entries.append(.init(key: "metadata", value: .object(values))) }
    for name in ["keyword", "rating"] {
      let notes: [Metadata.Value] = element.children(name).map { note in
        .object(
          ["start", "duration", "value", "name", "note"].compactMap { key in
            note.attributes[key].map { .init(key: key, value: .string($0)) }
          })
      }
      if !notes.isEmpty { entries.append(.init(key: name + "s", value: .array(notes))) }
    }
    return entries
  }
}

/// An angle of a multicam clip: its items with the frames at which they begin, for cutting parts out of it.
struct FCPXMLAngle {
  let name: String
  /// Position among the angles; the first plays where a clip does not say which.
  let number: Int
  let element: XMLElement
  /// Local seconds of the start.
  let start: Rational
  /// By ascending position: each item with its local start and end in seconds.
  private let items: [(element: XMLElement, start: Rational, end: Rational)]

  init(_ element: XMLElement, number: Int, start: Rational, context: FCPXMLContext) {
    self.element = element
    self.number = number
    self.start = start
    name = element.attributes["name"] ?? ""
    var items: [(element: XMLElement, start: Rational, end: Rational)] = []
    var cursor = start
    for child in element.children {
      let offset = context.time(child, "offset") ?? cursor
      let length = context.time(child, "duration") ?? .zero
      let end = offset.checkedAdd(length) ?? offset
      items.append((child, offset, end))
      if child.name != "transition" { cursor = max(cursor, end) }
    }
    self.items = items
  }

  /// The items that reach into a part, transitions at its edges left out.
  func part(from first: Rational, to last: Rational) -> ArraySlice<XMLElement> {
    var low = 0
    var high = items.count
    while low < high {
      let middle = (low + high) / 2
      if items[middle].end <= first { low = middle + 1 } else { high = middle }
    }
    var part: [XMLElement] = []
    for item in items[low...] {
      guard item.start < last else { break }
      part.append(item.element)
    }
    while part.first?.name == "transition" { part.removeFirst() }
    while part.last?.name == "transition" { part.removeLast() }
    return part[...]
  }
}
