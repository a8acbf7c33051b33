import MediaTime

/// Media and generators on the timeline.
extension FCPXMLTimelineBuilder {
  /// Source: Apple, FCPXML reference, metadata keys.
  static let reelKey = "com.apple.proapps.studio.reel"

  /// An `asset-clip`, `video`, `audio` or `title`: the picture is returned, the sound goes to its tracks.
  mutating func media(_ element: XMLElement, _ placement: Placement, isSeen: Bool, isHeard: Bool)
    -> [TrackItem]
  {
    let reference = element.attributes["ref"] ?? ""
    if element.name == "title" || context.resources.effects[reference] != nil {
      return generator(element, placement)
    }
    guard let asset = context.resources.assets[reference] else {
      missing(element, "asset")
      return []
    }
    let isSeen = isSeen && (asset.hasVideo || element.name == "video")
    let isHeard = isHeard && (asset.hasAudio || element.name == "audio")
    if !isSeen, !isHeard {
      context.note(
        .dropped, "clips of assets without picture and sound are not carried", element, event: placement.event
      )
      return []
    }
    let map = timeMap(of: element)
    if isHeard { sound(element, placement, asset, map: map, carriesMarkers: !isSeen) }
    if isHeard || isSeen { noteSound(element, placement) }
    guard isSeen, !placement.range.isEmpty else { return [] }
    let reading = reading(placement, asset, map: map, isSound: false)
    guard var retime = FCPXMLRetime.read(reading) else {
      context.fault("cut.badTime", element, "the source of the \(element.name) is beyond all measure")
      return []
    }
    noteSampling(element, map, placement)
    if asset.isStill {
      retime = FCPXMLRetime(first: 0, scale: .zero)
    } else {
      if retime.isRounded { noteRounded(element, placement) }
      noteRate(element, placement, asset)
    }
    var clip = clip(element, placement, asset, retime, reading, in: placement.range)
    clip.role =
      element.attributes["videoRole"] ?? (element.name == "video" ? element.attributes["role"] : nil)
    clip.adjustments = adjustments(of: element, placement, source: asset.format?.size ?? size)
    clip.markers = markers(of: element, retime, reading)
    return [.clip(clip)]
  }

  private mutating func generator(_ element: XMLElement, _ placement: Placement) -> [TrackItem] {
    guard !placement.range.isEmpty else { return [] }
    let effect = element.attributes["ref"].flatMap { context.resources.effects[$0] }
    let name = element.attributes["name"] ?? effect?.name ?? ""
    context.note(
      .dropped,
      element.name == "title"
        ? "titles are carried by name; their lettering is not drawn"
        : "generators are carried by name; their picture is not drawn", element, event: placement.event)
    let start = placement.clock.seconds(at: Rational(placement.range.start))?.checkedMultiply(rate.rational)
    let first = start.map { $0.magnitude < FCPXMLTiming.most ? $0.rounded : 0 } ?? 0
    var clip = Clip(
      content: .generator(effect?.name ?? name), name: name, event: placement.event,
      sourceIn: SourcePosition(count: first, rate: rate), sourceCount: placement.range.count,
      recordRange: placement.range, notes: element.children("note").map(\.text),
      location: element.location(in: context.path))
    clip.isEnabled = placement.isEnabled
    clip.role = element.attributes["role"]
    clip.adjustments = adjustments(of: element, placement, source: size)
    clip.markers = element.children("marker", "chapter-marker").compactMap { child in
      guard let start = context.time(child, "start"), let frame = placement.clock.frame(at: start),
        frame.magnitude < FCPXMLTiming.most
      else { return nil }
      return marker(child, frame: frame.rounded - placement.range.start, rate: rate)
    }
    var entries = FCPXMLSequence.entries(of: element)
    let lines = element.children("text").map { ([$0.text] + $0.children("text-style").map(\.text)).joined() }
    if !lines.isEmpty { entries.append(.init(key: "text", value: .string(lines.joined(separator: "\n")))) }
    if let effect { entries.append(.init(key: "effect", value: .string(effect.uid))) }
    clip.metadata = Metadata([
      .init(key: "fcpx", value: .object(entries + [.init(key: "element", value: .string(element.name))]))
    ])
    return [.clip(clip)]
  }

  // MARK: Source

  /// Rate that positions in an asset count at.
  private func rate(of asset: FCPXMLAsset) -> FrameRate { asset.format?.rate ?? rate }

  private func isConformed(_ placement: Placement, _ asset: FCPXMLAsset) -> Bool {
    guard let own = asset.format?.rate, own != rate else { return false }
    return (placement.timing.conformed ?? conformed) != nil
  }

  private func reading(_ placement: Placement, _ asset: FCPXMLAsset, map: FCPXMLTimeMap?, isSound: Bool)
    -> FCPXMLRetime.Reading
  {
    let own = rate(of: asset)
    var reading = FCPXMLRetime.Reading(
      clock: placement.clock, record: placement.range, map: map, rate: own.rational,
      normal: isConformed(placement, asset) ? own.rational : rate.rational, isSound: isSound)
    // A time map may count from the first frame of the media instead of from its timecode.
    if let map, asset.start > .zero, let duration = asset.duration,
      let local = placement.clock.seconds(at: Rational(placement.range.start)),
      let value = map.value(at: local),
      value >= .zero, value < asset.start, value <= duration
    {
      reading.shift = asset.start
    }
    return reading
  }

