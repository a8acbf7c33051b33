import Diagnostics
import MediaTime

/// Builds a timeline from an OpenTimelineIO object.
///
/// Nested tracks are put in line, nested stacks are flattened to the topmost clip of every frame; what cannot be
/// carried is a finding, and what would change the picture silently is a fault.
struct OTIOTimelineBuilder {
  let path: String
  let rate: FrameRate
  let start: Timecode?

  var faults = FaultList()
  var findings: [Finding] = []
  private var markers: [Marker] = []
  private var ordinal = 0
  /// Metadata keys that are not carried, with the place of the first.
  private var droppedMetadata: [String: (count: Int, location: SourceLocation)] = [:]
  private var convertedRates: [FrameRate: (count: Int, location: SourceLocation)] = [:]
  /// Extents of sound counted in samples, with the place of the first.
  private var sampleRanges: (count: Int, location: SourceLocation?) = (0, nil)

  init(path: String, rate: FrameRate, start: Timecode?) {
    self.path = path
    self.rate = rate
    self.start = start
  }

  mutating func build(_ root: JSONValue, declaredRate: FrameRate?) -> Timeline {
    let isDropFrame = start?.isDropFrame ?? false
    var global: Int64?
    if let value = root["global_start_time"] { global = time(value, "the global start time")?.frames }
    var tracks: [Track] = []
    let stack = root["tracks"]
    let children = stack?["children"]?.array ?? []
    if stack == nil || children.isEmpty {
      fault("cut.noEvents", root, "the timeline has no tracks")
      return Timeline(name: "", rate: rate)
    }
    noteEffects(stack ?? root, "the stack of tracks")
    if let range = stack?["source_range"] {
      findings.append(finding(.dropped, "the source range of the stack of tracks is not carried", range))
    }
    if let stack { read(markersOf: stack) }
    var numbers: [Track.Kind: Int] = [:]
    for child in children {
      let kind: Track.Kind = child["kind"]?.string == "Audio" ? .sound : .picture
      if let word = child["kind"]?.string, word != "Audio", word != "Video" {
        findings.append(finding(.dropped, "a track of kind `\(word)` is not carried", child))
        continue
      }
      numbers[kind, default: 0] += 1
      guard child["enabled"]?.bool != false else {
        findings.append(finding(.dropped, "the disabled track `\(child.name)` is not carried", child))
        continue
      }
      let segments = self.segments(child, kind: kind, depth: 0, isTop: true)
      let name = (kind == .picture ? "V" : "A") + String(numbers[kind] ?? 1)
      tracks.append(track(kind, name, segments))
    }
    var timeline = Timeline(
      name: root["name"]?.string ?? "", rate: rate, isDropFrame: isDropFrame,
      startFrame: global ?? start?.frame ?? 0,
      tracks: tracks.filter { $0.kind == .picture } + tracks.filter { $0.kind == .sound }, markers: markers)
    if let start { move(&timeline, to: start.frame, root) }
    noteMetadata(root, known: ["interlock"])
    reportGroups(declaredRate, root)
    timeline.findings = findings
    return timeline
  }

  // MARK: Reporting

  mutating func fault(_ code: String, _ value: JSONValue, _ message: String, _ remedy: String? = nil) {
    faults.add(
      Diagnostic(
        family: .usage, code: code, location: value.location(in: path), message: message, remedy: remedy))
  }

  private func finding(_ kind: Finding.Kind, _ what: String, _ value: JSONValue, event: String? = nil)
    -> Finding
  {
    Finding(kind: kind, what: what, location: value.location(in: path), event: event)
  }

  private mutating func reportGroups(_ declaredRate: FrameRate?, _ root: JSONValue) {
    if let declaredRate, declaredRate != rate {
      findings.append(
        finding(.inferred, "the file's rate is \(declaredRate); it is read at \(rate) as asked", root))
    }
    for (other, use) in convertedRates.sorted(by: { $0.key.rational < $1.key.rational })
    where other != declaredRate {
      findings.append(
        Finding(
          kind: .inferred,
          what: "\(use.count) times of the timeline are written at \(other) and read at \(rate)",
          location: use.location))
    }
    if sampleRanges.count > 0 {
      findings.append(
        Finding(
          kind: .dropped,
          what:
            "\(sampleRanges.count) available ranges count samples; the sound files themselves say their extent",
          location: sampleRanges.location))
    }
    for (key, use) in droppedMetadata.sorted(by: { $0.key < $1.key }) {
      findings.append(
        Finding(
          kind: .dropped,
          what: "metadata `\(key)` is not carried (\(use.count) \(use.count == 1 ? "object" : "objects"))",
          location: use.location))
    }
  }

