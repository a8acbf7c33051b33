import Diagnostics
import MediaTime

extension FCP7Reader {
  /// What an item's own time counts and how it lies in the sequence.
  struct ItemClock {
    /// Rate at which `in`, `out`, keyframes and markers count.
    var rate: FrameRate
    /// Frames of that rate for each record frame: 1 where both count alike, as 24 and 23.976 do.
    var ratio: Rational
    /// The item's own frame at its first record frame.
    var first: Int64
    /// The item's own frame at its record out; `nil` when it says none.
    var end: Int64?

    /// Record frames from the first of the item.
    func record(_ when: Rational) -> Rational? {
      when.checkedSubtract(Rational(first))?.checkedDivide(ratio)
    }
  }

  mutating func entry(_ item: XMLElement, _ placement: Placement, _ kind: Track.Kind, _ scope: Scope)
    -> Entry?
  {
    ordinal += 1
    let event = Self.event(item) ?? String(ordinal)
    clipTotals[clipTotals.count - 1] += 1
    let clock = clock(of: item, placement, scope.rate)
    if let sequence = item.part("sequence") {
      guard let nest = nest(item, sequence, placement, clock, kind, scope, event: event) else { return nil }
      return Entry(item: .nest(nest), range: placement.range, element: item, event: event)
    }
    let clip = clip(item, placement, clock, kind, scope, event: event)
    return Entry(item: .clip(clip), range: placement.range, element: item, event: event)
  }

  /// `clipitem-12` is event 12; what follows two dots tells items of one event apart.
  private static func event(_ item: XMLElement) -> String? {
    guard let id = item.attributes["id"], id.hasPrefix(idPrefix) else { return nil }
    let text = id.dropFirst(idPrefix.count)
    let event = text.firstRange(of: "..").map { text[..<$0.lowerBound] } ?? text
    return event.isEmpty ? nil : String(event)
  }

  static let idPrefix = "clipitem-"

  private mutating func clock(of item: XMLElement, _ placement: Placement, _ rate: FrameRate) -> ItemClock {
    let own = FCP7Rate(item)
    if own.isGiven, own.rate == nil {
      fault("cut.badRate", item.part("rate") ?? item, "the rate of the item is not one this program knows")
    }
    var clock = ItemClock(rate: own.rate ?? rate, ratio: .one, first: 0, end: nil)
    if clock.rate.nominalBase != rate.nominalBase { clock.ratio = clock.rate.rational / rate.rational }
    let ratio = clock.ratio
    func inOwnFrames(_ record: Int64) -> Int64 { (ratio.checkedMultiply(Rational(record)) ?? .zero).rounded }
    let given = frames("out", of: item) ?? -1
    var start = frames("in", of: item) ?? 0
    // Both are -1 where no points are set. A nest may begin before its sequence, under a transition.
    if start == -1, given == -1 { start = 0 }
    clock.first = start + inOwnFrames(placement.lead)
    if given > start { clock.end = given - inOwnFrames(placement.tail) }
    return clock
  }

  // MARK: Clips

