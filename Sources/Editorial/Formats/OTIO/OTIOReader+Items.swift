import Diagnostics
import MediaTime

extension OTIOReader {
  /// Deeper nesting is damage.
  private static let deepest = 64

  /// The items of a track in record order; what cannot be read leaves a gap of its length.
  ///
  /// Edits are where the exact lengths of what is before them add up to, to the nearest frame.
  mutating func items(_ children: [JSONValue], kind: Track.Kind, depth: Int) -> [TrackItem] {
    var items: [TrackItem] = []
    var position = Rational.zero
    for (index, child) in children.enumerated() {
      if child.schema == "Transition" {
        if let transition = transition(child, isPicture: kind == .picture) {
          items.append(.transition(transition))
        }
        continue
      }
      let length = duration(of: child)
      let end = position.checkedAdd(length) ?? position
      let range = FrameRange(start: position.rounded, end: end.rounded)
      if !end.isInteger, let time = (child["source_range"]?["duration"]).flatMap({ try? OTIOTime($0) }),
        time.value.isInteger
      {
        notes.note(.roundedTime(time.rate), child.location(in: path))
      }
      let isAtTransition = [index - 1, index + 1].contains { neighbour in
        children.indices.contains(neighbour) && children[neighbour].schema == "Transition"
      }
      if let item = item(child, range, kind: kind, depth: depth) {
        let isEmpty = range.isEmpty
        if case .clip(let clip) = item, isEmpty {
          notes.note(.emptyClip, clip.location, event: clip.event)
        } else if !isEmpty || isAtTransition && child["metadata"]?[OTIOKeys.own]?["is_filler"] == nil {
          items.append(item)
        }
      } else if !range.isEmpty {
        items.append(.gap(Gap(recordRange: range)))
      }
      position = end
    }
    nameTransitions(&items)
    return items
  }

  private mutating func item(_ value: JSONValue, _ range: FrameRange, kind: Track.Kind, depth: Int)
    -> TrackItem?
  {
    if value.schema != "Clip", let length = value["source_range"]?["duration"],
      let time = try? OTIOTime(length)
    {
      note(time, length)
    }
    switch value.schema {
    case "Clip": return clip(value, range, isPicture: kind == .picture).map { .clip($0) }
    case "Gap", "Filler": return .gap(gap(value, range, isPicture: kind == .picture))
    case _ where value.isComposition: return nest(value, range, kind: kind, depth: depth).map { .nest($0) }
    default:
      fault(
        "cut.unknownObject", value,
        "`\(value["OTIO_SCHEMA"]?.string ?? "an object without schema")` on a track is not read",
        "Export the timeline with clips, gaps, transitions, tracks and stacks only.")
      return nil
    }
  }

  private mutating func gap(_ value: JSONValue, _ recordRange: FrameRange, isPicture: Bool) -> Gap {
    var gap = Gap(recordRange: recordRange)
    let range = range(value["source_range"], "the gap")
    var carried: [Metadata.Entry] = []
    if let name = value["name"]?.string, !name.isEmpty {
      carried.append(Metadata.Entry(key: "name", value: .string(name)))
    }
    keepRange(of: value, start: 0, startRate: rate, count: recordRange.count, &carried)
    if value["enabled"]?.bool == false { keep("enabled", of: value, &carried) }
    keepMarkers(of: value, &carried)
    keepEffects(of: value, &carried)
    noteOthers(of: value, isPicture: isPicture, event: nil)
    trackMarkers += markers(
      of: value, at: recordRange.start, from: range.flatMap { $0.start.frames(at: rate) }?.rounded ?? 0)
    gap.metadata = Metadata(
      otio: value, known: ["source_range", "enabled", "markers", "effects"], carried: carried)
    return gap
  }