  private mutating func noteMetadata(_ value: JSONValue, known: Set<String>) {
    for member in value["metadata"]?["cmx_3600"]?.members ?? [] where known.contains("cmx_3600") {
      guard !["reel", "comments", "transition"].contains(member.key) else { continue }
      droppedMetadata["cmx_3600.\(member.key)", default: (0, member.value.location(in: path))].count += 1
    }
    for member in value["metadata"]?.members ?? [] where !known.contains(member.key) {
      if let members = member.value.members, members.isEmpty { continue }
      droppedMetadata[member.key, default: (0, member.value.location(in: path))].count += 1
    }
  }

  private mutating func noteEffects(_ value: JSONValue, _ owner: String) {
    for effect in value["effects"]?.array ?? [] {
      let name = effect["effect_name"]?.string ?? effect["name"]?.string ?? effect.schema
      findings.append(finding(.dropped, "the effect `\(name)` of \(owner) is not carried", effect))
    }
  }

  // MARK: Time

  struct Time {
    /// Frames at the timeline's rate.
    var frames: Int64
    /// As written, and the rate it is written at.
    var own: Int64
    var ownRate: FrameRate
  }

  /// Larger numbers are damage, and arithmetic with them would overflow.
  private static let largest: Int64 = 1 << 46

  /// - Parameter isSource: a position of the media, which is never counted at the timeline's rate.
  mutating func time(_ value: JSONValue, _ what: String, isSource: Bool = false) -> Time? {
    guard let number = value["value"]?.double, let decimal = value["rate"]?.double else {
      fault("cut.badTime", value, "\(what) is not a time: it needs `value` and `rate`")
      return nil
    }
    guard let ownRate = FrameRate(decimal: decimal) else {
      fault(
        "cut.badRate", value,
        "\(what) is at \(decimal) frames per second, which is not a rate this program knows")
      return nil
    }
    guard abs(number) < Double(Self.largest) else {
      fault("cut.badTime", value, "\(what) is beyond all measure")
      return nil
    }
    let own = Int64((number + 0.5).rounded(.down))
    if Double(own) != number {
      findings.append(
        finding(.approximated, "\(what), \(number), is not a whole frame and is rounded to \(own)", value))
    }
    if isSource { return Time(frames: rate.frame(nearest: own, of: ownRate), own: own, ownRate: ownRate) }
    if ownRate != rate {
      convertedRates[ownRate, default: (0, value.location(in: path))].count += 1
    }
    // 24 and 23.976 count the same frames: people write the one for the other.
    guard ownRate != rate, ownRate.nominalBase != rate.nominalBase else {
      return Time(frames: own, own: own, ownRate: ownRate)
    }
    let frames = rate.frame(nearest: own, of: ownRate)
    if ownRate.frame(nearest: frames, of: rate) != own || rate.seconds(frames) != ownRate.seconds(own) {
      findings.append(
        finding(.approximated, "\(what), \(own) at \(ownRate), is rounded to \(frames) at \(rate)", value))
    }
    return Time(frames: frames, own: own, ownRate: ownRate)
  }

  struct Range {
    var start: Time
    var duration: Time
  }

  /// - Parameter isSource: of the media: only a length that takes time on the timeline is counted at its rate.
  mutating func range(_ value: JSONValue?, _ what: String, isSource: Bool = false, isExtent: Bool = false)
    -> Range?
  {
    guard let value else { return nil }
    guard let first = value["start_time"], let length = value["duration"] else {
      fault("cut.badTime", value, "\(what) is not a range: it needs `start_time` and `duration`")
      return nil
    }
    guard let start = time(first, "the start of \(what)", isSource: isSource || isExtent),
      let duration = time(length, "the length of \(what)", isSource: isExtent)
    else {
      return nil
    }
    guard duration.own >= 0 else {
      fault("cut.badTime", length, "the length of \(what) is negative")
      return nil
    }
    return Range(start: start, duration: duration)
  }

