import MediaTime

extension FCP7Composer {
  /// How an item's own time is written: `in` and `out`, and where its first record frame lies in that time.
  struct OwnTime {
    var rate: FrameRate
    var ratio: Rational
    /// The item's own frame at its first record frame.
    var first: Int64
    var start: Int64
    var end: Int64

    func when(_ record: Rational) -> Rational {
      ratio.checkedMultiply(record)?.checkedAdd(Rational(first)) ?? Rational(first)
    }
  }

  /// - Parameters:
  ///   - offset: frames from the start of the media to the one that is shown first.
  ///   - length: own frames from first to last record frame; `nil` follows from the record length.
  static func ownTime(
    offset: Int64, speed: Rational, curve: RetimeCurve?, _ range: FrameRange, _ edges: FCP7Edges,
    base: FrameRate, rate: FrameRate, length: Int64? = nil
  ) -> OwnTime {
    let ratio = FCP7ClipTiming.ratio(base, rate)
    func own(_ record: Int64) -> Int64 { (ratio.checkedMultiply(Rational(record)) ?? .zero).rounded }
    var first = offset
    if let curve {
      let before = curve.knots.first.flatMap { ratio.checkedMultiply($0.record) } ?? .zero
      first = max(offset, own(edges.lead), before < .zero ? -before.floor : 0)
    } else if speed != .one {
      // `in` counts retimed frames; the graph says exactly which frame of the media it is.
      let exact = Rational(offset).checkedDivide(speed.magnitude)
      let retimed = exact.flatMap { $0.magnitude <= FCP7Reader.farthest ? $0.rounded : nil } ?? offset
      first = max(retimed, own(edges.lead), speed < .zero ? 1 : 0)
    }
    return OwnTime(
      rate: base, ratio: ratio, first: first, start: first - own(edges.writtenLead),
      end: first + (length ?? own(range.count)) + own(edges.writtenTail))
  }

  private static func timing(_ range: FrameRange, _ edges: FCP7Edges, _ own: OwnTime) -> [Node] {
    [
      rate(own.rate), Node("start", text: edges.startsUnderTransition ? "-1" : String(range.start)),
      Node("end", text: edges.endsUnderTransition ? "-1" : String(range.end)),
      Node("in", text: String(own.start)), Node("out", text: String(own.end)),
    ]
  }

  // MARK: Clips

  mutating func clip(
    _ clip: Clip, _ edges: FCP7Edges, _ kind: Track.Kind, _ rate: FrameRate, _ raster: FCP7Raster?
  ) -> Node {
    noteLosses(clip)
    let kept = clip.metadata.finalCut
    let timing = FCP7ClipTiming(clip, edges, rate)
    let isGenerator = clip.content != .media && kept.kept("file") == nil
    let key = FCP7FileTable.key(clip, timing)
    let start = isGenerator ? 0 : files.files[key]?.start ?? 0
    if let available = clip.availableRange, start < available.start, !isGenerator {
      note(
        .approximated, "a clip begins before its media; the file is written with an earlier start",
        event: clip.event)
    }
    let ratio = FCP7ClipTiming.ratio(timing.base, rate)
    let expected = (ratio.checkedMultiply(Rational(clip.recordRange.count)) ?? .zero).rounded
    let isPlain = clip.timeScale == .one && clip.curve == nil
    let slack: Int64 = ratio == .one ? 0 : 1
    let count = clip.sourceCount.flatMap { isPlain && abs($0 - expected) <= slack ? $0 : nil }
    let own = Self.ownTime(
      offset: timing.first - start, speed: clip.timeScale, curve: clip.curve, clip.recordRange, edges,
      base: timing.base, rate: rate, length: count)

    var node = Node(isGenerator ? "generatoritem" : "clipitem")
    node.attributes = [("id", unique(kept.keptText("@id") ?? FCP7Reader.idPrefix + clip.event))]
    node.children = [
      Node("name", text: clip.name), Node("enabled", text: clip.isEnabled ? "TRUE" : "FALSE"),
      Node("duration", text: String(max(own.end, clip.availableRange?.count ?? 0))),
    ]
    node.children += Self.timing(clip.recordRange, edges, own)
    if isGenerator {
      if kept.kept("effect") == nil { node.children.append(Self.generator(clip.content)) }
    } else {
      node.children.append(file(clip, key, timing))
    }
    if let channel = clip.sourceChannel {
      node.children.append(
        Node("sourcetrack", [Node("mediatype", text: "audio"), Node("trackindex", text: String(channel))]))
    }
    let files = kept.keptObject("file")
    let size =
      clip.content == .media
      ? FCP7Raster(files.keptObject("media").keptObject("video")) ?? FCP7Raster(files) : raster
    node.children += filters(
      offset: timing.first - start, speed: clip.timeScale, clip.curve,
      clip.adjustments.first ?? .none, own, kind, clip.recordRange.count, size: size, raster,
      event: clip.event)
    if clip.adjustments.count > 1 {
      note(
        .dropped, "of several placements of a clip only its own is written", event: clip.event, isFault: true)
    }
    if let mode = blend(clip.adjustments.first, kind) { node.children.append(mode) }
    node.children += markers(
      clip.markers, own, speed: clip.curve == nil ? clip.timeScale : .one, event: clip.event)
    node.children += comments(clip, kept)
    addKept(kept, to: &node)
    return node
  }

