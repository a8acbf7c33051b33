import Diagnostics
import MediaTime

extension OTIOReader {
  /// - Parameter recordRange: where it stands in its track.
  mutating func clip(_ value: JSONValue, _ recordRange: FrameRange, isPicture: Bool) -> Clip? {
    ordinal += 1
    let own = value["metadata"]?[OTIOKeys.own]
    let digits = String(ordinal)
    let event = own?["event"]?.string ?? String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    let name = value["name"]?.string ?? ""
    let reference = value.mediaReference
    let available = availableRange(of: reference, name: name, isNeeded: value["source_range"] == nil)
    guard let source = range(value["source_range"], "the source range of `\(name)`") ?? available else {
      if value["source_range"] == nil, reference?["available_range"] == nil {
        fault(
          "cut.noRange", value, "the clip `\(name)` has neither a source range nor an available range",
          "Export the timeline with the ranges of its media.")
      }
      return nil
    }
    note(source.duration, value["source_range"] ?? value)
    let warp = speed(of: value)
    let speed = own?["speed"]?.string.flatMap { try? Rational(parsing: $0) } ?? warp
    let start = OTIOPosition(source, speed: speed)
    let reel =
      value["metadata"]?["cmx_3600"]?["reel"]?.string ?? reference?["metadata"]?["cmx_3600"]?["reel"]?.string
    let isUnknown = reel?.uppercased() == "AX" || reel?.isEmpty == true
    let names = OTIOMediaNames(reference)
    var clip = Clip(
      content: OTIOMediaNames.content(reference, reel: reel), name: name, event: event,
      shot: own?["shot"]?.string, sourceReel: isUnknown ? nil : reel, sourceFile: names.file,
      targetURL: names.url, sourceIn: SourcePosition(count: start.first, rate: source.start.rate),
      sourceCount: source.duration.frames,
      availableRange: available.map { FrameRange(start: $0.start.frames, count: $0.duration.frames) },
      recordRange: recordRange, timeScale: speed, grade: grade(value["metadata"]?["cdl"]),
      notes: (value["metadata"]?["cmx_3600"]?["comments"]?.array ?? []).compactMap(\.string),
      location: value.location(in: path))
    clip.isEnabled = value["enabled"]?.bool != false
    if source.start.rate.nominalBase != rate.nominalBase { clip.sourceRate = source.start.rate }
    clip.markers = sourceMarkers(of: value, first: start.first, rate: source.start.rate)
    clip.metadata = metadata(of: value, reference: reference, clip, start: source.start)
    if let own { OTIOOwn.apply(own, to: &clip) }
    report(value, reference: reference, event: event, isPicture: isPicture)
    return clip
  }

  /// The extent of the media. Sound may count it in samples: then the media itself says later how long it is.
  private mutating func availableRange(of reference: JSONValue?, name: String, isNeeded: Bool) -> OTIORange? {
    guard let written = reference?["available_range"] else { return nil }
    if !isNeeded, let rate = written["start_time"]?["rate"]?.double, rate >= 8000, rate.rounded() == rate {
      notes.note(.sampleRange, written.location(in: path))
      return nil
    }
    return range(written, "the available range of `\(name)`")
  }

  /// Notes on the source, counted from the first frame shown.
  private mutating func sourceMarkers(of value: JSONValue, first: Int64, rate: FrameRate) -> [Marker] {
    (value["markers"]?.array ?? []).compactMap { marker in
      guard let range = range(marker["marked_range"] ?? marker["range"], "the range of a marker"),
        let at = range.start.frames(at: rate)?.rounded, let count = range.duration.frames(at: rate)?.rounded
      else { return nil }
      return self.marker(marker, frame: at - first, count: count)
    }
  }

  private func metadata(of value: JSONValue, reference: JSONValue?, _ clip: Clip, start: OTIOTime) -> Metadata
  {
    var carried: [Metadata.Entry] = []
    keepRange(
      of: value, start: start.frames, startRate: start.rate, count: clip.recordRange.count, &carried)
    if value["media_references"] != nil {
      keep("media_references", of: value, &carried)
      if value.mediaKey != "DEFAULT_MEDIA" {
        keep("active_media_reference_key", of: value, &carried)
      }
    } else if let reference {
      let references = Metadata.Value.object([
        Metadata.Entry(key: "DEFAULT_MEDIA", value: Metadata.Value(reference))
      ])
      carried.append(Metadata.Entry(key: "media_references", value: references))
    }
    keepMarkers(of: value, &carried)
    keepEffects(of: value, &carried)
    let list = value["metadata"]?["cmx_3600"]
    var interpreted: [String: Set<String>] = [:]
    if let reel = list?["reel"]?.string, reel == clip.sourceReel {
      interpreted["cmx_3600", default: []].insert("reel")
    }
    if let comments = list?["comments"]?.array, !comments.isEmpty, comments.compactMap(\.string) == clip.notes
    {
      interpreted["cmx_3600", default: []].insert("comments")
    }
    if clip.grade != nil { interpreted["cdl"] = ["asc_sop", "asc_sat"] }
    return Metadata(
      otio: value, interpreted: interpreted,
      known: [
        "source_range", "effects", "markers", "enabled", "media_reference", "media_references",
        "active_media_reference_key",
      ], carried: carried)
  }

