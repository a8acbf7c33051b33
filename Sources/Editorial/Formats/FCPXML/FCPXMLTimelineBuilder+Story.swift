import MediaTime

/// The kinds of story elements.
///
/// Source: Apple, FCPXML reference, "Story elements".
extension FCPXMLTimelineBuilder {
  /// What an element shows on its own lane; sound and connected clips go to their tracks directly.
  mutating func story(_ element: XMLElement, _ placement: Placement) -> [TrackItem] {
    guard depth < Self.deepest else {
      context.fault("cut.tooDeep", element, "clips nest deeper than \(Self.deepest) levels")
      return []
    }
    depth += 1
    defer { depth -= 1 }
    if placement.timing.duration == .zero, element.name != "audition" {
      // There is no clip to carry them.
      for marker in element.children("marker", "chapter-marker") { read(marker, at: placement.clock) }
      connect(element, placement)
      return []
    }
    switch element.name {
    case "gap":
      connect(element, placement)
      for marker in element.children("marker", "chapter-marker") { read(marker, at: placement.clock) }
      return placement.range.isEmpty ? [] : [.gap(Gap(recordRange: placement.range))]
    case "audition":
      let picks = element.children.filter { Self.clipNames.contains($0.name) }
      guard let pick = picks.first else { return [] }
      if picks.count > 1 {
        context.note(
          .dropped, "alternatives in auditions that do not play are not carried", picks[1], event: placement.event)
      }
      return story(pick, placement)
    case "asset-clip":
      let source = element.attributes["srcEnable"]
      let items = media(element, placement, isSeen: source != "audio", isHeard: source != "video")
      connect(element, placement)
      return items
    case "video", "title":
      let items = media(element, placement, isSeen: true, isHeard: false)
      connect(element, placement)
      return items
    case "audio":
      let items = media(element, placement, isSeen: false, isHeard: true)
      connect(element, placement)
      return items
    case "ref-clip":
      let items = compound(element, placement)
      connect(element, placement)
      return items
    case "mc-clip":
      let items = multicam(element, placement)
      connect(element, placement)
      return items
    default:
      return container(element, placement)
    }
  }

  // MARK: Connected clips

  /// Places what is connected to a clip.
  mutating func connect(_ element: XMLElement, _ placement: Placement) {
    for child in element.children {
      if Self.clipNames.contains(child.name) || child.name == "spine" {
        connect(child, in: placement.clock, lane: placement.lane)
      } else {
        unread(child, in: element)
      }
    }
  }

  /// Places one connected clip or storyline by its parent's clock.
  mutating func connect(_ child: XMLElement, in clock: FCPXMLClock, lane parent: FCPXMLLane) {
    guard depth < Self.deepest else {
      context.fault("cut.tooDeep", child, "clips nest deeper than \(Self.deepest) levels")
      return
    }
    var number = child.attributes["lane"].flatMap { Int($0) } ?? 0
    if number == 0 {
      number = 1
      context.note(
        .inferred, "connected clips without a lane are put on the lane above", child, event: owner ?? "")
    }
    let lane = parent.adding(number)
    if child.name == "spine" {
      guard let offset = context.time(child, "offset") ?? clock.local as Rational?,
        let frame = clock.frame(at: offset), frame.magnitude < FCPXMLTiming.most
      else {
        context.fault("cut.badTime", child, "the storyline's position is beyond all measure")
        return
      }
      depth += 1
      storyline(
        child.children[...], of: child, clock: FCPXMLClock(frame: frame, local: .zero, unit: unit), lane: lane)
      depth -= 1
      return
    }
    guard let placement = place(child, in: clock, at: clock.frame, lane: lane) else { return }
    let items = story(child, placement)
    addPicture(items, lane: lane)
  }

  // MARK: Clips with an inside