  private mutating func clip(
    _ item: XMLElement, _ placement: Placement, _ clock: ItemClock, _ kind: Track.Kind, _ scope: Scope,
    event: String
  ) -> Clip {
    let location = places.location(item)
    let file = file(of: item, kind, event: event)
    let fileRate = file.map { FCP7Rate($0) }
    let media = file.flatMap { self.clock($0, rate: fileRate?.rate ?? clock.rate) }
    /// Rate at which positions in the source count.
    let base = media?.rate ?? fileRate?.rate ?? clock.rate
    let duration = file.flatMap { frames("duration", of: $0) }.flatMap { $0 > 0 ? $0 : nil }
    let length = duration.map { clock.rate.count($0, of: fileRate?.rate ?? clock.rate) }

    let retime = retime(of: item, clock, event: event)
    let still = item.flag("stillframe") == true
    var position = retime.position(
      at: clock.first, length: length ?? Self.length(of: item, retime))
    if still { position = stillPosition(item, length) }
    if let ticks = premierePosition(item, placement, clock, retime), !still { position = ticks }
    guard let position, position.magnitude <= Self.farthest else {
      fault("cut.badRange", item, "the item's `in` and speed name a source frame beyond all measure")
      return Clip(
        name: item.part("name")?.text ?? "", event: event, sourceIn: .frames(0, base),
        recordRange: placement.range, location: location)
    }
    let first = retime.first(position, length: length)
    if retime.isFractional(position), !still {
      note(
        .approximated, "a retimed clip begins between two source frames; the earlier is shown first", item,
        event: event)
    }
    let offset = base.count(first + subclipStart(item, event: event), of: clock.rate)
    let start = media?.frame ?? 0
    // A label means nothing without its base, which a file of another rate does not give.
    let isLabelled = fileRate?.rate.map { $0.nominalBase == base.nominalBase } ?? true
    var clip = Clip(
      name: item.part("name")?.text ?? "", event: event, sourceReel: media?.reel,
      sourceFile: file?.part("name")?.text.trimmed.nonEmpty,
      targetURL: file?.word("pathurl").map(FCP7Path.path(ofURL:)),
      sourceIn: media?.isCountOnly == true || !isLabelled
        ? .frames(start + offset, base)
        : Self.position(start + offset, rate: base, isDropFrame: media?.isDropFrame),
      recordRange: placement.range, location: location)
    clip.timeScale = still ? .zero : retime.isVariable ? .one : retime.speed
    if retime.isVariable, !still {
      clip.curve = curve(retime, clock, from: first, placement.range.count, item, event: event)
    }
    if clip.timeScale == .one, clip.curve == nil, let end = clock.end {
      clip.sourceCount = max(0, base.count(end - clock.first, of: clock.rate))
      checkLength(item, clock, placement.range.count, event: event)
    }
    if let duration {
      clip.availableRange = FrameRange(
        start: start, count: base.count(duration, of: fileRate?.rate ?? clock.rate))
    }
    clip.sourceRate = fileRate?.rate
    clip.isEnabled = item.flag("enabled") ?? true
    clip.sourceIdentity = file?.word("uuid") ?? file?.word("umid") ?? item.word("umid")
    if kind == .sound, let channel = item.part("sourcetrack")?.word("trackindex").flatMap({ Int($0) }),
      channel > 0, channel <= 256
    {
      clip.sourceChannel = channel
    }
    clip.markers = markers(of: item) { retime.markerOffset($0, first: clock.first) }
    clip.content = content(item, file, event: event)
    clip.notes = notes(item)
    var kept = self.kept(item, file, media, clip)
    let size =
      clip.content == .media
      ? FCP7Raster(file?.part("media")?.part("video")) ?? FCP7Raster(file) : scope.raster
    let look = look(of: item, clock, kind, size: size, scope, event: event)
    clip.adjustments = look.adjustment.map { [$0] } ?? []
    if !look.kept.isEmpty { kept.append(Metadata.Entry(key: "filter", value: .array(look.kept))) }
    clip.metadata = FCP7Metadata.metadata(kept)
    return clip
  }

  /// The file that the item shows: its own, or that of a multiclip's active angle.
  private mutating func file(of item: XMLElement, _ kind: Track.Kind, event: String) -> XMLElement? {
    if let file = item.part("file") { return index.resolved(file) }
    guard let multiclip = item.part("multiclip").map(index.resolved) else { return nil }
    let angles = multiclip.children("angle")
    let word = kind == .picture ? "activevideoangle" : "activeaudioangle"
    guard let angle = angles.first(where: { $0.flag(word) == true }) ?? angles.first else { return nil }
    note(
      .approximated, "of a multiclip only the active angle is carried", item, event: event)
    return Self.descendant("file", of: index.resolved(angle), index, depth: 0).map(index.resolved)
  }

  private static func descendant(_ name: String, of element: XMLElement, _ index: FCP7Index, depth: Int)
    -> XMLElement?
  {
    guard depth < 12 else { return nil }
    if let found = element.part(name) { return found }
    for child in element.children
    where ["clip", "media", "video", "audio", "track", "clipitem"].contains(child.name) {
      if let found = descendant(name, of: index.resolved(child), index, depth: depth + 1) { return found }
    }
    return nil
  }

  /// Media frames to count from in reverse, when the file does not say its length: the item's own length at
  /// its speed.
  private static func length(of item: XMLElement, _ retime: FCP7Retime) -> Int64? {
    guard let duration = item.word("duration").flatMap(decimal) else { return nil }
    return duration.checkedMultiply(retime.speed.magnitude)?.rounded
  }