  /// Kept filters stand beside the written ones; the rest only where nothing was written.
  private func addKept(_ kept: [Metadata.Entry], to node: inout Node) {
    if let filters = kept.kept("filter") { node.children += FCP7Metadata.nodes("filter", filters) }
    FCP7Metadata.add(kept.filter { !["file", "filter"].contains($0.key) }, to: &node)
  }

  private mutating func noteLosses(_ clip: Clip) {
    if clip.grade != nil { note(.dropped, "colour decisions are not written", event: clip.event) }
    if clip.role != nil { note(.dropped, "roles are not written", event: clip.event) }
    if !clip.alternateReels.isEmpty {
      note(.dropped, "of several names of a source reel only the first is written", event: clip.event)
    }
  }

  private static func generator(_ content: Clip.Content) -> Node {
    var name = "Slug"
    if case .generator(let word) = content { name = word }
    return Node(
      "effect",
      [
        Node("name", text: name), Node("effectid", text: name),
        Node("effectcategory", text: "Video Generators"),
        Node("effecttype", text: "generator"), Node("mediatype", text: "video"),
      ])
  }

  private mutating func comments(_ clip: Clip, _ kept: [Metadata.Entry]) -> [Node] {
    guard !clip.notes.isEmpty, kept.kept("comments") == nil else { return [] }
    let names = FCP7Reader.commentNames
    var notes = clip.notes.filter { !$0.isEmpty }
    if notes.count > names.count {
      note(
        .approximated, "there are six comments for a clip; the last holds all that remain", event: clip.event)
      notes[names.count - 1] = notes[(names.count - 1)...].joined(separator: "\n")
      notes.removeSubrange(names.count...)
    }
    guard !notes.isEmpty else { return [] }
    return [Node("comments", zip(names, notes).map { Node($0, text: $1) })]
  }