  /// A `clip` or `sync-clip`: what it holds is built on its own and put in its place.
  private mutating func container(_ element: XMLElement, _ placement: Placement) -> [TrackItem] {
    let map = timeMap(of: element)
    guard let inside = inside(placement, map: map) else { return [] }
    let base = context.time(element, "tcStart") ?? .zero
    let clock = FCPXMLClock(frame: .zero, local: inside.origin, unit: placement.clock.unit)
    guard let frame = clock.frame(at: base) else { return [] }
    var builder = inner(placement, length: inside.length)
    var content: [XMLElement] = []
    var connected: [XMLElement] = []
    for child in element.children {
      let lane = child.attributes["lane"].flatMap { Int($0) } ?? 0
      if child.name == "spine", lane == 0 {
        let offset = context.time(child, "offset")
        guard let start = clock.frame(at: offset ?? base) else { continue }
        builder.storyline(
          child.children[...], of: child,
          clock: FCPXMLClock(frame: start, local: offset == nil ? base : .zero, unit: clock.unit),
          lane: FCPXMLLane())
      } else if lane == 0, Self.clipNames.contains(child.name) || child.name == "transition" {
        content.append(child)
      } else if isComponent(child, of: element) {
        builder.connect(child, in: clock, lane: FCPXMLLane())
      } else if Self.clipNames.contains(child.name) || child.name == "spine" {
        connected.append(child)
      } else {
        unread(child, in: element)
      }
    }
    builder.storyline(
      content[...], of: element, clock: FCPXMLClock(frame: frame, local: base, unit: clock.unit),
      lane: FCPXMLLane())
    var timeline = Timeline(name: element.attributes["name"] ?? "", rate: rate)
    builder.finish(&timeline)
    markers += timeline.markers.map { marker in
      var marker = marker
      marker.frame += placement.range.start
      return marker
    }
    timeline.markers = []
    switchRoles(of: element, in: &timeline)
    let items = inline(
      timeline, of: element, placement, map: map, origin: inside.origin,
      renames: element.name == "clip")
    for child in connected { connect(child, in: placement.clock, lane: placement.lane) }
    return items
  }

  /// Pieces of a clip's own media have a lane of their own inside it; whole clips on a lane are connected to it.
  private func isComponent(_ child: XMLElement, of element: XMLElement) -> Bool {
    if child.name == "audio" || child.name == "video" { return true }
    guard element.name == "sync-clip", child.name == "asset-clip", let reference = child.attributes["ref"] else {
      return false
    }
    // The sound of a synchronised clip.
    return context.resources.assets[reference]?.hasVideo == false
  }

  /// Sound that is switched off, or gets a role, through the clip around it.
  private func switchRoles(of element: XMLElement, in timeline: inout Timeline) {
    var off: Set<String> = []
    for source in element.children("sync-source").flatMap({ $0.children("audio-role-source") }) {
      guard source.attributes["active"] == "0" || source.attributes["enabled"] == "0" else { continue }
      if let role = source.attributes["role"] { off.insert(role) }
    }
    let components = element.children("audio-channel-source")
    guard !off.isEmpty || !components.isEmpty else { return }
    for track in timeline.tracks.indices where timeline.tracks[track].kind == .sound {
      for index in timeline.tracks[track].items.indices {
        guard case .clip(var clip) = timeline.tracks[track].items[index] else { continue }
        if let role = clip.role, off.contains(role) { clip.isEnabled = false }
        for component in components {
          let channels = Self.channels(component)
          guard clip.sourceChannel.map({ channels.contains($0) }) ?? true else { continue }
          if let role = component.attributes["role"] { clip.role = role }
          if component.attributes["active"] == "0" || component.attributes["enabled"] == "0" {
            clip.isEnabled = false
          }
        }
        timeline.tracks[track].items[index] = .clip(clip)
      }
    }
  }

