import MediaTime

/// Writes a conformed timeline as OpenTimelineIO JSON.
///
/// Schemas `Timeline.1`, `Clip.2`, `ExternalReference.1` and the like, which OpenTimelineIO reads from 0.15 on. Source
/// positions are label counts of the media's timecode; its `available_range` begins at its start timecode.
package enum OTIOWriter {
  /// - Parameter media: as given to the relinker.
  /// - Returns: the same bytes for the same conform.
  package static func write(_ conform: Conform, media: [MediaItem]) -> [UInt8] {
    let timeline = conform.timeline
    let events = Dictionary(
      conform.events.map { (Place(track: $0.trackIndex, item: $0.itemIndex), $0) },
      uniquingKeysWith: { first, _ in first })
    let tracks = timeline.tracks.enumerated().map { index, track in
      Self.track(track, timeline) { item in
        guard let event = events[Place(track: index, item: item)] else { return nil }
        return (event, event.media.map { media[$0] })
      }
    }
    return JSONWriter.bytes(document(timeline, tracks))
  }

  /// A cut that has not been conformed, with missing references.
  package static func write(_ timeline: Timeline) -> [UInt8] {
    JSONWriter.bytes(document(timeline, timeline.tracks.map { track($0, timeline) { _ in nil } }))
  }

  private struct Place: Hashable {
    var track: Int
    var item: Int
  }

  private typealias Node = JSONWriter.Node

  private static func document(_ timeline: Timeline, _ tracks: [Node]) -> Node {
    let markers = timeline.markers.map { marker in
      object(
        "Marker.2", name: marker.name,
        [
          ("color", .string(marker.color.isEmpty ? "RED" : marker.color)),
          ("comment", .string(marker.comment)),
          ("marked_range", range(FrameRange(start: marker.frame, count: 0), timeline.rate)),
        ])
    }
    let stack = object(
      "Stack.1", name: "tracks",
      [
        ("source_range", .null), ("effects", .array([])), ("markers", .array(markers)),
        ("enabled", .bool(true)),
        ("children", .array(tracks)),
      ])
    return object(
      "Timeline.1", name: timeline.name,
      [("global_start_time", time(timeline.startFrame, timeline.rate)), ("tracks", stack)],
      metadata: [("interlock", .object([("rate", .string(timeline.rate.description))]))])
  }

  private static func track(
    _ track: Track, _ timeline: Timeline, match: (Int) -> (event: ConformedEvent, media: MediaItem?)?
  ) -> Node {
    var children: [Node] = []
    for (index, item) in track.items.enumerated() {
      switch item {
      case .gap(let gap): children.append(self.gap(gap.recordRange.count, timeline.rate))
      case .transition(let transition):
        // OpenTimelineIO wants something on both sides of a transition.
        if children.isEmpty { children.append(gap(0, timeline.rate)) }
        children.append(self.transition(transition, timeline.rate))
      case .clip(let clip): children.append(self.clip(clip, timeline, match(index)))
      case .nest: break
      }
    }
    if case .transition = track.items.last { children.append(gap(0, timeline.rate)) }
    return object(
      "Track.1", name: track.name,
      [
        ("source_range", .null), ("effects", .array([])), ("markers", .array([])), ("enabled", .bool(true)),
        ("kind", .string(track.kind == .picture ? "Video" : "Audio")), ("children", .array(children)),
      ])
  }

  private static func gap(_ count: Int64, _ rate: FrameRate) -> Node {
    object(
      "Gap.1", name: "",
      [
        ("source_range", range(FrameRange(start: 0, count: count), rate)), ("effects", .array([])),
        ("markers", .array([])), ("enabled", .bool(true)),
      ])
  }

  private static func transition(_ transition: Transition, _ rate: FrameRate) -> Node {
    var cmx: [(String, Node)] = []
    let type: String
    switch transition.kind {
    case .dissolve: type = "SMPTE_Dissolve"
    case .wipe(let pattern):
      type = "Custom_Transition"
      let digits = String(pattern)
      let code = "W" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
      cmx.append(("transition", .string(code)))
    case .key(let isBackground, let isOut):
      type = "Custom_Transition"
      cmx.append(("transition", .string(isBackground ? "KB" : isOut ? "KO" : "K")))
    case .custom(let name): type = name.isEmpty ? "Custom_Transition" : name
    }
    var metadata: [(String, Node)] = [("interlock", .object([("event", .string(transition.event))]))]
    if !cmx.isEmpty { metadata.insert(("cmx_3600", .object(cmx)), at: 0) }
    return object(
      "Transition.1", name: transition.name ?? "",
      [
        ("transition_type", .string(type)), ("in_offset", time(transition.inOffset, rate)),
        ("out_offset", time(transition.outOffset, rate)),
      ], metadata: metadata)
  }

  // MARK: Clips

  private static func clip(
    _ clip: Clip, _ timeline: Timeline, _ match: (event: ConformedEvent, media: MediaItem?)?
  ) -> Node {
    let source = source(clip, timeline, match)
    var effects: [Node] = []
    if clip.timeScale == .zero {
      effects.append(effect("FreezeFrame.1", "FreezeFrame", scalar: 0))
    } else if clip.timeScale != .one {
      effects.append(effect("LinearTimeWarp.1", "LinearTimeWarp", scalar: clip.timeScale.displayValue))
    }
    return object(
      "Clip.2", name: clip.name,
      [
        (
          "source_range",
          sourceRange(from: source.first, source.rate, count: clip.recordRange.count, timeline.rate)
        ),
        ("effects", .array(effects)), ("markers", .array([])), ("enabled", .bool(true)),
        ("media_references", .object([("DEFAULT_MEDIA", source.reference)])),
        ("active_media_reference_key", .string("DEFAULT_MEDIA")),
      ], metadata: metadata(clip, match?.event))
  }

  private struct Source {
    /// A label's count; between two labels where the picture runs faster than its timecode.
    var first: Rational
    var rate: FrameRate
    var reference: Node
  }

  private static func source(
    _ clip: Clip, _ timeline: Timeline, _ match: (event: ConformedEvent, media: MediaItem?)?
  ) -> Source {
    if let match, let media = match.media,
      let clock = SourceClock.of(media.facts, of: match.event, timeline: timeline)
    {
      let facts = media.facts
      // A recording's length in frames of its timecode; a part of a frame at its end counts as one.
      let count =
        facts.video?.frameCount
        ?? facts.sound.map { sound in
          -(-Rational(sound.sampleCount) * clock.rate.rational / Rational(Int64(sound.sampleRate))).floor
        } ?? 0
      let reference = object(
        "ExternalReference.1", name: facts.fileName,
        [
          ("target_url", .string(FileNames.url(ofPath: media.path))),
          (
            "available_range",
            range(
              FrameRange(start: clock.start, count: -(-(Rational(count) / clock.framesPerLabel)).floor),
              clock.rate)
          ),
          ("available_image_bounds", .null),
        ], metadata: [("interlock", .object([("identity", .string(facts.identity))]))])
      let shown = match.event.sourceRange
      let isReversed = match.event.speed < .zero && !shown.isEmpty
      var first =
        Rational(clock.start) + Rational(isReversed ? shown.end - 1 : shown.start) / clock.framesPerLabel
      if isReversed { first = first - Rational(reach(clip, in: clock.rate, timeline)) }
      return Source(
        first: first, rate: clock.rate, reference: reference)
    }
    let (count, rate) = position(clip, timeline)
    let first = Rational(count)
    if clip.isBlack || clip.content != .media {
      var kind = "black"
      if case .generator(let name) = clip.content { kind = name }
      let reference = object(
        "GeneratorReference.1", name: kind,
        [
          ("generator_kind", .string(kind)), ("parameters", .object([])), ("available_range", .null),
          ("available_image_bounds", .null),
        ])
      return Source(first: first, rate: rate, reference: reference)
    }
    let reference: Node
    if let url = clip.targetURL {
      reference = object(
        "ExternalReference.1", name: clip.sourceFile ?? "",
        [("target_url", .string(url)), ("available_range", .null), ("available_image_bounds", .null)])
    } else {
      reference = object(
        "MissingReference.1", name: clip.sourceFile ?? "",
        [("available_range", .null), ("available_image_bounds", .null)])
    }
    return Source(first: first, rate: rate, reference: reference)
  }

  /// The start of the clip's media interval; OpenTimelineIO counts it upward also for reversed clips.
  private static func position(_ clip: Clip, _ timeline: Timeline) -> (Int64, FrameRate) {
    func start(_ rate: FrameRate) -> Int64 { clip.timeScale < .zero ? -reach(clip, in: rate, timeline) : 0 }
    switch clip.sourceIn {
    case .frames(let count, let rate): return (count + start(rate), rate)
    case .label(let label):
      let isDropFrame = label.isDropFrame && timeline.rate.allowsDropFrame
      if let count = try? label.frame(rate: timeline.rate, isDropFrame: isDropFrame) {
        return (count + start(timeline.rate), timeline.rate)
      }
      // A label of another base: the slowest rate that has it.
      for rate in FrameRate.allStandard where rate.denominator == 1 {
        if let count = try? label.frame(rate: rate, isDropFrame: false) { return (count + start(rate), rate) }
      }
      return (start(timeline.rate), timeline.rate)
    }
  }

  /// How far the first frame that a reversed clip shows lies above the start of its media interval, whose last it is.
  private static func reach(_ clip: Clip, in rate: FrameRate, _ timeline: Timeline) -> Int64 {
    max(
      0,
      FrameRate.sourceCount(clip.recordRange.count, at: timeline.rate, in: rate, scale: clip.timeScale) - 1)
  }

  private static func metadata(_ clip: Clip, _ event: ConformedEvent?) -> [(String, Node)] {
    var metadata: [(String, Node)] = []
    if let grade = clip.grade {
      func numbers(_ values: [Double]) -> Node { .array(values.map { .number($0) }) }
      metadata.append(
        (
          "cdl",
          .object([
            ("asc_sat", .number(grade.saturation)),
            (
              "asc_sop",
              .object([
                ("offset", numbers(grade.offset)), ("power", numbers(grade.power)),
                ("slope", numbers(grade.slope)),
              ])
            ),
          ])
        ))
    }
    var cmx: [(String, Node)] = []
    if !clip.notes.isEmpty { cmx.append(("comments", .array(clip.notes.map { .string($0) }))) }
    if let reel = clip.sourceReel { cmx.append(("reel", .string(reel))) }
    if !cmx.isEmpty { metadata.append(("cmx_3600", .object(cmx))) }
    var own: [(String, Node)] = [("event", .string(clip.event))]
    if let reading = event?.reading { own.append(("reading", .string(reading.rawValue))) }
    if let event { own.append(("rule", .string(event.rule))) }
    own.append(("shot", .string(clip.shot)))
    metadata.append(("interlock", .object(own)))
    return metadata
  }

  // MARK: Objects

  private static func object(
    _ schema: String, name: String, _ members: [(String, Node)], metadata: [(String, Node)] = []
  ) -> Node {
    .object(
      [("OTIO_SCHEMA", .string(schema)), ("metadata", .object(metadata)), ("name", .string(name))] + members)
  }

  private static func effect(_ schema: String, _ name: String, scalar: Double) -> Node {
    object(schema, name: "", [("effect_name", .string(name)), ("time_scalar", .number(scalar))])
  }

  private static func time(_ frames: Int64, _ rate: FrameRate) -> Node {
    .object([
      ("OTIO_SCHEMA", .string("RationalTime.1")), ("rate", .number(rate.rational.displayValue)),
      ("value", .number(Double(frames))),
    ])
  }

  /// A range whose start counts as the media does and whose length as the timeline.
  private static func sourceRange(
    from first: Rational, _ firstRate: FrameRate, count: Int64, _ rate: FrameRate
  ) -> Node {
    .object([
      ("OTIO_SCHEMA", .string("TimeRange.1")), ("duration", time(count, rate)),
      (
        "start_time",
        .object([
          ("OTIO_SCHEMA", .string("RationalTime.1")), ("rate", .number(firstRate.rational.displayValue)),
          ("value", .number(first.displayValue)),
        ])
      ),
    ])
  }

  private static func range(_ range: FrameRange, _ rate: FrameRate) -> Node {
    .object([
      ("OTIO_SCHEMA", .string("TimeRange.1")), ("duration", time(range.count, rate)),
      ("start_time", time(range.start, rate)),
    ])
  }
}
