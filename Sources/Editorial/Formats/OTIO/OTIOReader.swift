import Diagnostics
import MediaTime

/// Reads OpenTimelineIO objects into the model; compositions inside tracks become nests.
///
/// What cannot be read is a fault and leaves a gap of its length; what the model does not hold is kept in the metadata
/// as it was written, for the writer.
struct OTIOReader {
  let path: String
  /// Of the timeline that is being read: that of the outermost one, unless a nested one says its own.
  var rate: FrameRate
  var faults = FaultList()
  var notes = OTIONotes()
  /// Clips read so far, for their numbers.
  var ordinal = 0
  /// What goes with the outermost timeline though it stands on a track or a gap of it.
  var trackMarkers: [Marker] = []

  init(path: String, rate: FrameRate) {
    self.path = path
    self.rate = rate
  }

  mutating func fault(_ code: String, _ value: JSONValue, _ message: String, _ remedy: String) {
    faults.add(
      Diagnostic(
        family: .usage, code: code, location: value.location(in: path), message: message, remedy: remedy))
  }

  /// The items of a composition; anything but a list of them is a fault.
  mutating func children(of value: JSONValue) -> [JSONValue] {
    guard let children = value["children"] else { return [] }
    guard let items = children.array else {
      fault("cut.badChildren", children, "`children` is not a list", "Export the timeline again.")
      return []
    }
    return items
  }

  // MARK: Timelines

  /// - Parameter root: a `Timeline`, or a `Stack` or `Track` that stands for one.
  mutating func timeline(_ root: JSONValue, start: Timecode?) -> Timeline {
    let own = root["metadata"]?[OTIOKeys.own]
    var timeline = Timeline(name: root["name"]?.string ?? "", rate: rate)
    timeline.isDropFrame =
      start?.isDropFrame ?? (own?["drop_frame"]?.bool == true && rate.allowsDropFrame)
    let stack = root.schema == "Timeline" ? root["tracks"] ?? root : root
    let global = root["global_start_time"].flatMap { whole($0, "the global start time") }
    timeline.startFrame = global ?? start?.frame ?? 0
    if root.schema == "Track" || root.schema == "Sequence" {
      timeline.tracks = [track(root, kind: nil, number: 1, depth: 0)]
      timeline.metadata = Metadata([Self.carriedSchema(root)])
    } else {
      let read = tracks(of: stack, depth: 0)
      timeline.tracks = read.tracks
      timeline.metadata = metadata(ofTimeline: root, stack: stack, read.kept)
    }
    timeline.markers = markers(of: stack, at: 0, from: read(start: stack)) + trackMarkers
    if let start { move(&timeline, to: start.frame, root) }
    return timeline
  }

  private static func carriedSchema(_ value: JSONValue) -> Metadata.Entry {
    let schema = Metadata.Entry(key: "OTIO_SCHEMA", value: .string(value["OTIO_SCHEMA"]?.string ?? ""))
    return Metadata.Entry(key: OTIOKeys.carried, value: .object([schema]))
  }

  /// First frame of a composition's source range.
  func read(start value: JSONValue) -> Int64 {
    value["source_range"]?["start_time"].flatMap { try? OTIOTime($0) }?.frames(at: rate)?.rounded ?? 0
  }

  private func metadata(ofTimeline root: JSONValue, stack: JSONValue, _ kept: [Metadata.Entry]) -> Metadata {
    guard root.schema == "Timeline" else {
      var carried = kept
      carried.insert(
        Metadata.Entry(key: "OTIO_SCHEMA", value: .string(root["OTIO_SCHEMA"]?.string ?? "")), at: 0)
      return Metadata(otio: root, known: ["children", "markers"], carried: carried)
    }
    var carried: [Metadata.Entry] = []
    if root["global_start_time"] == nil {
      carried.append(Metadata.Entry(key: "global_start_time", value: .null))
    }
    var own = kept
    own.insert(Metadata.Entry(key: "name", value: .string(stack["name"]?.string ?? "")), at: 0)
    if let metadata = stack["metadata"] {
      own.append(Metadata.Entry(key: "metadata", value: Metadata.Value(metadata)))
    }
    let known: Set<String> = ["OTIO_SCHEMA", "name", "metadata", "children"]
    for member in stack.members ?? []
    where !known.contains(member.key) && !own.contains(where: { $0.key == member.key }) {
      if let list = member.value.array, list.isEmpty { continue }
      if case .null = member.value.content { continue }
      if member.key == "enabled", member.value.bool == true { continue }
      own.append(Metadata.Entry(key: member.key, value: Metadata.Value(member.value)))
    }
    carried.append(Metadata.Entry(key: "tracks", value: .object(own)))
    return Metadata(otio: root, known: ["tracks", "global_start_time"], carried: carried)
  }