  private mutating func report(_ value: JSONValue, reference: JSONValue?, event: String, isPicture: Bool) {
    noteOthers(of: value, isPicture: isPicture, event: event)
    if let references = value["media_references"]?.members {
      let others = references.filter { $0.key != value.mediaKey }
      if !others.isEmpty { notes.note(.inactiveReference, others[0].value.location(in: path), event: event) }
      if reference == nil, !references.isEmpty {
        notes.note(.unknownActiveKey, value.location(in: path), event: event)
      }
    }
    if let step = reference?["frame_step"]?.integer, step != 1 {
      notes.note(.imageStep, reference?.location(in: path), event: event)
    }
  }

  private mutating func grade(_ value: JSONValue?) -> ColorDecision? {
    guard let value, value["asc_sop"] != nil || value["asc_sat"] != nil else { return nil }
    var decision = ColorDecision()
    func three(_ numbers: JSONValue?) -> [Double]? {
      guard let values = numbers?.array else { return nil }
      let doubles = values.compactMap(\.double)
      return doubles.count == 3 && values.count == 3 ? doubles : nil
    }
    var isGood = true
    if let sop = value["asc_sop"] {
      if let slope = three(sop["slope"]), let offset = three(sop["offset"]), let power = three(sop["power"]),
        slope.allSatisfy({ $0 >= 0 }), power.allSatisfy({ $0 >= 0 })
      {
        decision.slope = slope
        decision.offset = offset
        decision.power = power
      } else {
        isGood = false
      }
    }
    if let saturation = value["asc_sat"] {
      if let number = saturation.double, number >= 0 { decision.saturation = number } else { isGood = false }
    }
    guard isGood else {
      fault(
        "cut.badGrade", value, "the clip's `cdl` is not slope, offset, power and saturation",
        "Correct the decision, or export the timeline again.")
      return nil
    }
    return decision
  }
}

/// The first frame that a clip shows of its source range.
struct OTIOPosition {
  let first: Int64

  /// The media interval starts at `start_time` in either direction; played in reverse its last frame comes first.
  init(_ source: OTIORange, speed: Rational) {
    let start = source.start.frames
    guard speed < .zero else {
      first = start
      return
    }
    first =
      start + Self.reach(source.duration.value, at: source.duration.rate, in: source.start.rate, speed: speed)
  }

  /// How far the last frame of a media interval lies above its start.
  static func reach(_ count: Rational, at rate: FrameRate, in source: FrameRate, speed: Rational) -> Int64 {
    let length = OTIOTime(value: count, rate: rate).frames(at: source) ?? count
    return max(0, -(-(length.checkedMultiply(speed.magnitude) ?? .zero)).floor - 1)
  }
}

/// What a media reference is called, for matching.
struct OTIOMediaNames: Equatable {
  var file: String?
  var url: String?

  init(_ reference: JSONValue?) {
    guard let reference else { return }
    if let url = reference["target_url"]?.string {
      self.url = url
      file = FileNames.lastComponent(FileNames.path(ofURL: url))
      return
    }
    guard reference.schema == "ImageSequenceReference" else { return }
    let base = reference["target_url_base"]?.string ?? ""
    let digits = max(0, min(12, reference["frame_zero_padding"]?.integer ?? 0))
    let number = String(reference["start_frame"]?.integer ?? 0)
    let padded = String(repeating: "0", count: max(0, Int(digits) - number.count)) + number
    let name = (reference["name_prefix"]?.string ?? "") + padded + (reference["name_suffix"]?.string ?? "")
    file = name
    url = base + (base.isEmpty || base.hasSuffix("/") ? "" : "/") + name
  }

  static func content(_ reference: JSONValue?, reel: String?) -> Clip.Content {
    switch reel?.uppercased() {
    case "BL", "BLACK": return .black
    case "BARS": return .generator("bars")
    default: break
    }
    guard reference?.schema == "GeneratorReference" else { return .media }
    let kind = reference?["generator_kind"]?.string ?? ""
    return kind.lowercased() == "black" ? .black : .generator(kind.isEmpty ? "generator" : kind)
  }
}
