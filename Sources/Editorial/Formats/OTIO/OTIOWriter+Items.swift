import MediaTime

extension OTIOTimelineWriter {
  /// A track as a child of a stack; without a track around it where the file had none.
  mutating func child(_ track: Track, index: Int, number: Int, markers: inout MarkerShelf) -> Node {
    if track.metadata.carried("is_bare") != nil, track.items.count == 1, track.isEnabled {
      return item(track.items[0], track: index, index: 0, markers: &markers)
    }
    return self.track(track, index: index, number: number, markers: &markers, own: [])
  }

  mutating func track(_ track: Track, index: Int, number: Int, markers: [Marker], own: [(String, Node)])
    -> Node
  {
    var rest = MarkerShelf(markers)
    return self.track(track, index: index, number: number, markers: &rest, own: own)
  }

  /// - Parameter markers: of the timeline; those that the file had on the track go back there.
  private mutating func track(
    _ track: Track, index: Int, number: Int, markers: inout MarkerShelf, own: [(String, Node)]
  ) -> Node {
    let carried = track.metadata[OTIOKeys.carried]
    let window = carried?["is_window"] == nil ? nil : track.onlyNest
    let inner = window?.timeline.tracks.first ?? track
    var children: [Node] = []
    for (place, item) in inner.items.enumerated() {
      // OpenTimelineIO wants something on both sides of a transition.
      if case .transition = item, children.isEmpty { children.append(OTIONodes.filler(rate)) }
      let node: Node
      if case .transition(let transition) = item {
        let isNamed = OTIOReader.event(ofTransition: place, in: inner.items) == transition.event
        node = self.transition(transition, isNamed: isNamed)
      } else {
        node = self.item(item, track: window == nil ? index : -1, index: place, markers: &markers)
      }
      children.append(node)
    }
    if case .transition = inner.items.last { children.append(OTIONodes.filler(rate)) }
    let name = (track.kind == .picture ? "V" : "A") + String(number)
    let given = track.name == name ? carried?["name"]?.string ?? name : track.name
    var own = own
    if track.name != name { own.append(("name", .string(track.name))) }
    let start = window == nil ? 0 : reader.read(start: JSONValue(carried ?? .null))
    var members: [(String, Node)] = [
      ("source_range", window.map { sourceRange(of: $0, as: carried) } ?? strayRange(carried)),
      ("effects", effects(carried?["effects"], speed: window?.timeScale ?? .one, average: nil)),
      ("markers", taken(carried?["markers"], at: -start, from: &markers)),
      ("enabled", .bool(track.isEnabled)),
      ("color", .null), ("kind", .string(track.kind == .picture ? "Video" : "Audio")),
      ("children", .array(children)),
    ]
    replace(
      &members, carried, except: ["name", "kind", "source_range", "effects", "markers", "track_order"])
    return OTIONodes.object("Track.1", name: given, members, metadata: metadata(track.metadata, own: own))
  }

  /// The source range of a track of which a part is played.
  private func sourceRange(of window: Nest, as carried: Metadata.Value?) -> Node {
    carried?["source_range"].map { Node($0) } ?? sourceRange(of: window)
  }

  /// The source range of a track that is not played by it.
  private func strayRange(_ carried: Metadata.Value?) -> Node {
    guard carried?["is_window"] == nil, let raw = carried?["source_range"] else { return .null }
    return Node(raw)
  }

  /// Markers that the file had on an object, taken from those of the timeline.
  ///
  /// - Parameter offset: from the object's own time to that of the timeline.
  private func taken(_ raw: Metadata.Value?, at offset: Int64, from markers: inout MarkerShelf) -> Node {
    var nodes: [Node] = []
    for node in raw?.array ?? [] {
      let value = JSONValue(node)
      let range = value["marked_range"] ?? value["range"]
      guard let first = range?["start_time"].flatMap({ try? OTIOTime($0) })?.frames(at: rate)?.rounded,
        let count = range?["duration"].flatMap({ try? OTIOTime($0) })?.frames(at: rate)?.rounded
      else { continue }
      let read = reader.marker(value, frame: first + offset, count: count)
      if markers.take(read) { nodes.append(Node(node)) }
    }
    return .array(nodes)
  }

  private mutating func item(_ item: TrackItem, track: Int, index: Int, markers: inout MarkerShelf) -> Node {
    switch item {
    case .clip(let clip):
      let match = matches?[Place(track: track, item: index)]
      return self.clip(clip, match)
    case .gap(let gap): return self.gap(gap, &markers)
    case .nest(let nest): return self.nest(nest)
    case .transition(let transition): return self.transition(transition, isNamed: false)
    }
  }