  // MARK: Tracks

  /// The tracks of a stack, and what it holds that is none.
  ///
  /// - Parameter isRoot: of a nested one the nest itself says what is played.
  mutating func tracks(of stack: JSONValue, depth: Int, isRoot: Bool = true) -> (
    tracks: [Track], kept: [Metadata.Entry]
  ) {
    var tracks: [Track] = []
    var others: [Metadata.Value] = []
    var numbers: [Track.Kind: Int] = [:]
    for (index, child) in children(of: stack).enumerated() {
      if child.isTrack, let word = child["kind"]?.string, word != "Audio", word != "Video" {
        notes.note(.otherTrack(word), child.location(in: path))
        others.append(
          .object([
            Metadata.Entry(key: "index", value: .integer(Int64(index))),
            Metadata.Entry(key: "object", value: Metadata.Value(child)),
          ]))
        continue
      }
      let kind: Track.Kind = child["kind"]?.string == "Audio" ? .sound : .picture
      numbers[kind, default: 0] += 1
      tracks.append(track(child, kind: kind, number: numbers[kind] ?? 1, depth: depth))
    }
    if isRoot {
      if let window = window(of: stack) {
        tracks = tracks.map { played($0, in: window, name: stack.title, isStack: true) }
      }
      noteOthers(of: stack, isPicture: true, event: nil)
    }
    let order = tracks.filter { $0.kind == .picture } + tracks.filter { $0.kind == .sound }
    var kept: [Metadata.Entry] = []
    if order.map(\.kind) != tracks.map(\.kind) {
      // The file mixes picture and sound: where each track stood in it.
      let places = [Track.Kind.picture, .sound].flatMap { kind in
        tracks.indices.filter { tracks[$0].kind == kind }
      }
      kept.append(
        Metadata.Entry(key: "track_order", value: .array(places.map { .integer(Int64($0)) })))
    }
    if !others.isEmpty { kept.append(Metadata.Entry(key: "other_tracks", value: .array(others))) }
    return (order, kept)
  }

  /// A track, or what stands in for one in a stack.
  mutating func track(_ value: JSONValue, kind given: Track.Kind?, number: Int, depth: Int) -> Track {
    let kind = given ?? (value["kind"]?.string == "Audio" ? .sound : .picture)
    let name =
      value["metadata"]?[OTIOKeys.own]?["name"]?.string ?? (kind == .picture ? "V" : "A") + String(number)
    guard value.isTrack else {
      // A stack may hold clips and stacks without a track around them.
      var track = Track(kind: kind, name: name)
      track.items = items([value], kind: kind, depth: depth + 1)
      let bare = Metadata.Entry(key: "is_bare", value: .bool(true))
      track.metadata = Metadata([Metadata.Entry(key: OTIOKeys.carried, value: .object([bare]))])
      return track
    }
    var track = Track(kind: kind, name: name)
    track.isEnabled = value["enabled"]?.bool != false
    track.items = items(children(of: value), kind: kind, depth: depth + 1)
    var carried = [Metadata.Entry(key: "name", value: .string(value["name"]?.string ?? ""))]
    if value["kind"] == nil { carried.append(Metadata.Entry(key: "kind", value: .null)) }
    keepMarkers(of: value, &carried)
    keepEffects(of: value, &carried)
    if let range = value["source_range"] {
      carried.append(Metadata.Entry(key: "source_range", value: Metadata.Value(range)))
    }
    track.metadata = Metadata(
      otio: value, known: ["children", "kind", "enabled", "markers", "effects", "source_range"],
      carried: carried)
    noteOthers(of: value, isPicture: kind == .picture, event: nil)
    if let window = window(of: value) { track = played(track, in: window, name: value.title) }
    trackMarkers += markers(of: value, at: 0, from: read(start: value))
    return track
  }