  // MARK: Items

  /// The items of a track or of whatever stands in for one, in order.
  private mutating func segments(
    _ value: JSONValue, kind: Track.Kind, depth: Int, isTop: Bool = false
  ) -> [OTIOSegment] {
    guard depth < 64 else {
      fault("cut.tooDeep", value, "the tracks nest deeper than 64 levels")
      return []
    }
    var segments: [OTIOSegment]
    switch value.schema {
    case "Track", "Sequence":
      segments = []
      for child in value["children"]?.array ?? [] { segments += item(child, kind: kind, depth: depth + 1) }
      noteMetadata(value, known: ["interlock"])
    case "Stack": segments = flattened(value, kind: kind, depth: depth)
    default: return item(value, kind: kind, depth: depth + 1)
    }
    let range = range(value["source_range"], "the source range of `\(value.name)`")
    let scale = scale(value)
    if scale != .one {
      segments = retimed(segments, by: scale, to: range, value)
    } else if let range {
      let wanted = FrameRange(start: max(0, range.start.frames), count: range.duration.frames)
      segments = trimmed(OTIOLayer(segments), to: wanted, value, isPadded: true)
    }
    if isTop {
      read(markersOf: value)
    } else if let markers = value["markers"]?.array, !markers.isEmpty {
      findings.append(
        finding(.dropped, "\(markers.count) markers inside `\(value.name)` are not carried", markers[0]))
    }
    return segments
  }

  private mutating func item(_ value: JSONValue, kind: Track.Kind, depth: Int) -> [OTIOSegment] {
    switch value.schema {
    case "Clip": return clip(value).map { [$0] } ?? []
    case "Gap", "Filler":
      guard let range = range(value["source_range"], "the gap") else { return [] }
      noteEffects(value, "a gap")
      return [OTIOSegment(content: .gap, count: range.duration.frames)]
    case "Transition": return transition(value).map { [$0] } ?? []
    case "Track", "Sequence", "Stack": return segments(value, kind: kind, depth: depth)
    default:
      fault(
        "cut.unknownObject", value,
        "`\(value["OTIO_SCHEMA"]?.string ?? "an object without schema")` on a track is not read",
        "Export the timeline with clips, gaps, transitions, tracks and stacks only.")
      return []
    }
  }

  private mutating func transition(_ value: JSONValue) -> OTIOSegment? {
    guard let first = value["in_offset"], let last = value["out_offset"],
      let before = time(first, "the in offset of the transition"),
      let after = time(last, "the out offset of the transition")
    else {
      fault("cut.badTransition", value, "the transition has no `in_offset` and `out_offset`")
      return nil
    }
    guard before.frames >= 0, after.frames >= 0 else {
      fault("cut.badTransition", value, "the offsets of the transition are negative")
      return nil
    }
    let type = value["transition_type"]?.string ?? ""
    let wipe = value["metadata"]?["cmx_3600"]?["transition"]?.string.flatMap { text in
      text.hasPrefix("W") ? Int(text.dropFirst()) : nil
    }
    let kind: Transition.Kind =
      wipe.map { .wipe($0) } ?? (type == "SMPTE_Dissolve" ? .dissolve : .custom(type))
    noteMetadata(value, known: ["cmx_3600", "interlock"])
    return OTIOSegment(
      content: .transition(
        Transition(
          kind: kind, name: value["name"]?.string,
          event: value["metadata"]?["interlock"]?["event"]?.string ?? "",
          inOffset: before.frames, outOffset: after.frames, location: value.location(in: path))), count: 0)
  }

  // MARK: Stacks

