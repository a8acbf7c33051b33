import MediaTime

extension OTIOTimelineWriter {
  mutating func clip(_ clip: Clip, _ match: Match?) -> Node {
    ordinal += 1
    let source = source(clip, match)
    let carried = match?.media == nil ? clip.metadata[OTIOKeys.carried] : nil
    if clip.curve != nil { curves.append(clip.event) }
    if clip.adjustments.contains(where: { $0 != .none }) { placements.append(clip.event) }
    let average = clip.curve.map { $0.average(over: clip.recordRange.count) }
    let effects = effects(clip.metadata.carried("effects"), speed: clip.timeScale, average: average)
    let (range, written) = range(of: clip, source, carried?["source_range"])
    let shown = Rational(source.shown)
    let markers = markers(clip.markers, clip.metadata.carried("markers")) { frame in
      ((shown.checkedAdd(Rational(frame)) ?? shown).displayValue, source.rate)
    }
    var members: [(String, Node)] = [
      ("source_range", range), ("effects", effects), ("markers", markers), ("enabled", .bool(clip.isEnabled)),
      ("color", .null), ("media_references", source.references),
      ("active_media_reference_key", .string(source.key)),
    ]
    replace(
      &members, clip.metadata[OTIOKeys.carried],
      except: ["source_range", "effects", "markers", "media_references", "active_media_reference_key"])
    let read = source.read(clip, range: written, rate: rate, average: average)
    let own = own(clip, match, read: read)
    return OTIONodes.object(
      "Clip.2", name: clip.name, members,
      metadata: metadata(
        clip.metadata,
        merging: [("cdl", grade(clip)), ("cmx_3600", list(clip, reel: source.reel(of: clip).written))],
        own: own))
  }

  /// The source range as a node, and as it is read back.
  private func range(of clip: Clip, _ source: OTIOClipSource, _ raw: Metadata.Value?) -> (
    node: Node, read: OTIORange
  ) {
    let start = source.first.isInteger ? source.first.numerator : source.shown
    let made = OTIORange(
      start: OTIOTime(value: Rational(start), rate: source.rate),
      duration: OTIOTime(value: Rational(clip.recordRange.count), rate: rate))
    if case .null? = raw, source.isWhole, let available = source.available { return (.null, available) }
    if source.first.isInteger,
      let raw = matching(raw, start: (start, source.rate), count: clip.recordRange.count),
      let read = OTIORange(JSONValue(raw))
    {
      return (Node(raw), read)
    }
    let node = OTIONodes.range(
      from: source.first.displayValue, source.rate, count: clip.recordRange.count, rate)
    return (node, made)
  }

  private func own(_ clip: Clip, _ match: Match?, read: Clip) -> [(String, Node)] {
    var own: [(String, Node)] = []
    let digits = String(ordinal)
    let isNumbered = clip.event == String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    if match != nil || !isNumbered { own.append(("event", .string(clip.event))) }
    if let event = match?.event {
      if let reading = event.reading { own.append(("reading", .string(reading.rawValue))) }
      own.append(("rule", .string(event.rule)))
    }
    if match != nil || clip.shot != read.shot { own.append(("shot", .string(clip.shot))) }
    // The position of conformed media is the media's own; only what the file has no place for is added.
    guard match?.media == nil else {
      return own + OTIOOwn.members(clip, read: clip.withoutOwn).filter { $0.0 != "source_in" }
    }
    return own + OTIOOwn.members(clip, read: read)
  }

  private func grade(_ clip: Clip) -> [(String, Node)] {
    guard let grade = clip.grade else { return [] }
    func numbers(_ values: [Double]) -> Node { .array(values.map { .number($0) }) }
    return [
      ("asc_sat", .number(grade.saturation)),
      (
        "asc_sop",
        .object([
          ("offset", numbers(grade.offset)), ("power", numbers(grade.power)), ("slope", numbers(grade.slope)),
        ])
      ),
    ]
  }

  private func list(_ clip: Clip, reel: String?) -> [(String, Node)] {
    var list: [(String, Node)] = []
    if !clip.notes.isEmpty { list.append(("comments", .array(clip.notes.map { .string($0) }))) }
    if let reel { list.append(("reel", .string(reel))) }
    return list
  }
}

/// Where a clip's source is, as its object says it.
struct OTIOClipSource {
  typealias Node = JSONWriter.Node

  /// A label's count; between two labels where the picture runs faster than its timecode.
  var first: Rational
  /// The frame that is shown first.
  var shown: Int64
  var rate: FrameRate
  var references: Node
  var key: String
  /// The references as they are read back.
  var reference: JSONValue?
  /// All the media there is, as it is written.
  var available: OTIORange?
  /// Whether the clip shows all of it.
  var isWhole = false