  /// Which part of a composition is played, and how fast.
  struct Window {
    var sourceIn: Int64
    var count: Int64
    var speed: Rational
    var location: SourceLocation
  }

  /// `nil` where all of a composition plays as it is.
  mutating func window(of value: JSONValue) -> Window? {
    let speed = speed(of: value)
    guard value["source_range"] != nil || speed != .one else { return nil }
    let natural = duration(of: value)
    let range = range(value["source_range"], "the source range of `\(value.title)`")
    let count = range.flatMap { $0.duration.frames(at: rate) } ?? natural
    var first = range.flatMap { $0.start.frames(at: rate) }?.rounded ?? 0
    let end = count.checkedMultiply(max(.one, speed.magnitude))?.checkedAdd(Rational(first))
    if let end, end <= .zero || Rational(first) >= natural, natural > .zero, count > .zero {
      // Converters from lists write the record timecode with the wrong sign: such a range shows nothing at all.
      notes.note(.strayRange, value["source_range"]?.location(in: path))
      first = 0
      if count == natural, speed == .one { return nil }
    }
    return Window(
      sourceIn: Self.first(first, count: count.rounded, speed: speed), count: max(0, count.rounded),
      speed: speed,
      location: value.location(in: path))
  }

  /// The frame that is shown first: in reverse the last of the interval that is played.
  private static func first(_ start: Int64, count: Int64, speed: Rational) -> Int64 {
    guard speed < .zero, let length = Rational(count).checkedMultiply(speed.magnitude) else { return start }
    return start + max(0, -(-length).floor - 1)
  }

  /// A track of which only a part is played.
  ///
  /// - Parameter isStack: of all tracks alike.
  private func played(_ track: Track, in window: Window, name: String, isStack: Bool = false) -> Track {
    var inner = Timeline(name: name, rate: rate)
    var bare = track
    if !isStack { bare.metadata = Metadata() }
    inner.tracks = [bare]
    var outer = track
    if isStack { outer.metadata = Metadata() }
    outer.items = []
    if window.count > 0 {
      outer.items.append(
        .nest(
          Nest(
            name: name, event: "", timeline: inner, sourceIn: window.sourceIn,
            recordRange: FrameRange(start: 0, count: window.count), timeScale: window.speed,
            location: window.location)))
    }
    let isWindow = Metadata.Entry(key: isStack ? "is_stack_window" : "is_window", value: .bool(true))
    let carried = track.metadata[OTIOKeys.carried]?.entries ?? []
    outer.metadata[OTIOKeys.carried] = .object(carried + [isWindow])
    return outer
  }

  // MARK: Start

  /// Puts timeline frame 0 at another record timecode, as an EDL with a given start has it.
  private mutating func move(_ timeline: inout Timeline, to start: Int64, _ root: JSONValue) {
    let ahead = timeline.startFrame - start
    timeline.startFrame = start
    guard ahead != 0 else { return }
    if ahead > 0 {
      timeline.tracks = timeline.tracks.map { $0.offset(by: ahead) }
    } else {
      for index in timeline.tracks.indices { drop(-ahead, from: &timeline.tracks[index], root) }
    }
    for index in timeline.markers.indices { timeline.markers[index].frame += ahead }
  }

  private mutating func drop(_ frames: Int64, from track: inout Track, _ root: JSONValue) {
    guard !track.items.isEmpty else { return }
    guard case .gap(let gap) = track.items[0], gap.recordRange.end >= frames else {
      let clip = track.clips.first
      faults.add(
        Diagnostic(
          family: .usage, code: "cut.beforeStart", location: clip?.location ?? root.location(in: path),
          message:
            "event \(clip?.event ?? "") on \(track.name) begins before the start timecode that was given",
          remedy: "Give the start timecode of the programme."))
      return
    }
    track.items = track.items.map { $0.offset(by: -frames) }
    if gap.recordRange.end == frames {
      track.items.removeFirst()
    } else {
      track.items[0] = .gap(Gap(recordRange: FrameRange(start: 0, end: gap.recordRange.end - frames)))
    }
  }
}

extension JSONValue {
  var isTrack: Bool { schema == "Track" || schema == "Sequence" }

  /// Whether it may stand in a track and has tracks or items of its own.
  var isComposition: Bool { isTrack || schema == "Stack" || schema == "Timeline" }
}