  /// The topmost clip of every frame; gaps are holes through which the lower layers show.
  private mutating func flattened(_ stack: JSONValue, kind: Track.Kind, depth: Int) -> [OTIOSegment] {
    noteMetadata(stack, known: ["interlock"])
    var result: [OTIOSegment] = []
    for child in stack["children"]?.array ?? [] {
      let word = child["kind"]?.string
      if let word, (word == "Audio") != (kind == .sound) {
        findings.append(
          finding(
            .dropped, "the \(word.lowercased()) track `\(child.name)` inside `\(stack.name)` is not carried",
            child))
        continue
      }
      guard child["enabled"]?.bool != false else {
        findings.append(finding(.dropped, "the disabled `\(child.name)` is not carried", child))
        continue
      }
      let layer = segments(child, kind: kind, depth: depth + 1)
      guard !result.isEmpty else {
        result = layer
        continue
      }
      result = overlaid(layer, on: result, stack)
    }
    return result
  }

  private mutating func overlaid(_ top: [OTIOSegment], on bottom: [OTIOSegment], _ stack: JSONValue)
    -> [OTIOSegment]
  {
    if (top + bottom).contains(where: \.isTransition) {
      fault(
        "cut.nestedTransition", stack,
        "`\(stack.name)` has transitions inside several layers, which cannot be flattened",
        "Flatten the nested timeline before the turnover.")
      return bottom
    }
    var result: [OTIOSegment] = []
    var position: Int64 = 0
    let lower = OTIOLayer(bottom)
    for segment in top {
      if segment.isGap {
        result += trimmed(lower, to: FrameRange(start: position, count: segment.count), stack, isPadded: true)
      } else {
        result.append(segment)
      }
      position += segment.count
    }
    if lower.count > position {
      result += trimmed(lower, to: FrameRange(start: position, end: lower.count), stack)
    }
    return result
  }

  /// The part of a run of items in a range; beyond its end there is nothing, or a gap where `isPadded`.
  private mutating func trimmed(
    _ layer: OTIOLayer, to range: FrameRange, _ owner: JSONValue, isPadded: Bool = false
  ) -> [OTIOSegment] {
    var result: [OTIOSegment] = []
    for index in layer.first(at: range.start)..<layer.segments.count {
      let segment = layer.segments[index]
      let position = layer.starts[index]
      if position > range.end { break }
      if segment.isTransition {
        // A transition stays when both its neighbours do.
        if position > range.start, position < range.end {
          result.append(segment)
        } else {
          findings.append(
            finding(.dropped, "a transition at the edge of `\(owner.name)` is not carried", owner))
        }
      } else if let inside = FrameRange(start: position, count: segment.count).intersection(range) {
        var part = segment
        part.trim(FrameRange(start: inside.start - position, count: inside.count), rate: rate)
        result.append(part)
      }
    }
    if isPadded {
      let count = result.reduce(0) { $0 + $1.count }
      if count < range.count { result.append(OTIOSegment(content: .gap, count: range.count - count)) }
    }
    return result
  }

  /// The speed that the effects of an item make together.
  private mutating func scale(_ value: JSONValue) -> Rational {
    var scale = Rational.one
    for effect in value["effects"]?.array ?? [] {
      guard let factor = timeScale(effect) else { continue }
      scale = scale.checkedMultiply(factor) ?? scale
    }
    return scale
  }

  /// A speed change on a track or stack: carried for a single clip, refused for anything longer.
  ///
  /// The length of the item is that of its source range, whatever the speed; what it holds is stretched to it.
  private mutating func retimed(
    _ segments: [OTIOSegment], by scale: Rational, to range: Range?, _ value: JSONValue
  ) -> [OTIOSegment] {
    let contents = segments.filter { !$0.isGap }
    guard !contents.isEmpty else {
      return [
        OTIOSegment(content: .gap, count: range?.duration.frames ?? segments.reduce(0) { $0 + $1.count })
      ]
    }
    guard segments.count == 1, case .clip(var clip) = segments[0].content, clip.timeScale > .zero,
      scale >= .zero,
      let product = clip.timeScale.checkedMultiply(scale)
    else {
      fault(
        "cut.nestedRetime", value,
        "`\(value.name)` changes the speed of several items, or of a reversed one, at once",
        "Give the clips inside it their own speed.")
      return segments
    }
    var segment = segments[0]
    if let range {
      let first = min(max(0, range.start.frames), max(0, segment.count - 1))
      segment.trim(FrameRange(start: first, end: segment.count), rate: rate)
      if case .clip(let trimmed) = segment.content { clip = trimmed }
      segment.count = range.duration.frames
    }
    clip.timeScale = product
    segment.content = .clip(clip)
    return [segment]
  }