  private func gap(_ gap: Gap, _ markers: inout MarkerShelf) -> Node {
    let carried = gap.metadata[OTIOKeys.carried]
    let raw = matching(carried?["source_range"], start: nil, count: gap.recordRange.count)
    let start =
      raw.flatMap { $0["start_time"].flatMap { try? OTIOTime(JSONValue($0)) } }?.frames(at: rate)?.rounded
      ?? 0
    var members: [(String, Node)] = [
      (
        "source_range",
        raw.map { Node($0) } ?? OTIONodes.range(FrameRange(start: 0, count: gap.recordRange.count), rate)
      ),
      ("effects", Node(carried?["effects"] ?? .array([]))),
      ("markers", taken(carried?["markers"], at: gap.recordRange.start - start, from: &markers)),
      ("enabled", .bool(true)), ("color", .null),
    ]
    replace(&members, carried, except: ["name", "source_range", "effects", "markers"])
    return OTIONodes.object(
      "Gap.1", name: carried?["name"]?.string ?? "", members, metadata: metadata(gap.metadata, own: []))
  }

  /// - Parameter isNamed: whether its event follows from its neighbours.
  private mutating func transition(_ transition: Transition, isNamed: Bool) -> Node {
    let carried = transition.metadata[OTIOKeys.carried]
    let word = OTIOOwn.word(transition.kind)
    var type = "Custom_Transition"
    switch transition.kind {
    case .dissolve: type = "SMPTE_Dissolve"
    case .custom(let name): type = name
    case .wipe, .key: keys.append(transition.event)
    }
    func offset(_ key: String, _ frames: Int64) -> Node {
      if let raw = carried?[key], let time = try? OTIOTime(JSONValue(raw)),
        time.frames(at: rate)?.rounded == frames
      {
        return Node(raw)
      }
      return OTIONodes.time(frames, rate)
    }
    var members: [(String, Node)] = [
      ("transition_type", .string(type)), ("in_offset", offset("in_offset", transition.inOffset)),
      ("out_offset", offset("out_offset", transition.outOffset)),
    ]
    replace(&members, carried, except: ["in_offset", "out_offset"])
    return OTIONodes.object(
      "Transition.1", name: transition.name ?? "", members,
      metadata: metadata(
        transition.metadata, merging: [("cmx_3600", word.map { [("transition", .string($0))] } ?? [])],
        own: isNamed ? [] : [("event", .string(transition.event))]))
  }

  // MARK: Nests

  /// A source range as it was written, where it still says the same.
  func matching(
    _ raw: Metadata.Value?, start: (frame: Int64, rate: FrameRate)?, count: Int64
  ) -> Metadata.Value? {
    guard let raw else { return nil }
    guard let length = raw["duration"].flatMap({ try? OTIOTime(JSONValue($0)) })?.frames(at: rate),
      abs(length.rounded - count) <= 1
    else { return nil }
    guard let start else { return raw }
    let first = raw["start_time"].flatMap { try? OTIOTime(JSONValue($0)) }
    guard let first, first.rate.nominalBase == start.rate.nominalBase, first.frames == start.frame else {
      return nil
    }
    return raw
  }

  /// The part of a nested timeline that is played, from its lowest frame.
  private func lowest(of nest: Nest) -> Int64 {
    guard nest.timeScale < .zero, nest.curve == nil else { return nest.sourceIn }
    let inner = nest.timeline.rate
    return nest.sourceIn
      - OTIOPosition.reach(
        OTIOTime(value: Rational(nest.recordRange.count), rate: rate).frames(at: inner) ?? .zero, at: inner,
        in: inner, speed: nest.timeScale)
  }

  func sourceRange(of nest: Nest) -> Node {
    OTIONodes.range(
      from: Double(lowest(of: nest)), nest.timeline.rate, count: nest.recordRange.count, rate)
  }

