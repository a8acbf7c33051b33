import MediaTime

/// Elements with a timeline inside: clips, synchronised clips, multicam and compound clips.
///
/// Source: Apple, FCPXML reference, "Story elements" and "Using multicam media".
extension FCPXMLTimelineBuilder {
  /// A `clip` or `sync-clip`: what it holds is built on its own and put in its place.
  mutating func container(_ element: XMLElement, _ placement: Placement) -> [TrackItem] {
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
    guard element.name == "sync-clip", child.name == "asset-clip", let reference = child.attributes["ref"]
    else {
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
  mutating func multicam(_ element: XMLElement, _ placement: Placement) -> [TrackItem] {
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
        .dropped, "angles of multicam clips that do not play are not carried", element, event: placement.event
      )
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
  mutating func compound(_ element: XMLElement, _ placement: Placement) -> [TrackItem] {
    guard let reference = element.attributes["ref"],
      let sequence = context.resources.media[reference]?.children("sequence").first
    else {
      missing(element, "compound clip")
      return []
    }
    guard let timeline = context.compound(reference, from: element) else { return [] }
    let start = sequence.attributes["tcStart"].flatMap(FCPXMLTime.seconds) ?? .zero
    var reading = FCPXMLRetime.Reading(
      clock: placement.clock, record: placement.range, map: timeMap(of: element),
      rate: timeline.rate.rational,
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
        .approximated,
        "compound clips of another shape than the sequence are placed as if they had its shape",
        element, event: placement.event, isFault: true)
    }
    for source in element.children("audio-role-source") where source.attributes["active"] == "0" {
      context.note(
        .dropped, "roles of sound that are switched off on a compound clip are heard", source,
        event: placement.event)
    }
    let adjustments = adjustments(of: element, placement, source: size ?? self.size)
    return nest(
      timeline, of: element, placement, adjustments, seen: enabled == "audio" ? nil : retime,
      heard: enabled == "video" ? nil : heard)
  }
}