  /// The scalar of a time warp; `nil` for other effects, which are reported.
  private mutating func timeScale(_ effect: JSONValue) -> Rational? {
    switch effect.schema {
    case "FreezeFrame": return .zero
    case "LinearTimeWarp":
      guard let scalar = effect["time_scalar"]?.double, abs(scalar) < 10_000 else {
        fault("cut.badSpeed", effect, "the time warp has no usable `time_scalar`")
        return nil
      }
      let scale = Rational(Int64((scalar * 1_000_000).rounded()), 1_000_000)
      if abs(scale.displayValue - scalar) > 1e-12 {
        findings.append(finding(.approximated, "the speed \(scalar) is carried as \(scale)", effect))
      }
      return scale
    default:
      let name = effect["effect_name"]?.string ?? effect["name"]?.string ?? effect.schema
      findings.append(finding(.dropped, "the effect `\(name)` is not carried", effect))
      return nil
    }
  }

  // MARK: Clips

  /// The extent of the media. Sound may count it in samples, which are no frame rate: then the media itself says
  /// later how long it is.
  private mutating func availableRange(of reference: JSONValue?, name: String, isNeeded: Bool) -> Range? {
    let written = reference?["available_range"]
    if !isNeeded, let written, let rate = written["start_time"]?["rate"]?.double, rate >= 8000,
      rate.rounded() == rate
    {
      sampleRanges.count += 1
      sampleRanges.location = sampleRanges.location ?? written.location(in: path)
      return nil
    }
    return range(written, "the available range of `\(name)`", isSource: true, isExtent: !isNeeded)
  }

  private mutating func clip(_ value: JSONValue) -> OTIOSegment? {
    ordinal += 1
    let metadata = value["metadata"]
    let own = metadata?["interlock"]?["event"]?.string
    let digits = String(ordinal)
    let event = own ?? String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    let name = value["name"]?.string ?? ""
    let reference = value.mediaReference
    let available = availableRange(of: reference, name: name, isNeeded: value["source_range"] == nil)
    let trimmed = range(value["source_range"], "the source range of `\(name)`", isSource: true)
    guard let source = trimmed ?? available else {
      if value["source_range"] == nil, reference?["available_range"] == nil {
        fault(
          "cut.noRange", value, "the clip `\(name)` has neither a source range nor an available range",
          "Export the timeline with the ranges of its media.")
      }
      return nil
    }
    let scale = scale(value)
    noteMetadata(value, known: ["cdl", "cmx_3600", "interlock"])
    if let reference { noteMetadata(reference, known: ["cmx_3600", "interlock"]) }
    guard value["enabled"]?.bool != false else {
      findings.append(finding(.dropped, "the disabled clip `\(name)` is not carried", value, event: event))
      return OTIOSegment(content: .gap, count: source.duration.frames)
    }
    var first = source.start.own
    if scale < .zero {
      // The media interval starts at `start_time` in either direction; played in reverse its last frame comes first.
      first +=
        FrameRate.sourceCount(
          source.duration.own, at: source.duration.ownRate, in: source.start.ownRate, scale: scale) - 1
    }
    let named = reference.map { names($0) } ?? Names()
    let reel = metadata?["cmx_3600"]?["reel"]?.string ?? reference?["metadata"]?["cmx_3600"]?["reel"]?.string
    let isUnknown = reel?.uppercased() == "AX" || reel?.isEmpty == true
    let clip = Clip(
      content: content(reference, reel: reel), name: name, event: event, sourceReel: isUnknown ? nil : reel,
      sourceFile: named.file, targetURL: named.url,
      sourceIn: SourcePosition(count: first, rate: source.start.ownRate),
      sourceCount: source.duration.own,
      availableRange: available.map { FrameRange(start: $0.start.own, count: $0.duration.own) },
      recordRange: FrameRange(start: 0, count: source.duration.frames), timeScale: scale,
      grade: grade(metadata?["cdl"]),
      notes: (metadata?["cmx_3600"]?["comments"]?.array ?? []).compactMap(\.string),
      location: value.location(in: path))
    return OTIOSegment(
      content: .clip(clip), count: source.duration.frames, mediaStart: source.start.own,
      mediaRate: source.start.ownRate,
      markers: value["markers"])
  }