  private func clip(
    _ element: XMLElement, _ placement: Placement, _ asset: FCPXMLAsset, _ retime: FCPXMLRetime,
    _ reading: FCPXMLRetime.Reading, in range: FrameRange
  ) -> Clip {
    let own = rate(of: asset)
    let values = FCPXMLResources.metadata(of: element)
    let reel = (values + asset.metadata).first { $0.key == Self.reelKey && !$0.value.isEmpty }?.value
    let given = element.attributes["name"] ?? ""
    let name = given.isEmpty ? asset.name.isEmpty ? FileNames.stem(asset.fileName ?? "") : asset.name : given
    let isNormal = retime.curve == nil && retime.scale == .one
    var available: FrameRange?
    if !asset.isStill, let first = asset.start.checkedMultiply(own.rational),
      let count = asset.duration?.checkedMultiply(own.rational), count >= .zero,
      first.magnitude < FCPXMLTiming.most,
      count < FCPXMLTiming.most
    {
      available = FrameRange(start: first.rounded, count: count.rounded)
    }
    var clip = Clip(
      name: name, event: placement.event, sourceReel: reel, sourceFile: asset.fileName, targetURL: asset.url,
      sourceIn: asset.isStill ? .frames(0, rate) : SourcePosition(count: retime.first, rate: own),
      sourceCount: isNormal ? range.count : nil, availableRange: available, recordRange: range,
      timeScale: retime.scale, notes: element.children("note").map(\.text),
      location: element.location(in: context.path))
    clip.curve = retime.curve
    clip.isEnabled = placement.isEnabled
    clip.sourceIdentity = asset.uid
    clip.sourceRate = asset.format?.rate
    var entries = FCPXMLSequence.entries(of: element)
    entries.append(.init(key: "element", value: .string(element.name)))
    if let id = element.attributes["ref"] { entries.append(.init(key: "ref", value: .string(id))) }
    if !asset.name.isEmpty, asset.name != name {
      entries.append(.init(key: "asset", value: .string(asset.name)))
    }
    let known = Set(values.map(\.key))
    let rest = asset.metadata.filter { !known.contains($0.key) }
    var seen: Set<String> = []
    let facts = rest.filter { seen.insert($0.key).inserted }.map {
      Metadata.Entry(key: $0.key, value: .string($0.value))
    }
    if !facts.isEmpty { entries.append(.init(key: "asset metadata", value: .object(facts))) }
    clip.metadata = Metadata([.init(key: "fcpx", value: .object(entries))])
    return clip
  }

  private func markers(of element: XMLElement, _ retime: FCPXMLRetime, _ reading: FCPXMLRetime.Reading)
    -> [Marker]
  {
    element.children("marker", "chapter-marker").compactMap { child in
      guard let start = context.time(child, "start") else { return nil }
      let original = reading.map.map { $0.value(at: start) } ?? start
      guard let position = original?.checkedAdd(reading.shift)?.checkedMultiply(reading.rate),
        position.magnitude < FCPXMLTiming.most
      else { return nil }
      return marker(child, frame: position.rounded - retime.first, rate: rate)
    }
  }

  // MARK: Sound

  /// Channels of an `audio-channel-source` or `audio`, from 1.
  static func channels(_ element: XMLElement) -> [Int] {
    (element.attributes["srcCh"] ?? "").split(separator: ",").prefix(64).compactMap { text in
      Int(text.filter { $0 != " " }).flatMap { (1...1024).contains($0) ? $0 : nil }
    }
  }

  private struct Component {
    /// `nil` for all.
    var channel: Int?
    var role: String?
    var isHeard = true
  }

  /// The components of a clip's sound: all channels together unless the clip takes them apart.
  private func components(_ element: XMLElement, _ asset: FCPXMLAsset) -> [Component] {
    let all = asset.audioChannels * asset.audioSources
    func split(_ channels: [Int], role: String?, isHeard: Bool) -> [Component] {
      if channels.isEmpty || Set(channels).count >= all {
        return [Component(channel: nil, role: role, isHeard: isHeard)]
      }
      return channels.map { Component(channel: $0, role: role, isHeard: isHeard) }
    }
    if element.name == "audio" {
      // `srcID` names one of the sources; channels count inside it.
      let source = element.attributes["srcID"].flatMap { Int($0) }.map { min(max($0, 1), 64) } ?? 1
      let channels = Self.channels(element).map { ($0 + (source - 1) * asset.audioChannels) }
      return split(channels, role: element.attributes["role"], isHeard: true)
    }
    let sources = element.children("audio-channel-source")
    guard !sources.isEmpty else { return [Component(role: element.attributes["audioRole"])] }
    return sources.flatMap { source in
      split(
        Self.channels(source), role: source.attributes["role"] ?? element.attributes["audioRole"],
        isHeard: source.attributes["active"] != "0" && source.attributes["enabled"] != "0")
    }
  }

