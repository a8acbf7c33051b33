import MediaTime

/// Writes timelines as OpenTimelineIO JSON.
///
/// Schemas `Timeline.1`, `Clip.2`, `ExternalReference.1` and the like, which OpenTimelineIO reads from 0.15 on. What was
/// read from such a file and is still so is given back as it was written.
package enum OTIOWriter {
  /// A conformed cut. Source positions are label counts of the media's timecode; its `available_range` begins at its
  /// start timecode.
  ///
  /// - Parameter media: as given to the relinker.
  /// - Returns: the same bytes for the same conform.
  package static func write(_ conform: Conform, media: [MediaItem]) -> [UInt8] {
    var matches: [OTIOTimelineWriter.Place: OTIOTimelineWriter.Match] = [:]
    for event in conform.events {
      let place = OTIOTimelineWriter.Place(track: event.trackIndex, item: event.itemIndex)
      if matches[place] == nil {
        matches[place] = OTIOTimelineWriter.Match(event: event, media: event.media.map { media[$0] })
      }
    }
    var writer = OTIOTimelineWriter(rate: conform.timeline.rate, matches: matches)
    return JSONWriter.bytes(writer.document(conform.timeline))
  }

  /// A cut that has not been conformed.
  ///
  /// - Returns: the same bytes for the same timeline, and what other programs do not read in them.
  package static func write(_ timeline: Timeline) -> (bytes: [UInt8], findings: [Finding]) {
    var writer = OTIOTimelineWriter(rate: timeline.rate)
    let document = writer.document(timeline)
    return (JSONWriter.bytes(document), writer.findings)
  }
}

/// One writing: timelines to nodes, and what they lose on the way.
struct OTIOTimelineWriter {
  typealias Node = JSONWriter.Node

  struct Place: Hashable {
    var track: Int
    var item: Int
  }

  struct Match {
    var event: ConformedEvent
    var media: MediaItem?
  }

  /// Of the timeline that is being written.
  var rate: FrameRate
  /// Media of the outermost timeline's items.
  var matches: [Place: Match]?
  /// Clips written so far, for their numbers.
  var ordinal = 0
  /// Events whose curve, placement, … only this program reads back.
  var curves: [String] = []
  var placements: [String] = []
  var keys: [String] = []

  init(rate: FrameRate, matches: [Place: Match]? = nil) {
    self.rate = rate
    self.matches = matches
  }

  var findings: [Finding] {
    func finding(_ events: [String], _ what: String, isFault: Bool = false) -> Finding? {
      guard !events.isEmpty else { return nil }
      return Finding(
        kind: .approximated, what: what + " (\(Finding.listing(events)))",
        event: events.count == 1 ? events[0] : nil, isFault: isFault)
    }
    return [
      finding(
        curves,
        "a speed that changes is written as its average, and exactly only in `metadata.interlock`, which other "
          + "programs do not read"),
      finding(
        placements,
        "sizing, opacity and composite modes are written in `metadata.interlock`, which other programs do not read"
      ),
      finding(
        keys, "wipes and keys are written as custom transitions, whose kind other programs do not read"),
    ].compactMap(\.self)
  }

  /// What reads a written object back, at the rate of the timeline that is being written.
  var reader: OTIOReader { OTIOReader(path: "", rate: rate) }

  // MARK: Timelines