  private struct Names {
    var file: String?
    var url: String?
  }

  private func names(_ reference: JSONValue) -> Names {
    if let url = reference["target_url"]?.string {
      return Names(file: FileNames.lastComponent(FileNames.path(ofURL: url)), url: url)
    }
    guard reference.schema == "ImageSequenceReference" else { return Names() }
    let base = reference["target_url_base"]?.string ?? ""
    let prefix = reference["name_prefix"]?.string ?? ""
    let digits = max(0, min(12, reference["frame_zero_padding"]?.integer ?? 0))
    let number = String(reference["start_frame"]?.integer ?? 0)
    let padded = String(repeating: "0", count: max(0, Int(digits) - number.count)) + number
    let file = prefix + padded + (reference["name_suffix"]?.string ?? "")
    return Names(file: file, url: base + (base.isEmpty || base.hasSuffix("/") ? "" : "/") + file)
  }

  private func content(_ reference: JSONValue?, reel: String?) -> Clip.Content {
    switch reel?.uppercased() {
    case "BL", "BLACK": return .black
    case "BARS": return .generator("bars")
    default: break
    }
    guard reference?.schema == "GeneratorReference" else { return .media }
    let kind = reference?["generator_kind"]?.string ?? ""
    return kind.lowercased() == "black" ? .black : .generator(kind.isEmpty ? "generator" : kind)
  }

  private mutating func grade(_ value: JSONValue?) -> ColorDecision? {
    guard let value else { return nil }
    var decision = ColorDecision()
    var isGood = true
    func three(_ numbers: JSONValue?) -> [Double]? {
      guard let values = numbers?.array else { return nil }
      let doubles = values.compactMap(\.double)
      return doubles.count == 3 && values.count == 3 ? doubles : nil
    }
    if let sop = value["asc_sop"] {
      if let slope = three(sop["slope"]), let offset = three(sop["offset"]), let power = three(sop["power"]),
        (slope + power).allSatisfy({ $0 >= 0 })
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
      fault("cut.badGrade", value, "the clip's `cdl` is not slope, offset, power and saturation")
      return nil
    }
    return value["asc_sop"] == nil && value["asc_sat"] == nil ? nil : decision
  }

  // MARK: Tracks and markers

  private mutating func track(_ kind: Track.Kind, _ name: String, _ segments: [OTIOSegment]) -> Track {
    var track = Track(kind: kind, name: name)
    var position: Int64 = 0
    for (index, segment) in segments.enumerated() {
      let range = FrameRange(start: position, count: segment.count)
      switch segment.content {
      case .clip(var clip):
        clip.recordRange = range
        if let markers = segment.markers {
          read(
            markers: markers, name: clip.event, at: position,
            media: (segment.mediaStart, segment.mediaRate ?? rate))
        }
        if range.isEmpty {
          findings.append(
            Finding(
              kind: .dropped, what: "the clip `\(clip.name)` has no length and is not carried",
              location: clip.location,
              event: clip.event))
        } else {
          track.items.append(.clip(clip))
        }
      case .gap:
        if case .gap(var previous) = track.items.last {
          previous.recordRange.count += range.count
          track.items[track.items.count - 1] = .gap(previous)
        } else if !range.isEmpty || isAtTransition(index, of: segments) {
          track.items.append(.gap(Gap(recordRange: range)))
        }
      case .transition(let transition): track.items.append(.transition(transition))
      }
      position = range.end
    }
    nameTransitions(&track)
    return track
  }

  /// A fade from or to black stands beside a gap, which may have no length.
  private func isAtTransition(_ index: Int, of segments: [OTIOSegment]) -> Bool {
    index > 0 && segments[index - 1].isTransition
      || index + 1 < segments.count && segments[index + 1].isTransition
  }