  /// A multicam clip: the picture of one angle and the sound of one or more.
  private mutating func multicam(_ element: XMLElement, _ placement: Placement) -> [TrackItem] {
    guard let reference = element.attributes["ref"], let angles = context.angles(reference) else {
      missing(element, "multicam clip")
      return []
    }
    let enabled = element.attributes["srcEnable"]
    let sources = element.children("mc-source")
    let first = angles.min { $0.value.number < $1.value.number }?.key
    func chosen(_ kind: String) -> [String] {
      guard enabled == nil || enabled == "all" || enabled == kind else { return [] }
      guard !sources.isEmpty else { return first.map { [$0] } ?? [] }
      return sources.filter { ["all", kind].contains($0.attributes["srcEnable"] ?? "all") }
        .compactMap { $0.attributes["angleID"] }
    }
    let seen = Array(chosen("video").prefix(1))
    let heard = chosen("audio")
    for source in sources {
      guard let id = source.attributes["angleID"], angles[id] == nil else { continue }
      context.fault("cut.badReference", source, "the multicam clip has no angle `\(id)`")
    }
    if angles.count > Set(seen + heard).count {
      context.note(
        .dropped, "angles of multicam clips that do not play are not carried", element, event: placement.event)
    }
    let map = timeMap(of: element)
    guard let inside = inside(placement, map: map) else { return [] }
    let clock = FCPXMLClock(frame: .zero, local: inside.origin, unit: placement.clock.unit)
    var timeline = Timeline(name: element.attributes["name"] ?? "", rate: rate)
    var done: Set<String> = []
    for id in seen + heard where done.insert(id).inserted {
      guard let angle = angles[id], let start = clock.frame(at: angle.start),
        let end = clock.seconds(at: Rational(inside.length))
      else { continue }
      var builder = inner(placement, length: inside.length)
      builder.storyline(
        angle.part(from: inside.origin, to: end), of: angle.element,
        clock: FCPXMLClock(frame: start, local: angle.start, unit: clock.unit), lane: FCPXMLLane())
      var played = Timeline(name: angle.name, rate: rate)
      builder.finish(&played)
      timeline.tracks += played.tracks.filter { $0.kind == .picture ? seen.contains(id) : heard.contains(id) }
    }
    timeline.tracks =
      timeline.tracks.filter { $0.kind == .picture } + timeline.tracks.filter { $0.kind == .sound }
    // The picture's adjustments are those of the angle that is seen.
    let source = sources.first { seen.contains($0.attributes["angleID"] ?? "") }
    return inline(
      timeline, of: element, placement, map: map, origin: inside.origin, adjustedBy: source, renames: false)
  }

  /// A compound clip, played as a timeline of its own.
  private mutating func compound(_ element: XMLElement, _ placement: Placement) -> [TrackItem] {
    guard let reference = element.attributes["ref"],
      let sequence = context.resources.media[reference]?.children("sequence").first
    else {
      missing(element, "compound clip")
      return []
    }
    guard let timeline = context.compound(reference, from: element) else { return [] }
    let start = sequence.attributes["tcStart"].flatMap(FCPXMLTime.seconds) ?? .zero
    var reading = FCPXMLRetime.Reading(
      clock: placement.clock, record: placement.range, map: timeMap(of: element), rate: timeline.rate.rational,
      normal: timeline.rate.rational, shift: -start)
    let seen = FCPXMLRetime.read(reading)
    reading.isSound = true
    guard let retime = seen, let heard = FCPXMLRetime.read(reading) else {
      context.fault("cut.badTime", element, "the start of the compound clip is beyond all measure")
      return []
    }
    noteSampling(element, reading.map, placement)
    let enabled = element.attributes["srcEnable"]
    if retime.isRounded, enabled != "audio" { noteRounded(element, placement) }
    if heard.isRounded, enabled != "video" { noteRoundedSound(element, placement) }
    let size = context.resources.format(sequence)?.size
    if let size, let own = self.size, abs(size.aspect / own.aspect - 1) > 0.01 {
      context.note(
        .approximated, "compound clips of another shape than the sequence are placed as if they had its shape",
        element, event: placement.event, isFault: true)
    }
    for source in element.children("audio-role-source") where source.attributes["active"] == "0" {
      context.note(
        .dropped, "roles of sound that are switched off on a compound clip are heard", source, event: placement.event)
    }
    let adjustments = adjustments(of: element, placement, source: size ?? self.size)
    return nest(
      timeline, of: element, placement, adjustments, seen: enabled == "audio" ? nil : retime,
      heard: enabled == "video" ? nil : heard)
  }

  // MARK: Putting timelines in place