  private mutating func file(_ clip: Clip, _ key: FCP7FileTable.Key, _ timing: FCP7ClipTiming) -> Node {
    let kept = clip.metadata.finalCut.keptObject("file")
    var (file, isNew) = files.use(key)
    if isNew {
      file.id = unique(kept.keptText("@id") ?? "file-\(files.nextNumber)")
      files.name(key, file.id)
    }
    var node = Node("file")
    node.attributes = [("id", file.id ?? "")]
    guard isNew else { return node }
    if let name = clip.sourceFile { node.children.append(Node("name", text: name)) }
    if let url = clip.targetURL, kept.kept("pathurl") == nil {
      node.children.append(Node("pathurl", text: FCP7Path.url(ofPath: url)))
    }
    let rate = clip.sourceRate ?? timing.base
    node.children.append(Self.rate(rate))
    if let available = clip.availableRange {
      let count = rate.count(available.count + available.start - file.start, of: timing.base)
      node.children.append(Node("duration", text: String(count)))
    }
    if kept.kept("timecode") != .null {
      node.children.append(
        Self.timecode(
          frame: file.start, rate: timing.base, isDropFrame: timing.isDropFrame, reel: clip.sourceReel))
    }
    if let identity = clip.sourceIdentity, kept.kept("umid") == nil {
      node.children.append(Node("uuid", text: identity))
    }
    if kept.kept("media") == nil, kept.kept("mediaSource") == nil {
      let kinds = [("video", file.hasPicture), ("audio", file.hasSound)].filter(\.1)
      node.children.append(Node("media", kinds.map { Node($0.0) }))
    }
    FCP7Metadata.add(kept.filter { $0.key != "timecode" }, to: &node)
    return node
  }

  // MARK: Nests

  mutating func nest(
    _ nest: Nest, _ edges: FCP7Edges, _ kind: Track.Kind, _ rate: FrameRate, _ raster: FCP7Raster?
  ) -> Node {
    let kept = nest.metadata.finalCut
    let inner = nest.timeline
    let own = Self.ownTime(
      offset: nest.sourceIn, speed: nest.timeScale, curve: nest.curve, nest.recordRange, edges,
      base: inner.rate,
      rate: rate)
    var node = Node("clipitem")
    node.attributes = [("id", unique(kept.keptText("@id") ?? FCP7Reader.idPrefix + nest.event))]
    node.children = [
      Node("name", text: nest.name), Node("enabled", text: nest.isEnabled ? "TRUE" : "FALSE"),
      Node("duration", text: String(inner.frameCount)),
    ]
    node.children += Self.timing(nest.recordRange, edges, own)
    node.children.append(nestedSequence(inner))
    if kind == .sound, let track = nest.track.map({ Self.output(ofSoundTrack: $0, in: inner) }) {
      node.children.append(
        Node("sourcetrack", [Node("mediatype", text: "audio"), Node("trackindex", text: String(track))]))
    }
    let size = FCP7Raster(
      inner.metadata.finalCut.keptObject("media").keptObject("video").keptObject("format"))
    node.children += filters(
      offset: nest.sourceIn, speed: nest.timeScale,
      nest.curve.flatMap { $0.scaled(by: .one / own.ratio) }, nest.adjustment, own, kind,
      nest.recordRange.count,
      size: size, raster, event: nest.event)
    if let mode = blend(nest.adjustment, kind) { node.children.append(mode) }
    node.children += markers(
      nest.markers, own, speed: nest.curve == nil ? nest.timeScale : .one, event: nest.event)
    addKept(kept, to: &node)
    return node
  }

  /// The output that a nested sound track goes to, where its tracks say that; else its number.
  private static func output(ofSoundTrack number: Int, in timeline: Timeline) -> Int {
    let tracks = timeline.tracks.filter { $0.kind == .sound }
    guard tracks.indices.contains(number - 1) else { return number }
    return tracks[number - 1].metadata.finalCut.keptText("outputchannelindex").flatMap { Int($0) } ?? number
  }

  private func blend(_ adjustment: PictureAdjustment?, _ kind: Track.Kind) -> Node? {
    guard kind == .picture, let blend = adjustment?.blend, blend != .normal else { return nil }
    return Node("compositemode", text: blend.finalCutWord)
  }