  /// A transition without an event of its own belongs to the clip it leads to.
  private func nameTransitions(_ track: inout Track) {
    for index in track.items.indices {
      guard case .transition(var transition) = track.items[index], transition.event.isEmpty else { continue }
      let next = track.items[(index + 1)...].first
      let previous = index > 0 ? track.items[index - 1] : nil
      for item in [next, previous] {
        if transition.event.isEmpty, case .clip(let clip) = item { transition.event = clip.event }
      }
      track.items[index] = .transition(transition)
    }
  }

  private mutating func read(markersOf value: JSONValue) {
    guard let list = value["markers"] else { return }
    read(markers: list, name: "", at: 0, media: nil)
  }

  private mutating func read(
    markers list: JSONValue, name: String, at position: Int64, media: (start: Int64, rate: FrameRate)?
  ) {
    for marker in list.array ?? [] {
      guard let range = range(marker["marked_range"], "the range of a marker") else { continue }
      var frame = range.start.frames
      if let media {
        frame = range.start.ownRate == media.rate ? range.start.own - media.start : frame - media.start
      }
      if range.duration.frames > 1 {
        findings.append(
          finding(
            .approximated, "a marker of \(range.duration.frames) frames is carried at its first", marker))
      }
      markers.append(
        Marker(
          name: marker["name"]?.string ?? name, comment: marker["comment"]?.string ?? "",
          color: marker["color"]?.string?.uppercased() ?? "", frame: position + frame,
          location: marker.location(in: path)))
    }
  }

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

extension FrameRate {
  /// Frames of the source that a length takes at a speed, a part of one counted whole.
  ///
  /// Start and length of a source range may be written at two rates; rates of one base count alike.
  static func sourceCount(_ count: Int64, at rate: FrameRate, in source: FrameRate, scale: Rational) -> Int64
  {
    let length =
      rate.nominalBase == source.nominalBase
      ? Rational(count) : rate.seconds(count).checkedMultiply(source.rational) ?? .zero
    return -(-(length.checkedMultiply(scale.magnitude) ?? .zero)).floor
  }
}

/// An item of a track that is being flattened, with its length in frames of the timeline.
struct OTIOSegment {
  enum Content {
    case clip(Clip)
    case gap
    case transition(Transition)
  }

  var content: Content
  var count: Int64
  /// Source position of the clip's first frame as written, for its markers.
  var mediaStart: Int64 = 0
  var mediaRate: FrameRate?
  var markers: JSONValue?

  var isGap: Bool {
    if case .gap = content { return true }
    return false
  }

  var isTransition: Bool {
    if case .transition = content { return true }
    return false
  }

  /// Keeps a part of it; the source in of a clip moves along.
  mutating func trim(_ range: FrameRange, rate: FrameRate) {
    if case .clip(var clip) = content, range.start != 0 || range.count != count {
      let own = mediaRate ?? rate
      let offset = (Rational(range.start).checkedMultiply(clip.timeScale.magnitude) ?? .zero).floor
      let moved = clip.timeScale < .zero ? -offset : offset
      let frames = own.nominalBase == rate.nominalBase ? moved : own.frame(nearest: moved, of: rate)
      let ownCount: Int64 =
        switch clip.sourceIn {
        case .frames(let count, _): count
        case .label(let label): (try? label.frame(rate: own, isDropFrame: label.isDropFrame)) ?? mediaStart
        }
      clip.sourceIn = SourcePosition(count: ownCount + frames, rate: own)
      clip.sourceCount = range.count
      content = .clip(clip)
    }
    count = range.count
  }
}

/// Items with the frame at which each begins.
struct OTIOLayer {
  let segments: [OTIOSegment]
  let starts: [Int64]
  let count: Int64

  init(_ segments: [OTIOSegment]) {
    self.segments = segments
    var starts: [Int64] = []
    var position: Int64 = 0
    for segment in segments {
      starts.append(position)
      position += segment.count
    }
    self.starts = starts
    count = position
  }

  /// Index of the first item that may reach into what begins at `frame`.
  func first(at frame: Int64) -> Int {
    var low = 0
    var high = starts.count
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] < frame { low = middle + 1 } else { high = middle }
    }
    return max(0, low - 1)
  }
}

extension JSONValue {
  /// The object's name, for messages.
  fileprivate var name: String { self["name"]?.string ?? schema }
}