  private mutating func nest(_ nest: Nest) -> Node {
    let carried = nest.metadata[OTIOKeys.carried]
    let schema = carried?["OTIO_SCHEMA"]?.string ?? "Stack.1"
    let start = lowest(of: nest)
    let outer = rate
    let outerMatches = matches
    matches = nil
    var range = sourceRange(of: nest)
    if case .null? = carried?["source_range"], start == 0 || nest.sourceIn == 0 {
      range = .null
    } else if let raw = matching(carried?["source_range"], start: nil, count: nest.recordRange.count),
      (raw["start_time"].flatMap { try? OTIOTime(JSONValue($0)) })?.frames(at: nest.timeline.rate)?.rounded
        == start
    {
      range = Node(raw)
    }
    let timeline = nest.timeline
    var own = OTIOOwnNest.members(nest, start: start, isStartWritten: schema.hasPrefix("Timeline"))
    if timeline.rate != outer { own.append(("rate", .string(timeline.rate.description))) }
    let name = nest.event.isEmpty ? nest.name : nest.event
    if nest.curve != nil { curves.append(name) }
    if nest.adjustment != .none { placements.append(name) }
    rate = timeline.rate
    let first = nest.sourceIn
    let markers = self.markers(nest.markers, carried?["markers"]) { (Double($0 + first), timeline.rate) }
    let isTrack =
      (schema.hasPrefix("Track") || schema.hasPrefix("Sequence")) && timeline.tracks.count == 1
      && timeline.tracks[0].isEnabled && timeline.tracks[0].metadata.isEmpty && timeline.markers.isEmpty
    var (nodes, rest) = self.children(timeline.tracks, timeline.markers)
    if isTrack, case .object(let members)? = nodes.first,
      case .array(let children)? = members.last(where: { $0.0 == "children" })?.1
    {
      nodes = children
    } else {
      nodes = order(nodes, carried)
    }
    if !rest.isEmpty {
      own.append(("markers", self.markers(rest, nil) { (Double($0), timeline.rate) }))
    }
    rate = outer
    matches = outerMatches
    var members: [(String, Node)] = [
      ("source_range", range),
      (
        "effects",
        effects(
          carried?["effects"], speed: nest.timeScale,
          average: nest.curve.map { $0.average(over: nest.recordRange.count) })
      ),
      ("markers", markers), ("enabled", .bool(nest.isEnabled)), ("color", .null), ("children", .array(nodes)),
    ]
    let known: Set<String> = [
      "source_range", "effects", "markers", "children", "other_tracks", "track_order", "kind", "tracks",
    ]
    if isTrack {
      let kind: Node = .string(timeline.tracks[0].kind == .picture ? "Video" : "Audio")
      members.append(("kind", carried?["kind"].map { Node($0) } ?? kind))
    }
    if schema.hasPrefix("Timeline") {
      let shell = carried?["tracks"]
      replace(&members, shell, except: known.union(["name"]))
      let stack = OTIONodes.object(
        "Stack.1", name: shell?["name"]?.string ?? "tracks", members,
        metadata: shell?["metadata"].map { Node($0) } ?? .object([]))
      let start = OTIONodes.time(timeline.startFrame, timeline.rate)
      return OTIONodes.object(
        "Timeline.1", name: nest.name, [("global_start_time", start), ("tracks", stack)],
        metadata: metadata(nest.metadata, own: own))
    }
    replace(&members, carried, except: known)
    return OTIONodes.object(
      isTrack ? "Track.1" : "Stack.1", name: nest.name, members, metadata: metadata(nest.metadata, own: own))
  }
}

/// What must be said of a nest beside its object.
private enum OTIOOwnNest {
  static func members(_ nest: Nest, start: Int64, isStartWritten: Bool) -> [(String, JSONWriter.Node)] {
    var own: [(String, JSONWriter.Node)] = []
    if !nest.event.isEmpty { own.append(("event", .string(nest.event))) }
    if nest.timeline.name != nest.name { own.append(("sequence", .string(nest.timeline.name))) }
    if nest.timeline.isDropFrame { own.append(("drop_frame", .bool(true))) }
    if nest.timeline.startFrame != 0, !isStartWritten {
      own.append(("start", .integer(nest.timeline.startFrame)))
    }
    if !nest.timeline.metadata.isEmpty {
      own.append(
        (
          "sequence_metadata",
          .object(nest.timeline.metadata.entries.map { ($0.key, JSONWriter.Node($0.value)) })
        ))
    }
    if let track = nest.track { own.append(("track", .integer(Int64(track)))) }
    if let curve = nest.curve { own.append(("curve", OTIOOwn.node(curve))) }
    if nest.adjustment != .none { own.append(("adjustments", .array([OTIOOwn.node(nest.adjustment)]))) }
    let isSaid = Rational(simplest: nest.timeScale.displayValue) == nest.timeScale && nest.curve == nil
    if !isSaid { own.append(("speed", .string(nest.timeScale.description))) }
    if start != nest.sourceIn || nest.curve != nil { own.append(("source_in", .integer(nest.sourceIn))) }
    return own
  }
}

extension RetimeCurve {
  /// Source frames for each record frame, between the first and the last of `count`; for programs that know no other.
  func average(over count: Int64) -> Double {
    guard count > 1, let from = position(at: 0), let to = position(at: count - 1) else { return 1 }
    return Double(to - from) / Double(count - 1)
  }
}