  mutating func document(_ timeline: Timeline) -> Node {
    let schema = timeline.metadata.carried("OTIO_SCHEMA")?.string
    let shell = timeline.metadata.carried("tracks")
    let isStartWritten = timeline.startFrame != 0 || timeline.metadata.carried("global_start_time") == nil
    var own: [(String, Node)] = []
    if timeline.isDropFrame { own.append(("drop_frame", .bool(true))) }
    if !isRateSaid(timeline, isStartWritten: schema == nil && isStartWritten) {
      own.append(("rate", .string(rate.description)))
    }
    if let schema, timeline.tracks.count == 1, timeline.tracks[0].metadata.carried("is_bare") == nil,
      schema.hasPrefix("Track") || schema.hasPrefix("Sequence")
    {
      return track(timeline.tracks[0], index: 0, number: 1, markers: timeline.markers, own: own)
    }
    let isWindow =
      !timeline.tracks.isEmpty
      && timeline.tracks.allSatisfy { $0.metadata.carried("is_stack_window") != nil && $0.onlyNest != nil }
    var tracks = timeline.tracks
    if isWindow { tracks = tracks.map { $0.onlyNest?.timeline.tracks.first ?? $0 } }
    let (children, rest) = self.children(tracks, timeline.markers)
    let carried = schema == nil ? shell : timeline.metadata[OTIOKeys.carried]
    let window = isWindow ? timeline.tracks[0].onlyNest : nil
    let first = window == nil ? 0 : reader.read(start: JSONValue(carried ?? .null))
    var members: [(String, Node)] = [
      (
        "source_range",
        window.map { carried?["source_range"].map { Node($0) } ?? sourceRange(of: $0) } ?? .null
      ),
      ("effects", effects(carried?["effects"], speed: window?.timeScale ?? .one, average: nil)),
      ("markers", markers(rest, carried?["markers"]) { (Double($0 + first), rate) }),
      ("enabled", .bool(true)),
      ("color", .null), ("children", .array(order(children, carried))),
    ]
    let known: Set<String> = [
      "source_range", "effects", "markers", "children", "name", "metadata", "other_tracks", "track_order",
      "OTIO_SCHEMA",
    ]
    if schema != nil {
      replace(&members, carried, except: known)
      return OTIONodes.object(
        "Stack.1", name: timeline.name, members, metadata: metadata(timeline.metadata, own: own))
    }
    replace(&members, shell, except: known)
    let stack = OTIONodes.object(
      "Stack.1", name: shell?["name"]?.string ?? "tracks", members,
      metadata: shell?["metadata"].map { Node($0) } ?? .object([]))
    let start = isStartWritten ? OTIONodes.time(timeline.startFrame, rate) : .null
    var outer: [(String, Node)] = [("global_start_time", start), ("tracks", stack)]
    replace(&outer, timeline.metadata[OTIOKeys.carried], except: ["global_start_time", "tracks"])
    return OTIONodes.object(
      "Timeline.1", name: timeline.name, outer, metadata: metadata(timeline.metadata, own: own))
  }

  /// Whether a reader finds the rate in the times: in the start, else in the first range of a picture track.
  private func isRateSaid(_ timeline: Timeline, isStartWritten: Bool) -> Bool {
    guard FrameRate(decimal: rate.rational.displayValue) == rate else { return false }
    if isStartWritten { return true }
    let items = timeline.tracks.flatMap(\.items)
    func isPlain(_ metadata: Metadata) -> Bool {
      guard let raw = metadata.carried("source_range") else { return true }
      return OTIORange(JSONValue(raw))?.duration.rate == rate
    }
    return matches == nil && !items.isEmpty
      && timeline.tracks.allSatisfy { isPlain($0.metadata) && $0.metadata.carried("is_bare") == nil }
      && items.allSatisfy { item in
        switch item {
        case .clip(let clip):
          if case .null? = clip.metadata.carried("source_range") {
            OTIORange(JSONValue(available(clip)))?.duration.rate == rate
          } else {
            isPlain(clip.metadata)
          }
        case .gap(let gap): isPlain(gap.metadata)
        case .nest(let nest): isPlain(nest.metadata)
        case .transition: true
        }
      }
  }

  /// The available range of the active reference, as it was written.
  private func available(_ clip: Clip) -> Metadata.Value {
    let key = clip.metadata.carried("active_media_reference_key")?.string ?? "DEFAULT_MEDIA"
    return clip.metadata.carried("media_references")?[key]?["available_range"] ?? .null
  }

  /// The tracks as nodes, and the markers that stand on none of them.
  mutating func children(_ tracks: [Track], _ markers: [Marker]) -> (nodes: [Node], markers: [Marker]) {
    var rest = MarkerShelf(markers)
    var numbers: [Track.Kind: Int] = [:]
    let nodes = tracks.enumerated().map { index, track in
      numbers[track.kind, default: 0] += 1
      return child(track, index: index, number: numbers[track.kind] ?? 1, markers: &rest)
    }
    return (nodes, rest.markers)
  }

  /// The tracks where the file had them, with what it had between them.
  func order(_ nodes: [Node], _ carried: Metadata.Value?) -> [Node] {
    var nodes = nodes
    let places = (carried?["track_order"]?.array ?? []).compactMap { value -> Int? in
      if case .integer(let place) = value { return Int(exactly: place) }
      return nil
    }
    if Set(places) == Set(nodes.indices), places.count == nodes.count {
      var ordered = nodes
      for (index, place) in places.enumerated() { ordered[place] = nodes[index] }
      nodes = ordered
    }
    for other in carried?["other_tracks"]?.array ?? [] {
      guard let object = other["object"], case .integer(let index)? = other["index"] else { continue }
      nodes.insert(Node(object), at: max(0, min(nodes.count, Int(clamping: index))))
    }
    return nodes
  }

  // MARK: What is carried

