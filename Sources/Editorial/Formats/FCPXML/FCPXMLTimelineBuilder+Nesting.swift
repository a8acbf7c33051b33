import MediaTime

/// Puts timelines in the place of the elements that hold them.
extension FCPXMLTimelineBuilder {
  /// Seconds of a clip's inside at the first frame of what it shows, and how many frames that is.
  func inside(_ placement: Placement, map: FCPXMLTimeMap?) -> (origin: Rational, length: Int64)? {
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

  func inner(_ placement: Placement, length: Int64) -> FCPXMLTimelineBuilder {
    var builder = FCPXMLTimelineBuilder(context: context, rate: rate, size: size)
    builder.length = length
    builder.owner = placement.event
    builder.unit = placement.clock.unit
    builder.conformed = placement.timing.conformed ?? conformed
    builder.depth = depth
    return builder
  }

  /// Puts what a clip holds in the clip's place: a single piece of media as a clip, anything more as a nest.
  mutating func inline(
    _ timeline: Timeline, of element: XMLElement, _ placement: Placement, map: FCPXMLTimeMap?,
    origin: Rational,
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
    if pictures.count == 1, let clip = single(pictures[0]), adjustments.isEmpty || clip.recordRange.start == 0
    {
      return pictures[0].items.compactMap { item in
        guard case .clip = item else { return nil }
        let own = named(
          clip, startingAt: clip.recordRange.start, for: element, placement, adjustments, renames: renames)
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
      if clip.sourceReel == nil {
        clip.sourceReel = reel
      } else if clip.sourceReel != reel {
        clip.alternateReels.append(reel)
      }
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
      timeScale: retime.scale.checkedMultiply(ratio) ?? retime.scale, curve: retime.curve,
      isEnabled: placement.isEnabled, location: element.location(in: context.path))
    var entries = FCPXMLSequence.entries(of: element) + [.init(key: "element", value: .string(element.name))]
    let notes = element.children("note").map(\.text)
    if !notes.isEmpty { entries.append(.init(key: "note", value: .string(notes.joined(separator: "\n")))) }
    nest.metadata = Metadata([.init(key: "fcpx", value: .object(entries))])
    return nest
  }

  /// A timeline as nests: one for its picture, one for its sound, each read in its own way or not at all.
  mutating func nest(
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
  private func nestMarkers(
    of element: XMLElement, _ placement: Placement, _ retime: FCPXMLRetime, rate: FrameRate
  )
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
    guard curve == nil, timeScale == .one, sourceRate ?? rate == rate, recordRange.start == 0,
      retime.first >= 0,
      retime.first < recordRange.count
    else { return nil }
    var clip = self
    switch sourceIn {
    case .frames(let count, let own): clip.sourceIn = SourcePosition(count: count + retime.first, rate: own)
    case .label(let label):
      guard let count = try? label.frame(rate: sourceRate ?? rate, isDropFrame: label.isDropFrame) else {
        return nil
      }
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