  /// Seconds of a clip's inside at the first frame of what it shows, and how many frames that is.
  private func inside(_ placement: Placement, map: FCPXMLTimeMap?) -> (origin: Rational, length: Int64)? {
    guard let first = placement.clock.seconds(at: Rational(placement.range.start)),
      let last = placement.clock.seconds(at: Rational(placement.range.end))
    else { return nil }
    guard let map, !placement.range.isEmpty else { return (first, placement.range.count) }
    guard let part = map.part(from: first, to: last) else { return nil }
    let values = part.map(\.value)
    guard let low = values.min(), let high = values.max(),
      let frames = high.checkedSubtract(low)?.checkedDivide(placement.clock.unit),
      frames.magnitude < FCPXMLTiming.most
    else { return nil }
    return (low, frames.floor + 1)
  }

  private func inner(_ placement: Placement, length: Int64) -> FCPXMLTimelineBuilder {
    var builder = FCPXMLTimelineBuilder(context: context, rate: rate, size: size)
    builder.length = length
    builder.owner = placement.event
    builder.unit = placement.clock.unit
    builder.conformed = placement.timing.conformed ?? conformed
    builder.depth = depth
    return builder
  }

  /// Puts what a clip holds in the clip's place: a single piece of media as a clip, anything more as a nest.
  private mutating func inline(
    _ timeline: Timeline, of element: XMLElement, _ placement: Placement, map: FCPXMLTimeMap?, origin: Rational,
    adjustedBy source: XMLElement? = nil, renames: Bool
  ) -> [TrackItem] {
    let adjustments = adjustments(of: source ?? element, placement, source: size)
    if source != nil { noteSound(element, placement) }
    guard map == nil else {
      let reading = FCPXMLRetime.Reading(
        clock: placement.clock, record: placement.range, map: map,
        rate: Rational.one.checkedDivide(placement.clock.unit) ?? rate.rational,
        normal: Rational.one.checkedDivide(placement.clock.unit) ?? rate.rational, shift: -origin)
      guard let retime = FCPXMLRetime.read(reading) else {
        context.fault("cut.badTime", element, "the time map of the \(element.name) is beyond all measure")
        return []
      }
      noteSampling(element, map, placement)
      return retimed(timeline, of: element, placement, retime, adjustments, renames: renames)
    }
    let record = placement.range
    for (component, track) in timeline.tracks.filter({ $0.kind == .sound }).enumerated() {
      var end = record.start
      for item in track.items {
        switch item {
        case .transition(let transition): addCrossfade(transition, at: end, lane: placement.lane)
        case .gap: break
        case .clip(var clip):
          clip.isEnabled = clip.isEnabled && placement.isEnabled
          addSound(TrackItem.clip(clip).offset(by: record.start), lane: placement.lane, component: component)
        case .nest(var nest):
          nest.isEnabled = nest.isEnabled && placement.isEnabled
          addSound(TrackItem.nest(nest).offset(by: record.start), lane: placement.lane, component: component)
        }
        if let range = item.recordRange { end = record.start + range.end }
      }
    }
    let pictures = timeline.tracks.filter { $0.kind == .picture }
    if pictures.count == 1, let clip = single(pictures[0]), adjustments.isEmpty || clip.recordRange.start == 0 {
      return pictures[0].items.compactMap { item in
        guard case .clip = item else { return nil }
        let own = named(clip, startingAt: clip.recordRange.start, for: element, placement, adjustments, renames: renames)
        return TrackItem.clip(own).offset(by: record.start)
      }
    }
    let whole = FCPXMLRetime(first: 0, scale: .one)
    return nest(timeline, of: element, placement, adjustments, seen: whole, heard: nil)
  }