  private mutating func sound(
    _ element: XMLElement, _ placement: Placement, _ asset: FCPXMLAsset, map: FCPXMLTimeMap?,
    carriesMarkers: Bool
  ) {
    guard let range = soundRange(element, placement), !range.isEmpty else { return }
    var reading = reading(placement, asset, map: map, isSound: true)
    reading.record = range
    guard let retime = FCPXMLRetime.read(reading) else {
      context.fault("cut.badTime", element, "the sound of the \(element.name) is beyond all measure")
      return
    }
    if retime.isRounded { noteRoundedSound(element, placement) }
    for (index, component) in components(element, asset).enumerated() {
      var clip = clip(element, placement, asset, retime, reading, in: range)
      clip.sourceChannel = component.channel
      clip.role = component.role
      clip.isEnabled = placement.isEnabled && component.isHeard
      if carriesMarkers, index == 0 { clip.markers = markers(of: element, retime, reading) }
      addSound(.clip(clip), lane: placement.lane, component: index)
    }
    for source in element.children("audio-channel-source")
    where source.attributes["start"] != nil || source.attributes["duration"] != nil {
      context.note(
        .approximated, "parts of a sound component are read as all of it", source, event: placement.event)
    }
  }

  /// Where the sound is, which may begin and end apart from the picture.
  private func soundRange(_ element: XMLElement, _ placement: Placement) -> FrameRange? {
    guard element.attributes["audioStart"] != nil || element.attributes["audioDuration"] != nil else {
      return placement.range
    }
    let start = context.time(element, "audioStart") ?? placement.timing.start
    let length = context.time(element, "audioDuration") ?? placement.timing.duration
    guard let first = placement.clock.frame(at: start), let count = length.checkedDivide(unit),
      let last = first.checkedAdd(count), first.magnitude < FCPXMLTiming.most,
      last.magnitude < FCPXMLTiming.most
    else { return nil }
    let most = self.length ?? .max
    return FrameRange(start: min(max(0, first.rounded), most), end: min(max(0, last.rounded), most))
  }

  // MARK: Reporting

  func timeMap(of element: XMLElement) -> FCPXMLTimeMap? {
    element.children("timeMap").first.flatMap { FCPXMLTimeMap($0, context: context) }
  }

  func noteRounded(_ element: XMLElement, _ placement: Placement) {
    context.note(
      .approximated, "source ins between frames show the frame before", element, event: placement.event)
  }

  func noteRoundedSound(_ element: XMLElement, _ placement: Placement) {
    context.note(
      .approximated, "sound that begins between frames is moved to the nearest frame", element,
      event: placement.event)
  }

  func noteSampling(_ element: XMLElement, _ map: FCPXMLTimeMap?, _ placement: Placement) {
    if map?.isSampled == true {
      context.note(
        .approximated, "smooth changes of speed are read as short straight ones", element,
        event: placement.event)
    }
    let sampling = map?.frameSampling ?? placement.timing.frameSampling ?? "floor"
    guard sampling != "floor" else { return }
    context.note(
      .approximated,
      "frames between frames (`\(sampling.prefix(40))`) are not made; the frame at the time is shown",
      element, event: placement.event)
  }

  private func noteRate(_ element: XMLElement, _ placement: Placement, _ asset: FCPXMLAsset) {
    guard let own = asset.format?.rate, own != rate else { return }
    let isFrames = isConformed(placement, asset)
    context.note(
      .inferred,
      isFrames
        ? "media of \(own) fps is played frame by frame at \(rate) (a rate conform): "
          + "`{rate: \(own), as: every-frame}` declares it"
        : "media of \(own) fps keeps its speed at \(rate): `{rate: \(own), as: realtime}` declares it",
      element, event: placement.event)
  }

  /// What is done to sound is not carried.
  func noteSound(_ element: XMLElement, _ placement: Placement) {
    for holder in [element] + element.children("audio-channel-source", "audio-role-source", "mc-source") {
      for child in holder.children {
        let what: String
        switch child.name {
        case "adjust-volume":
          guard child.attributes["amount"] ?? "0dB" != "0dB" || !child.children.isEmpty else { continue }
          what = "levels of sound (adjust-volume) are not carried"
        case "adjust-panner", "adjust-loudness", "adjust-noiseReduction", "adjust-humReduction", "adjust-EQ",
          "adjust-matchEQ", "adjust-voiceIsolation":
          what = "adjustments of sound (\(child.name)) are not carried"
        case "filter-audio":
          let name =
            child.attributes["name"] ?? context.resources.effects[child.attributes["ref"] ?? ""]?.name ?? ""
          what = "the effect of sound `\(name.prefix(80))` is not carried"
        case "mute": what = "muted parts of sound (mute) are heard"
        default: continue
        }
        context.note(.dropped, what, child, event: placement.event)
      }
    }
  }
}