  /// The source reel that is written, the one that is then found and what it is read as.
  func reel(of clip: Clip) -> (written: String?, found: String?, read: String?) {
    func known(_ reel: String?) -> String? {
      reel?.uppercased() == "AX" || reel?.isEmpty == true ? nil : reel
    }
    // A reel among the clip's own notes comes before that of its reference.
    let given =
      clip.metadata["cmx_3600"]?["reel"]?.string ?? reference?["metadata"]?["cmx_3600"]?["reel"]?.string
    let written = clip.sourceReel == known(given) ? nil : clip.sourceReel
    let found = written ?? given
    return (written, found, known(found))
  }

  /// The clip as its object alone is read.
  ///
  /// - Parameters:
  ///   - range: as it is written.
  ///   - rate: of the timeline.
  func read(_ clip: Clip, range: OTIORange, rate: FrameRate, average: Double?) -> Clip {
    let names = OTIOMediaNames(reference)
    let reel = reel(of: clip)
    let speed = average.map { Rational(simplest: $0) } ?? Rational(simplest: clip.timeScale.displayValue)
    let isExtent = available.map { $0.start.rate.numerator < 8000 || $0.start.rate.denominator > 1 } ?? false
    let extent =
      isExtent ? available.map { FrameRange(start: $0.start.frames, count: $0.duration.frames) } : nil
    var read = Clip(
      content: OTIOMediaNames.content(reference, reel: reel.found), name: clip.name, event: clip.event,
      sourceReel: reel.read, sourceFile: names.file, targetURL: names.url,
      sourceIn: SourcePosition(
        count: OTIOPosition(range, speed: clip.timeScale).first, rate: range.start.rate),
      sourceCount: range.duration.frames, availableRange: extent, recordRange: clip.recordRange,
      timeScale: speed ?? .one)
    if range.start.rate.nominalBase != rate.nominalBase { read.sourceRate = range.start.rate }
    return read
  }
}

extension Clip {
  /// The same without what only `metadata.interlock` holds.
  fileprivate var withoutOwn: Clip {
    var copy = self
    copy.curve = nil
    return copy
  }
}

extension OTIOTimelineWriter {
  func source(_ clip: Clip, _ match: Match?) -> OTIOClipSource {
    if let match, let media = match.media { return conformed(clip, match, media) ?? cut(clip) }
    return cut(clip)
  }

  /// The media that was found.
  private func conformed(_ clip: Clip, _ match: Match, _ media: MediaItem) -> OTIOClipSource? {
    let timeline = Timeline(name: "", rate: rate)
    guard let clock = SourceClock.of(media.facts, of: match.event, timeline: timeline) else { return nil }
    let facts = media.facts
    // A recording's length in frames of its timecode; a part of a frame at its end counts as one.
    let count =
      facts.video?.frameCount
      ?? facts.sound.map { sound in
        -(-Rational(sound.sampleCount) * clock.rate.rational / Rational(Int64(sound.sampleRate))).floor
      } ?? 0
    let reference = OTIONodes.object(
      "ExternalReference.1", name: facts.fileName,
      [
        ("target_url", .string(FileNames.url(ofPath: media.path))),
        (
          "available_range",
          OTIONodes.range(
            FrameRange(start: clock.start, count: -(-(Rational(count) / clock.framesPerLabel)).floor),
            clock.rate)
        ),
        ("available_image_bounds", .null),
      ], metadata: .object([(OTIOKeys.own, .object([("identity", .string(facts.identity))]))]))
    let shown = match.event.sourceRange
    let isReversed = match.event.speed < .zero && !shown.isEmpty
    let frame = isReversed ? shown.end - 1 : shown.start
    let position = Rational(clock.start) + Rational(frame) / clock.framesPerLabel
    let reach = isReversed ? reach(clip, in: clock.rate) : 0
    return OTIOClipSource(
      first: position - Rational(reach), shown: position.floor, rate: clock.rate,
      references: .object([("DEFAULT_MEDIA", reference)]), key: "DEFAULT_MEDIA")
  }