  /// The same under a change of speed.
  private mutating func retimed(
    _ timeline: Timeline, of element: XMLElement, _ placement: Placement, _ retime: FCPXMLRetime,
    _ adjustments: [PictureAdjustment], renames: Bool
  ) -> [TrackItem] {
    let sounds = timeline.tracks.filter { $0.kind == .sound }
    for (component, track) in sounds.enumerated() {
      if let clip = single(track), let played = clip.played(retime, over: placement.range, rate: rate) {
        var played = played
        played.isEnabled = clip.isEnabled && placement.isEnabled
        addSound(.clip(played), lane: placement.lane, component: component)
      } else {
        var nest = nest(timeline, of: element, placement, retime)
        nest.track = component + 1
        addSound(.nest(nest), lane: placement.lane, component: component)
      }
    }
    let pictures = timeline.tracks.filter { $0.kind == .picture }
    if pictures.count == 1, let clip = single(pictures[0]),
      let played = clip.played(retime, over: placement.range, rate: rate)
    {
      return [.clip(named(played, startingAt: 0, for: element, placement, adjustments, renames: renames))]
    }
    return nest(timeline, of: element, placement, adjustments, seen: retime, heard: nil)
  }

  /// The clip of a track that holds nothing else.
  private func single(_ track: Track) -> Clip? {
    var found: Clip?
    for item in track.items {
      switch item {
      case .gap: continue
      case .clip(let clip) where found == nil: found = clip
      case .clip, .nest, .transition: return nil
      }
    }
    return found
  }

  /// The only clip inside another, with what the other says of it.
  ///
  /// - Parameter start: the clip's first frame, counted from the other's.
  private func named(
    _ clip: Clip, startingAt start: Int64, for element: XMLElement, _ placement: Placement,
    _ adjustments: [PictureAdjustment], renames: Bool
  ) -> Clip {
    var clip = clip
    clip.adjustments += adjustments
    clip.isEnabled = clip.isEnabled && placement.isEnabled
    let names = FCPXMLResources.metadata(of: element)
    if let reel = names.first(where: { $0.key == Self.reelKey })?.value, !reel.isEmpty {
      // The media's own reel is nearer to it than that of the clip around.
      if clip.sourceReel == nil { clip.sourceReel = reel } else if clip.sourceReel != reel { clip.alternateReels.append(reel) }
    }
    if renames, let name = element.attributes["name"], !name.isEmpty {
      clip.name = name
      if !FileNames.stem(ofName: name).isEmpty { clip.shot = FileNames.stem(ofName: name) }
    }
    clip.notes = element.children("note").map(\.text) + clip.notes
    clip.location = element.location(in: context.path)
    let entries = FCPXMLSequence.entries(of: element) + [.init(key: "element", value: .string(element.name))]
    if case .object(let inner)? = clip.metadata["fcpx"] {
      let keys = Set(entries.map(\.key))
      clip.metadata["fcpx"] = .object(entries + inner.filter { !keys.contains($0.key) })
    } else {
      clip.metadata["fcpx"] = .object(entries)
    }
    for marker in element.children("marker", "chapter-marker") {
      guard let time = context.time(marker, "start"), let frame = placement.clock.frame(at: time),
        frame.magnitude < FCPXMLTiming.most
      else { continue }
      let record = frame.rounded - placement.range.start - start
      let offset = clip.sourceOffset(at: record) ?? record
      clip.markers.append(self.marker(marker, frame: offset, rate: rate))
    }
    return clip
  }

  /// - Parameter retime: in frames of the timeline, which a nest's speed counts against normal.
  private func nest(
    _ timeline: Timeline, of element: XMLElement, _ placement: Placement, _ retime: FCPXMLRetime
  ) -> Nest {
    let ratio = rate.rational.checkedDivide(timeline.rate.rational) ?? .one
    var nest = Nest(
      name: element.attributes["name"] ?? timeline.name, event: placement.event, timeline: timeline,
      sourceIn: retime.first, recordRange: placement.range,
      timeScale: retime.scale.checkedMultiply(ratio) ?? retime.scale, curve: retime.curve, isEnabled: placement.isEnabled, location: element.location(in: context.path))
    var entries = FCPXMLSequence.entries(of: element) + [.init(key: "element", value: .string(element.name))]
    let notes = element.children("note").map(\.text)
    if !notes.isEmpty { entries.append(.init(key: "note", value: .string(notes.joined(separator: "\n")))) }
    nest.metadata = Metadata([.init(key: "fcpx", value: .object(entries))])
    return nest
  }