  /// `in` of a still is a place in a clip that never changes.
  private mutating func stillPosition(_ item: XMLElement, _ length: Int64?) -> Rational? {
    let offset = frames("stillframeoffset", of: item) ?? 0
    return Rational(max(0, min(offset, length.map { $0 - 1 } ?? offset)))
  }

  /// Premiere writes the source in of retimed clips exactly, in ticks; `in` is rounded to a frame of the
  /// retimed clip.
  private func premierePosition(
    _ item: XMLElement, _ placement: Placement, _ clock: ItemClock, _ retime: FCP7Retime
  ) -> Rational? {
    guard retime.speed > .zero, retime.speed != .one, !retime.isVariable, !retime.hasGraph,
      let ticks = item.word("pproTicksIn").flatMap({ Int64($0) }), ticks >= 0,
      let start = Rational(checked: ticks, Self.ticksPerSecond)?.checkedMultiply(clock.rate.rational),
      let lead = clock.ratio.checkedMultiply(Rational(placement.lead))?.checkedMultiply(retime.speed),
      let position = Rational(start.rounded).checkedAdd(lead),
      let counted = retime.position(at: clock.first, length: nil),
      let difference = position.checkedSubtract(counted)
    else { return nil }
    return difference.magnitude <= max(.one, retime.speed) ? position : nil
  }

  /// In a subclip `in` is taken to count from where it begins in the media: Apple's “Timing Values” only calls
  /// `startoffset` the offset that specifies a subclip, so the finding says what was inferred.
  private mutating func subclipStart(_ item: XMLElement, event: String) -> Int64 {
    guard let subclip = item.part("subclipinfo"), let start = frames("startoffset", of: subclip), start > 0
    else {
      return 0
    }
    note(
      .inferred, "`in` of a subclip is counted from the subclip's start in its media", subclip, event: event)
    return start
  }

  private mutating func checkLength(_ item: XMLElement, _ clock: ItemClock, _ count: Int64, event: String) {
    guard let end = clock.end, let expected = clock.ratio.checkedMultiply(Rational(count)) else { return }
    guard abs(end - clock.first - expected.rounded) > (clock.ratio == .one ? 0 : 1) else { return }
    note(
      .inferred, "`in` and `out` are not as far apart as `start` and `end`; the clip plays at normal speed",
      item, event: event)
  }

  /// A label where the file says how its timecode counts, or there is only one way.
  private static func position(_ count: Int64, rate: FrameRate, isDropFrame: Bool?) -> SourcePosition {
    guard let isDropFrame, (0..<rate.framesPerDay(isDropFrame: isDropFrame)).contains(count) else {
      return SourcePosition(count: count, rate: rate)
    }
    return .label(Timecode(frame: count, rate: rate, isDropFrame: isDropFrame).label)
  }

  // MARK: Content

  private mutating func content(_ item: XMLElement, _ file: XMLElement?, event: String) -> Clip.Content {
    if item.name == "generatoritem" {
      let effect = item.part("effect").map(index.resolved)
      let name = effect?.word("name") ?? effect?.word("effectid") ?? item.word("name") ?? "generator"
      let isSlug = [effect?.word("effectid"), effect?.word("name")].contains {
        ["slug", "black", "black video"].contains($0?.lowercased())
      }
      if isSlug || effect.map(Self.isBlack) ?? false { return .black }
      noteGenerator(name, item, event: event)
      return .generator(name)
    }
    guard let source = file?.word("mediaSource"), file?.part("pathurl") == nil else { return .media }
    // Premiere writes everything that it makes itself as a slug with a name.
    let name = item.word("name") ?? file?.word("name") ?? source
    let isSlug = source.lowercased() == "slug"
    if isSlug, ["slug", "black", "black video"].contains(name.lowercased()) { return .black }
    let word = isSlug ? name : source
    noteGenerator(word, item, event: event)
    return .generator(word)
  }

  private mutating func noteGenerator(_ name: String, _ item: XMLElement, event: String) {
    note(
      .dropped, "generators and titles are carried by their name, not what they show", item, event: event)
  }