  /// The source as the cut says it.
  private func cut(_ clip: Clip) -> OTIOClipSource {
    let (shown, own) = position(clip)
    let first = clip.timeScale < .zero ? shown - reach(clip, in: own) : shown
    let carried = clip.metadata[OTIOKeys.carried]
    let key = carried?["active_media_reference_key"]?.string ?? "DEFAULT_MEDIA"
    let raw = carried?["media_references"]
    var source = OTIOClipSource(
      first: Rational(first), shown: shown, rate: own, references: .null, key: key)
    let written = raw?[key].map { JSONValue($0) }
    if raw != nil, stillNames(written, clip) {
      source.references = Node(raw ?? .null)
      source.reference = written
    } else {
      let reference = self.reference(clip, own)
      var references = (raw?.entries ?? []).filter { $0.key != key }.map { ($0.key, Node($0.value)) }
      references.insert((key, reference.node), at: 0)
      source.references = .object(references)
      source.reference = JSONValue(reference.value)
    }
    source.available = source.reference?["available_range"].flatMap(OTIORange.init)
    if let available = source.available, let length = available.duration.frames(at: rate) {
      source.isWhole =
        available.start.frames == first && available.start.rate.nominalBase == own.nominalBase
        && abs(length.rounded - clip.recordRange.count) <= 1
    }
    return source
  }

  /// Whether the clip still has the media that its reference names.
  private func stillNames(_ reference: JSONValue?, _ clip: Clip) -> Bool {
    let names = OTIOMediaNames(reference)
    let reel = clip.sourceReel ?? clip.metadata["cmx_3600"]?["reel"]?.string
    guard names.file == clip.sourceFile, names.url == clip.targetURL,
      OTIOMediaNames.content(reference, reel: reel) == clip.content
    else { return false }
    guard let available = clip.availableRange else { return true }
    let range = reference?["available_range"].flatMap(OTIORange.init)
    return range?.start.frames == available.start && range?.duration.frames == available.count
  }

  /// A reference made from the model.
  private func reference(_ clip: Clip, _ own: FrameRate) -> (node: Node, value: Metadata.Value) {
    let available = clip.availableRange
    func value(_ schema: String, _ members: [(String, Metadata.Value)]) -> Metadata.Value {
      let range = available.map { range -> Metadata.Value in
        func time(_ count: Int64, _ rate: FrameRate) -> Metadata.Value {
          .object([
            Metadata.Entry(key: "OTIO_SCHEMA", value: .string("RationalTime.1")),
            Metadata.Entry(key: "rate", value: .number(rate.rational.displayValue)),
            Metadata.Entry(key: "value", value: .number(Double(count))),
          ])
        }
        return .object([
          Metadata.Entry(key: "OTIO_SCHEMA", value: .string("TimeRange.1")),
          Metadata.Entry(key: "duration", value: time(range.count, own)),
          Metadata.Entry(key: "start_time", value: time(range.start, own)),
        ])
      }
      let all: [(String, Metadata.Value)] =
        [("OTIO_SCHEMA", .string(schema)), ("metadata", .object([]))] + members
        + [("available_range", range ?? .null), ("available_image_bounds", .null)]
      return .object(all.map { Metadata.Entry(key: $0.0, value: $0.1) })
    }
    let made: Metadata.Value
    if clip.content != .media {
      var kind = "black"
      if case .generator(let name) = clip.content { kind = name }
      made = value(
        "GeneratorReference.1",
        [("name", .string(kind)), ("generator_kind", .string(kind)), ("parameters", .object([]))])
    } else if let url = clip.targetURL {
      made = value(
        "ExternalReference.1", [("name", .string(clip.sourceFile ?? "")), ("target_url", .string(url))])
    } else {
      made = value("MissingReference.1", [("name", .string(clip.sourceFile ?? ""))])
    }
    return (Node(made), made)
  }

  /// The frame shown first, by the count of the source.
  private func position(_ clip: Clip) -> (Int64, FrameRate) {
    switch clip.sourceIn {
    case .frames(let count, let rate): return (count, rate)
    case .label(let label):
      for own in [clip.sourceRate, rate].compactMap(\.self) {
        let isDropFrame = label.isDropFrame && own.allowsDropFrame
        if let count = try? label.frame(rate: own, isDropFrame: isDropFrame) { return (count, own) }
      }
      // A label of another base: the slowest rate that has it.
      for rate in FrameRate.allStandard where rate.denominator == 1 {
        if let count = try? label.frame(rate: rate, isDropFrame: false) { return (count, rate) }
      }
      return (0, rate)
    }
  }

  /// How far the first frame that a reversed clip shows lies above the start of its media interval, whose last it is.
  private func reach(_ clip: Clip, in own: FrameRate) -> Int64 {
    OTIOPosition.reach(Rational(clip.recordRange.count), at: rate, in: own, speed: clip.timeScale)
  }
}