  /// Puts members that were kept as they were written in place of others, or after them.
  func replace(_ members: inout [(String, Node)], _ carried: Metadata.Value?, except: Set<String>) {
    for entry in carried?.entries ?? [] where !except.contains(entry.key) {
      guard entry.key != "OTIO_SCHEMA", !entry.key.hasPrefix("is_"), !entry.key.hasPrefix("metadata") else {
        continue
      }
      let node = Node(entry.value)
      if let index = members.firstIndex(where: { $0.0 == entry.key }) {
        members[index].1 = node
      } else {
        members.append((entry.key, node))
      }
    }
  }

  /// The object's metadata with members of namespaces that the model holds.
  func metadata(_ metadata: Metadata, merging: [(String, [(String, Node)])] = [], own: [(String, Node)])
    -> Node
  {
    if let raw = metadata.carried("metadata") { return Node(raw) }
    var members: [(String, Node)] = metadata.withoutCarried.map { ($0.key, Node($0.value)) }
    if let raw = metadata.carried("metadata.otio") { members.append((OTIOKeys.carried, Node(raw))) }
    for (key, added) in merging where !added.isEmpty {
      if let index = members.firstIndex(where: { $0.0 == key }), case .object(let old) = members[index].1 {
        let names = Set(added.map(\.0))
        members[index].1 = .object(added + old.filter { !names.contains($0.0) })
      } else {
        members.append((key, .object(added)))
      }
    }
    if !own.isEmpty { members.append((OTIOKeys.own, .object(own))) }
    return .object(members)
  }

  /// Effects as they were written where they still make the speed; else its time warp after the others.
  ///
  /// - Parameter average: the speed to write for other programs where it changes.
  func effects(_ raw: Metadata.Value?, speed: Rational, average: Double?) -> Node {
    let written = (raw?.array ?? []).map { JSONValue($0) }
    let (read, _) = OTIOEffects.read(written)
    if average == nil, read == speed { return .array((raw?.array ?? []).map { Node($0) }) }
    let others = (raw?.array ?? []).filter { effect in
      !["LinearTimeWarp", "FreezeFrame"].contains(JSONValue(effect).schema)
    }
    return .array(others.map { Node($0) } + OTIONodes.warp(average ?? speed.displayValue))
  }

  /// Markers as they were written where they still read alike; others made anew.
  ///
  /// - Parameter place: the time of a marker's frame in its object.
  func markers(
    _ markers: [Marker], _ raw: Metadata.Value?, place: (Int64) -> (start: Double, rate: FrameRate)
  ) -> Node {
    var pool: [Double: [(node: Metadata.Value, value: JSONValue)]] = [:]
    for node in raw?.array ?? [] {
      let value = JSONValue(node)
      guard let range = (value["marked_range"] ?? value["range"]).flatMap(OTIORange.init) else { continue }
      let own = place(0).rate
      guard let first = range.start.frames(at: own)?.rounded else { continue }
      pool[Double(first), default: []].append((node, value))
    }
    return .array(
      markers.map { marker in
        let (start, own) = place(marker.frame)
        let index = pool[start]?.firstIndex { entry in
          let length = (entry.value["marked_range"] ?? entry.value["range"])?["duration"]
          let count = length.flatMap { try? OTIOTime($0) }?.frames(at: own)?.rounded
          return reader.marker(entry.value, frame: marker.frame, count: count ?? 0).isSame(as: marker)
        }
        if let index, let entry = pool[start]?.remove(at: index) { return Node(entry.node) }
        return OTIONodes.marker(marker, start: start, own)
      })
  }
}

/// The markers of a timeline while those of its tracks and gaps are taken from them.
struct MarkerShelf {
  private var kept: [Marker?]
  private var places: [Int64: [Int]] = [:]

  init(_ markers: [Marker]) {
    kept = markers
    for (index, marker) in markers.enumerated() { places[marker.frame, default: []].append(index) }
  }

  /// What has not been taken, in order.
  var markers: [Marker] { kept.compactMap(\.self) }

  /// Takes one that is alike; `false` when there is none.
  mutating func take(_ marker: Marker) -> Bool {
    guard let at = places[marker.frame]?.firstIndex(where: { kept[$0]?.isSame(as: marker) ?? false }),
      let index = places[marker.frame]?.remove(at: at)
    else { return false }
    kept[index] = nil
    return true
  }
}

extension Marker {
  /// Alike wherever they were read.
  func isSame(as other: Marker) -> Bool {
    var copy = other
    copy.location = location
    return self == copy
  }
}

extension Track {
  /// Its only item where that is a nest.
  var onlyNest: Nest? {
    guard items.count == 1, case .nest(let nest) = items[0] else { return nil }
    return nest
  }
}