  /// A timeline as nests: one for its picture, one for its sound, each read in its own way or not at all.
  private mutating func nest(
    _ timeline: Timeline, of element: XMLElement, _ placement: Placement, _ adjustments: [PictureAdjustment],
    seen: FCPXMLRetime?, heard: FCPXMLRetime?
  ) -> [TrackItem] {
    guard !placement.range.isEmpty else { return [] }
    func holds(_ kind: Track.Kind) -> Bool {
      timeline.tracks.contains { track in
        track.kind == kind
          && track.items.contains { item in
            switch item {
            case .clip, .nest: true
            case .gap, .transition: false
            }
          }
      }
    }
    let isVisible = seen != nil && holds(.picture)
    if let heard, holds(.sound) {
      var sound = nest(timeline, of: element, placement, heard)
      if !isVisible { sound.markers = nestMarkers(of: element, placement, heard, rate: timeline.rate) }
      addSound(.nest(sound), lane: placement.lane, component: 0)
    }
    guard let seen, isVisible else { return [] }
    var nest = nest(timeline, of: element, placement, seen)
    nest.markers = nestMarkers(of: element, placement, seen, rate: timeline.rate)
    nest.adjustment = adjustments.first ?? .none
    for adjustment in adjustments.dropFirst() {
      // One placement after the other: each further one is that of a timeline around.
      var around = Timeline(name: nest.name, rate: rate)
      var moved = nest
      moved.recordRange = FrameRange(start: 0, count: placement.range.count)
      moved.markers = []
      around.tracks = [Track(kind: .picture, name: "V1", items: [.nest(moved)])]
      nest.timeline = around
      nest.sourceIn = 0
      nest.timeScale = .one
      nest.curve = nil
      nest.adjustment = adjustment
    }
    return [.nest(nest)]
  }

  /// Markers of a nest count frames of its timeline from its source in.
  private func nestMarkers(of element: XMLElement, _ placement: Placement, _ retime: FCPXMLRetime, rate: FrameRate)
    -> [Marker]
  {
    element.children("marker", "chapter-marker").compactMap { child in
      guard let start = context.time(child, "start"), let record = placement.clock.frame(at: start),
        record.magnitude < FCPXMLTiming.most,
        let offset = retime.offset(at: record.rounded - placement.range.start)
      else { return nil }
      return marker(child, frame: offset, rate: rate)
    }
  }

  func missing(_ element: XMLElement, _ what: String) {
    context.fault(
      "cut.badReference", element,
      "there is no \(what) `\((element.attributes["ref"] ?? "").prefix(80))` among the resources",
      "Export the project again; the \(element.name) is not shown.")
  }
}

extension FCPXMLRetime {
  /// The source frame at a record frame, from the first.
  func offset(at frame: Int64) -> Int64? {
    if let curve { return curve.position(at: frame) }
    guard let steps = Rational(frame).checkedMultiply(scale.magnitude)?.floor else { return nil }
    return scale < .zero ? -steps : steps
  }
}

extension Clip {
  /// A clip at normal speed played at another one over a range; `nil` where that is not a clip.
  fileprivate func played(_ retime: FCPXMLRetime, over range: FrameRange, rate: FrameRate) -> Clip? {
    guard curve == nil, timeScale == .one, sourceRate ?? rate == rate, recordRange.start == 0, retime.first >= 0,
      retime.first < recordRange.count
    else { return nil }
    var clip = self
    switch sourceIn {
    case .frames(let count, let own): clip.sourceIn = SourcePosition(count: count + retime.first, rate: own)
    case .label(let label):
      guard let count = try? label.frame(rate: sourceRate ?? rate, isDropFrame: label.isDropFrame) else { return nil }
      clip.sourceIn = SourcePosition(count: count + retime.first, rate: sourceRate ?? rate)
    }
    for index in clip.markers.indices { clip.markers[index].frame -= retime.first }
    clip.sourceCount = nil
    clip.timeScale = retime.scale
    clip.curve = retime.curve
    clip.recordRange = range
    return clip
  }
}