  /// A stack, track or timeline in a track.
  private mutating func nest(_ value: JSONValue, _ recordRange: FrameRange, kind: Track.Kind, depth: Int)
    -> Nest?
  {
    guard depth < Self.deepest else {
      fault(
        "cut.tooDeep", value, "the tracks nest deeper than \(Self.deepest) levels",
        "Flatten the nested timelines before the turnover.")
      return nil
    }
    let own = value["metadata"]?[OTIOKeys.own]
    let outer = rate
    if let rate = own?["rate"]?.string.flatMap({ try? FrameRate(parsing: $0) }) { self.rate = rate }
    let stack = value.schema == "Timeline" ? value["tracks"] ?? value : value
    var timeline = Timeline(name: own?["sequence"]?.string ?? value["name"]?.string ?? "", rate: rate)
    timeline.isDropFrame = own?["drop_frame"]?.bool == true && rate.allowsDropFrame
    timeline.startFrame =
      value["global_start_time"].flatMap { whole($0, "the start of `\(value.title)`") } ?? own?["start"]?
      .integer ?? 0
    if let metadata = own?["sequence_metadata"]?.members {
      timeline.metadata = Metadata(
        metadata.map { Metadata.Entry(key: $0.key, value: Metadata.Value($0.value)) })
    }
    var carried: [Metadata.Entry] = []
    let outerMarkers = trackMarkers
    trackMarkers = []
    if value.isTrack {
      var track = Track(
        kind: value["kind"]?.string == "Audio" ? .sound : kind, name: kind == .picture ? "V1" : "A1")
      track.items = items(children(of: value), kind: track.kind, depth: depth + 1)
      timeline.tracks = [track]
      keep("kind", of: value, &carried)
    } else {
      let read = tracks(of: stack, depth: depth + 1, isRoot: false)
      timeline.tracks = read.tracks
      carried += read.kept
      if value.schema == "Timeline" {
        carried.append(Metadata.Entry(key: "tracks", value: Self.shell(of: stack)))
      }
    }
    timeline.markers = (own.map { markers(of: $0, at: 0, from: 0) } ?? []) + trackMarkers
    trackMarkers = outerMarkers
    if value.schema != "Stack" {
      let schema = value["OTIO_SCHEMA"]?.string ?? "Track.1"
      carried.append(Metadata.Entry(key: "OTIO_SCHEMA", value: .string(schema)))
    }
    if timeline.tracks.contains(where: { $0.kind != kind && !$0.clips.isEmpty }) {
      notes.note(.hiddenTrack(kind == .picture ? .sound : .picture), value.location(in: path))
    }
    let range = range(stack["source_range"], "the source range of `\(value.title)`")
    let warp = speed(of: stack)
    let speed = own?["speed"]?.string.flatMap { try? Rational(parsing: $0) } ?? warp
    let start = range.flatMap { $0.start.frames(at: rate) }?.rounded ?? 0
    let played = range.flatMap { $0.duration.frames(at: rate) } ?? duration(of: stack)
    var sourceIn = start
    if speed < .zero, let length = played.checkedMultiply(speed.magnitude) {
      sourceIn += max(0, -(-length).floor - 1)
    }
    if let exact = own?["source_in"]?.integer { sourceIn = exact }
    keepRange(of: stack, start: start, startRate: rate, count: recordRange.count, at: outer, &carried)
    keepMarkers(of: stack, &carried)
    keepEffects(of: stack, &carried)
    let isEnabled = stack["enabled"]?.bool != false
    noteOthers(of: stack, isPicture: kind == .picture, event: own?["event"]?.string)
    var nest = Nest(
      name: value["name"]?.string ?? "", event: own?["event"]?.string ?? "", timeline: timeline,
      sourceIn: sourceIn,
      recordRange: recordRange, timeScale: speed, isEnabled: isEnabled, location: value.location(in: path))
    nest.markers = markers(of: stack, at: 0, from: sourceIn, isSource: true)
    nest.track = own?["track"]?.integer.flatMap { Int(exactly: $0) }.flatMap { $0 > 0 ? $0 : nil }
    if let curve = own?["curve"] { nest.curve = OTIOOwn.curve(curve) }
    nest.adjustment = own?["adjustments"]?.array?.first.map(OTIOOwn.adjustment) ?? .none
    let shell: Set<String> =
      value.schema == "Timeline"
      ? ["tracks", "global_start_time"]
      : ["children", "enabled", "markers", "effects", "source_range", "kind"]
    nest.metadata = Metadata(otio: value, known: shell, carried: carried)
    rate = outer
    return nest
  }