  /// Markers of a retimed clip count its own frames.
  private mutating func markers(_ markers: [Marker], _ own: OwnTime, speed: Rational, event: String) -> [Node]
  {
    func place(_ offset: Int64) -> Int64 {
      guard speed != .one, speed != .zero else { return own.first + offset }
      return own.first + (Rational(offset).checkedDivide(speed)?.rounded ?? offset)
    }
    return markers.map { marker in
      if speed != .one, speed != .zero,
        Rational(place(marker.frame) - own.first).checkedMultiply(speed)?.rounded != marker.frame
      {
        note(.approximated, "markers of retimed clips are moved to whole frames", event: event)
      }
      return self.marker(marker, at: place)
    }
  }

  // MARK: Transitions

  mutating func transition(
    _ transition: Transition, _ edges: FCP7Edges, at cut: Int64, _ kind: Track.Kind, _ rate: FrameRate
  ) -> Node? {
    guard transition.isWritten else {
      if transition.count > 0 {
        note(.dropped, "keys are not written", event: transition.event, isFault: true)
      }
      return nil
    }
    let (before, after) = (transition.inOffset, transition.outOffset)
    var alignment = "center"
    if before == 0 {
      alignment = edges.isFromNothing ? "start-black" : "start"
    } else if after == 0 {
      alignment = edges.isToNothing ? "end-black" : "end"
    }
    let kept = transition.metadata.finalCut
    var node = Node(
      "transitionitem",
      [
        Node("start", text: String(cut - before)), Node("end", text: String(cut + after)),
        Node("alignment", text: alignment),
      ])
    if !transition.isAligned,
      let ticks = Rational(before).checkedDivide(rate.rational)?.checkedMultiply(
        Rational(FCP7Reader.ticksPerSecond))
    {
      note(
        .approximated,
        "a cut inside a transition, but not in its middle, is written in Premiere's way; others centre it",
        event: transition.event)
      node.children.append(Node("cutPointTicks", text: String(ticks.rounded)))
    }
    node.children.append(Self.rate(rate))
    if kept.kept("effect") == nil {
      node.children.append(FCP7TransitionEffect(transition.kind, kind).node(name: transition.name))
    }
    FCP7Metadata.add(kept, to: &node)
    return node
  }
}

/// The effect of a transition as it is written when a file has said no more about it.
struct FCP7TransitionEffect {
  var id: String
  var category: String
  var mediaType: String
  var pattern = 0

  init(_ kind: Transition.Kind, _ track: Track.Kind) {
    mediaType = track == .picture ? "video" : "audio"
    switch kind {
    case .wipe(let pattern):
      (id, category) = ("Edge Wipe", "Wipe")
      self.pattern = pattern
    case .custom(let name): (id, category) = (name, "")
    case .dissolve, .key:
      (id, category) =
        track == .picture ? ("Cross Dissolve", "Dissolve") : ("KGAudioTransCrossFade3dB", "")
    }
  }

  func node(name: String?) -> XMLWriter.Node {
    let fallback = id == "KGAudioTransCrossFade3dB" ? "Cross Fade (+3dB)" : id
    return XMLWriter.Node(
      "effect",
      values(name: name ?? fallback).map { XMLWriter.Node($0.0, text: $0.1) })
  }

  /// Whether a file's effect says no more than this.
  func says(all effect: XMLElement) -> Bool {
    let own = Dictionary(values(name: effect.word("name") ?? ""), uniquingKeysWith: { first, _ in first })
    return effect.attributes.isEmpty
      && effect.children.allSatisfy {
        $0.children.isEmpty && $0.attributes.isEmpty && own[$0.name] == $0.text
      }
  }

  private func values(name: String) -> [(String, String)] {
    [
      ("name", name), ("effectid", id), ("effectcategory", category), ("effecttype", "transition"),
      ("mediatype", mediaType), ("wipecode", String(pattern)), ("wipeaccuracy", "100"), ("startratio", "0"),
      ("endratio", "1"), ("reverse", "FALSE"),
    ]
  }
}
