import MediaTime

extension FCP7Reader {
  /// Deeper nesting, and more clips than this when everything is taken out of its nests, is not a cut but
  /// an attack.
  private static let deepestNest = 24
  private static let mostNestedClips = 2_000_000

  /// A sequence in a clip item: on a picture track it plays pictures, on a sound track the sound of one
  /// output.
  mutating func nest(
    _ item: XMLElement, _ reference: XMLElement, _ placement: Placement, _ clock: ItemClock,
    _ kind: Track.Kind,
    _ scope: Scope, event: String
  ) -> Nest? {
    guard let inner = nestedSequence(reference, scope, item, event: event) else { return nil }
    clipTotals[clipTotals.count - 1] += inner.clipCount
    let rate = inner.timeline.rate
    let retime = retime(of: item, clock, event: event)
    let length = clock.rate.count(inner.timeline.frameCount, of: rate)
    guard let position = retime.position(at: clock.first, length: length), position.magnitude <= Self.farthest
    else {
      fault("cut.badRange", item, "the item's `in` and speed name a frame beyond all measure")
      return nil
    }
    let first = retime.first(position, length: length)
    var nest = Nest(
      name: item.part("name")?.text ?? "", event: event, timeline: inner.timeline,
      sourceIn: rate.count(first, of: clock.rate), recordRange: placement.range,
      timeScale: retime.isVariable ? .one : retime.speed,
      location: places.location(item))
    if retime.isVariable {
      // Of a nest, in its own frames.
      nest.curve = curve(retime, clock, from: first, placement.range.count, item, event: event)?
        .scaled(by: clock.ratio)
    }
    nest.isEnabled = item.flag("enabled") ?? true
    nest.markers = markers(of: item) { retime.markerOffset($0, first: clock.first) }
    var entries = FCP7Metadata.entries(
      of: item,
      without: [
        "name", "enabled", "duration", "rate", "start", "end", "in", "out", "pproTicksIn", "pproTicksOut",
        "sequence",
        "filter", "marker", "compositemode",
      ])
    if item.attributes["id"]?.hasPrefix(Self.idPrefix) == true { entries.removeAll { $0.key == "@id" } }
    let look = look(of: item, clock, kind, size: inner.raster, scope, event: event)
    nest.adjustment = look.adjustment ?? .none
    if !look.kept.isEmpty { entries.append(Metadata.Entry(key: "filter", value: .array(look.kept))) }
    if kind == .sound {
      nest.track = soundTrack(item, inner.timeline, scope.channel, event: event)
      if nest.track != nil { entries.removeAll { $0.key == "sourcetrack" } }
    }
    nest.metadata = FCP7Metadata.metadata(entries)
    return nest
  }

  /// `sourcetrack` names an output of the nested sequence; its tracks say with `outputchannelindex` where
  /// they go.
  private mutating func soundTrack(
    _ item: XMLElement, _ timeline: Timeline, _ exploded: Int?, event: String
  ) -> Int? {
    let given = item.part("sourcetrack")?.word("trackindex").flatMap { Int($0) }
    guard let channel = given ?? exploded, channel > 0 else { return nil }
    let tracks = timeline.tracks.filter { $0.kind == .sound }
    let outputs = tracks.map { $0.metadata.finalCut.keptText("outputchannelindex").flatMap { Int($0) } }
    guard outputs.contains(where: { $0 != nil }) else { return channel <= tracks.count ? channel : nil }
    let feeding = tracks.indices.filter { outputs[$0] == channel && !tracks[$0].items.isEmpty }
    if feeding.count == 1 { return feeding[0] + 1 }
    guard feeding.count > 1 else { return nil }
    note(
      .approximated, "an output of a nested sequence is fed by several tracks; all of its sound is played",
      item,
      event: event)
    return nil
  }

  private mutating func nestedSequence(
    _ reference: XMLElement, _ scope: Scope, _ item: XMLElement, event: String
  ) -> NestedSequence? {
    let id = reference.attributes["id"]
    if let id, let known = nests[id] { return known }
    let sequence = index.resolved(reference)
    guard !sequence.children.isEmpty, sequence.isComplete else {
      fault("cut.noSequence", reference, "the nested sequence `\(id ?? "")` is not in the file")
      return nil
    }
    if let id, openSequences.contains(id) {
      fault("cut.nestedInItself", reference, "the sequence `\(id)` is nested in itself")
      return nil
    }
    guard scope.depth < Self.deepestNest else {
      fault("cut.tooDeep", reference, "sequences nest deeper than \(Self.deepestNest) levels")
      return nil
    }
    if let id { openSequences.append(id) }
    defer { if id != nil { openSequences.removeLast() } }
    clipTotals.append(0)
    let timeline = timeline(sequence, rate: FCP7Rate(sequence).rate ?? scope.rate, depth: scope.depth + 1)
    let clipCount = clipTotals.removeLast()
    guard clipCount <= Self.mostNestedClips else {
      fault(
        "cut.tooManyClips", reference, "the nested sequence plays more than \(Self.mostNestedClips) clips")
      return nil
    }
    let format = sequence.part("media").map(index.resolved)?.part("video")?.part("format")
    let nested = NestedSequence(timeline: timeline, raster: FCP7Raster(format), clipCount: clipCount)
    if let id {
      nests[id] = nested
      if index.sequences.contains(where: { $0.attributes["id"] == id }) { nestedFromBins += 1 }
    }
    return nested
  }
}