  /// A colour generator that is black.
  private static func isBlack(_ effect: XMLElement) -> Bool {
    guard
      ["color", "colour", "color solid", "colorsolid", "matte"].contains(
        effect.word("effectid")?.lowercased())
    else { return false }
    let colors = effect.children("parameter").compactMap { $0.part("value").flatMap { FCP7Color($0) } }
    return !colors.isEmpty && colors.allSatisfy(\.isBlack)
  }

  /// The names of comments, in the order of the file format.
  ///
  /// Source: Apple, Elements Catalog, `comments`.
  static let commentNames = [
    "mastercomment1", "mastercomment2", "mastercomment3", "mastercomment4", "clipcommenta", "clipcommentb",
  ]

  private func notes(_ item: XMLElement) -> [String] {
    item.part("comments")?.children.map(\.text).filter { !$0.isEmpty } ?? []
  }

  // MARK: What is kept

  /// What the model does not say: all but the elements that are written from it.
  private func kept(_ item: XMLElement, _ file: XMLElement?, _ media: Clock?, _ clip: Clip) -> [Metadata
    .Entry]
  {
    var without: Set<String> = [
      "name", "enabled", "duration", "rate", "start", "end", "in", "out", "pproTicksIn", "pproTicksOut",
      "file",
      "filter", "marker", "compositemode", "sourcetrack",
    ]
    let comments = item.part("comments")?.children ?? []
    let isPlain =
      zip(comments, Self.commentNames).allSatisfy { $0.name == $1 && !$0.text.isEmpty }
      && comments.count <= Self.commentNames.count
    if isPlain { without.insert("comments") }
    if item.name == "generatoritem", let effect = item.part("effect"), effect.part("parameter") == nil {
      // Nothing but the names that the content says.
      without.insert("effect")
    }
    var entries = FCP7Metadata.entries(of: item, without: without)
    if Self.event(item) != nil { entries.removeAll { $0.key == "@id" } }
    if clip.sourceChannel == nil, let track = item.part("sourcetrack") {
      entries.append(Metadata.Entry(key: "sourcetrack", value: FCP7Metadata.value(of: track)))
    }
    if let file {
      let kept = self.kept(file: file, media, clip)
      if !kept.isEmpty { entries.append(Metadata.Entry(key: "file", value: .object(kept))) }
    }
    return entries
  }

  private func kept(file: XMLElement, _ media: Clock?, _ clip: Clip) -> [Metadata.Entry] {
    var without: Set<String> = ["name", "rate", "duration", "timecode", "pathurl", "uuid"]
    let parts = file.part("media")?.children ?? []
    if parts.allSatisfy({ $0.children.isEmpty && $0.attributes.isEmpty }) { without.insert("media") }
    var entries = FCP7Metadata.entries(of: file, without: without)
    if let id = file.attributes["id"], Self.isNumbered(id, "file-") { entries.removeAll { $0.key == "@id" } }
    if let media {
      // What a program makes itself has no length that would say where it begins.
      if clip.availableRange == nil, clip.content != .media {
        let frame = Metadata.Entry(key: "frame", value: .string(String(media.frame)))
        entries.append(Metadata.Entry(key: "timecode", value: .object([frame])))
      }
    } else {
      entries.append(Metadata.Entry(key: "timecode", value: .null))
    }
    if let url = file.word("pathurl"), let path = clip.targetURL, url != FCP7Path.url(ofPath: path) {
      entries.append(Metadata.Entry(key: "pathurl", value: .string(url)))
    }
    return entries
  }
}

extension FCP7Reader {
  /// Ids that the writer gives out again in its own order.
  static func isNumbered(_ id: String, _ prefix: String) -> Bool {
    id.hasPrefix(prefix) && id.count > prefix.count
      && id.dropFirst(prefix.count).utf8.allSatisfy { (0x30...0x39).contains($0) }
  }
}

extension FrameRate {
  /// The rate of this base that has drop-frame labels, where there is one; else itself.
  var counting: FrameRate {
    let other = FrameRate(checked: nominalBase.multipliedReportingOverflow(by: 1000).partialValue, 1001)
    return other.flatMap { $0.allowsDropFrame ? $0 : nil } ?? self
  }

  /// The count of this rate that begins nearest to another rate's; counts of one base are the same.
  func count(_ frames: Int64, of other: FrameRate) -> Int64 {
    nominalBase == other.nominalBase ? frames : frame(nearest: frames, of: other)
  }
}

extension String {
  var nonEmpty: String? { isEmpty ? nil : self }
}