  /// What a timeline's stack is called and carries.
  private static func shell(of stack: JSONValue) -> Metadata.Value {
    let kept = ["name", "metadata", "color"]
    return .object(
      (stack.members ?? []).filter { kept.contains($0.key) }.map {
        Metadata.Entry(key: $0.key, value: Metadata.Value($0.value))
      })
  }

  // MARK: Transitions

  private mutating func transition(_ value: JSONValue, isPicture: Bool) -> Transition? {
    guard let first = value["in_offset"], let last = value["out_offset"],
      let before = whole(first, "the in offset of the transition"),
      let after = whole(last, "the out offset of the transition")
    else {
      if value["in_offset"] == nil || value["out_offset"] == nil {
        fault(
          "cut.badTransition", value, "the transition has no `in_offset` and `out_offset`",
          "Correct it, or export the timeline again.")
      }
      return nil
    }
    guard before >= 0, after >= 0 else {
      fault(
        "cut.badTransition", value, "the offsets of the transition are negative",
        "Correct it, or export the timeline again.")
      return nil
    }
    let type = value["transition_type"]?.string ?? ""
    let word = value["metadata"]?["cmx_3600"]?["transition"]?.string
    var carried: [Metadata.Entry] = []
    for (key, frames) in [("in_offset", before), ("out_offset", after)] {
      guard let time = value[key].flatMap({ try? OTIOTime($0) }), time.rate == rate,
        time.value == Rational(frames)
      else {
        keep(key, of: value, &carried)
        continue
      }
    }
    let kind = OTIOOwn.transition(word: word) ?? (type == "SMPTE_Dissolve" ? .dissolve : .custom(type))
    let isTypeWritten =
      switch kind {
      case .dissolve: type == "SMPTE_Dissolve"
      case .wipe, .key: type == "Custom_Transition"
      case .custom: !type.isEmpty
      }
    if !isTypeWritten { keep("transition_type", of: value, &carried) }
    if let parameters = value["parameters"]?.members, !parameters.isEmpty {
      notes.note(.transitionParameters, value.location(in: path))
    }
    let name = value["name"]?.string
    var transition = Transition(
      kind: kind, name: name?.isEmpty == true ? nil : name,
      event: value["metadata"]?[OTIOKeys.own]?["event"]?.string ?? "", inOffset: before, outOffset: after,
      location: value.location(in: path))
    transition.metadata = Metadata(
      otio: value,
      interpreted: word.flatMap(OTIOOwn.transition(word:)) == nil ? [:] : ["cmx_3600": ["transition"]],
      known: ["in_offset", "out_offset", "transition_type"], carried: carried)
    return transition
  }

  /// A transition without an event of its own belongs to the clip it leads to.
  private func nameTransitions(_ items: inout [TrackItem]) {
    for index in items.indices {
      guard case .transition(var transition) = items[index], transition.event.isEmpty else { continue }
      transition.event = Self.event(ofTransition: index, in: items)
      items[index] = .transition(transition)
    }
  }

  /// The event of the clip or nest after a transition, else of the one before it.
  static func event(ofTransition index: Int, in items: [TrackItem]) -> String {
    for neighbour in [index + 1, index - 1] where items.indices.contains(neighbour) {
      switch items[neighbour] {
      case .clip(let clip) where !clip.event.isEmpty: return clip.event
      case .nest(let nest) where !nest.event.isEmpty: return nest.event
      case .clip, .nest, .gap, .transition: break
      }
    }
    return ""
  }
}
