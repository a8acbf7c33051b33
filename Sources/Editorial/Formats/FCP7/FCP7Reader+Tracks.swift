import Diagnostics
import MediaTime

extension FCP7Reader {
  /// A clip, generator or nest with its place, before the track is laid out.
  struct Entry {
    var item: TrackItem
    var range: FrameRange
    var element: XMLElement
    var event: String
  }

  /// A transition with the frames that it covers.
  struct Fade {
    var element: XMLElement
    var start: Int64
    var end: Int64
    /// Where the outgoing item ends and the incoming one begins.
    var cut: Int64
    /// Whether it comes from black or goes to it whatever stands there.
    var fromBlack: Bool
    var toBlack: Bool
  }

  /// Where an item stands in the track; `lead` and `tail` are record frames of it that lie under
  /// transitions, outside of its range.
  struct Placement {
    var range: FrameRange
    var lead: Int64 = 0
    var tail: Int64 = 0
  }

  mutating func track(_ element: XMLElement, _ kind: Track.Kind, number: Int, _ scope: Scope) -> Track {
    var track = Track(kind: kind, name: (kind == .picture ? "V" : "A") + String(number))
    track.isEnabled = element.flag("enabled") ?? true
    let items = element.children("clipitem", "generatoritem", "transitionitem")
    let fades = items.map { item in item.name == "transitionitem" && item.isComplete ? fade(item) : nil }
    var entries: [Entry] = []
    var scope = scope
    scope.channel = Self.explodedChannel(element)
    for (place, item) in items.enumerated() where item.name != "transitionitem" && item.isComplete {
      guard !faults.isFull else { break }
      let before = place > 0 ? fades[place - 1] : nil
      let after = place + 1 < items.count ? fades[place + 1] : nil
      guard let placement = placement(item, before: before, after: after) else { continue }
      if let entry = entry(item, placement, kind, scope) { entries.append(entry) }
    }
    track.items = laidOut(entries, fades.compactMap { $0 }, kind)
    track.metadata = FCP7Metadata.metadata(
      FCP7Metadata.entries(of: element, without: ["clipitem", "generatoritem", "transitionitem", "enabled"]))
    return track
  }

  /// Premiere writes a stereo track as one for each channel: from 1.
  private static func explodedChannel(_ track: XMLElement) -> Int? {
    guard let count = track.attributes["totalExplodedTrackCount"].flatMap({ Int($0) }), count > 1,
      let place = track.attributes["currentExplodedTrackIndex"].flatMap({ Int($0) }),
      (0..<count).contains(place)
    else { return nil }
    return place + 1
  }

  /// Where the item stands; −1 stands for an edge under the transition beside it.
  ///
  /// Source: Apple, Elements Catalog, `start`, `end`, `alignment`.
  private mutating func placement(_ item: XMLElement, before: Fade?, after: Fade?) -> Placement? {
    guard let start = frames("start", of: item), let end = frames("end", of: item) else {
      if item.word("start") == nil || item.word("end") == nil {
        fault("cut.noPlace", item, "the `\(item.name)` does not say its `start` and `end` in the sequence")
      }
      return nil
    }
    var placement = Placement(range: FrameRange(start: 0, count: 0))
    var (first, last) = (start, end)
    if start == -1 {
      guard let before else {
        fault("cut.noTransition", item, "`start` is -1, but no transition stands before the `\(item.name)`")
        return nil
      }
      first = before.cut
      placement.lead = before.cut - before.start
    }
    if end == -1 {
      guard let after else {
        fault("cut.noTransition", item, "`end` is -1, but no transition stands after the `\(item.name)`")
        return nil
      }
      last = after.cut
      placement.tail = after.end - after.cut
    }
    guard first >= 0, last > first else {
      fault("cut.badRange", item, "the `\(item.name)` begins at \(first) and ends at \(last)")
      return nil
    }
    placement.range = FrameRange(start: first, end: last)
    return placement
  }

  /// Ticks of Premiere's clock in a second.
  static let ticksPerSecond: Int64 = 254_016_000_000

  private mutating func fade(_ element: XMLElement) -> Fade? {
    guard let start = frames("start", of: element), let end = frames("end", of: element), start >= 0,
      end > start
    else {
      fault("cut.badTransition", element, "the transition does not say its `start` and `end`")
      return nil
    }
    let word = element.word("alignment")?.lowercased() ?? "center"
    var fade = Fade(
      element: element, start: start, end: end, cut: start + (end - start) / 2,
      fromBlack: word == "start-black", toBlack: word == "end-black")
    switch word {
    case "start", "start-black": fade.cut = start
    case "end", "end-black": fade.cut = end
    case "center": break
    default:
      note(.inferred, "the alignment of a transition is not known and is taken as `center`", element)
    }
    // Premiere also says where the cut is when it is not in the middle.
    if word == "center", let ticks = element.word("cutPointTicks").flatMap({ Int64($0) }), ticks >= 0,
      let rate = FCP7Rate(element).rate,
      let frame = Rational(checked: ticks, Self.ticksPerSecond)?.checkedMultiply(rate.rational)?.rounded,
      frame <= end - start
    {
      fade.cut = start + frame
    }
    return fade
  }

  // MARK: Layout

  /// The items in record order with gaps between them and transitions on their cuts.
  private mutating func laidOut(_ unordered: [Entry], _ fades: [Fade], _ kind: Track.Kind) -> [TrackItem] {
    let entries = withoutOverlaps(unordered, kind)
    var open: [Int64: [Fade]] = [:]
    for fade in fades { open[fade.cut, default: []].append(fade) }
    var items: [TrackItem] = []
    var cursor: Int64 = 0
    for (place, entry) in entries.enumerated() {
      let previous = place > 0 ? entries[place - 1] : nil
      if entry.range.start > cursor {
        if let previous {
          for fade in take(&open, at: cursor, { !$0.fromBlack }) {
            items.append(transition(fade, from: previous, to: nil, kind))
          }
        }
        items.append(.gap(Gap(recordRange: FrameRange(start: cursor, end: entry.range.start))))
        for fade in take(&open, at: entry.range.start, { !$0.toBlack }) {
          items.append(transition(fade, from: nil, to: entry, kind))
        }
      } else {
        appendCut(take(&open, at: cursor, { _ in true }), from: previous, to: entry, kind, &items)
      }
      items.append(entry.item)
      cursor = entry.range.end
    }
    if let last = entries.last {
      for fade in take(&open, at: cursor, { !$0.fromBlack }) {
        items.append(transition(fade, from: last, to: nil, kind))
      }
    }
    for fade in open.values.joined().sorted(by: { $0.element.offset < $1.element.offset }) {
      note(
        .dropped, "a transition does not lie on a cut and is not carried", fade.element,
        isFault: kind == .picture)
    }
    return items
  }

  private func take(_ open: inout [Int64: [Fade]], at cut: Int64, _ isWanted: (Fade) -> Bool) -> [Fade] {
    guard let fades = open[cut], let place = fades.firstIndex(where: isWanted) else { return [] }
    // A second one to or from black at one cut is another transition; two of one kind are not.
    var taken = [fades[place]]
    if let second = fades.indices.first(where: {
      $0 != place && isWanted(fades[$0]) && fades[$0].fromBlack && fades[place].toBlack
    }) {
      taken.append(fades[second])
    }
    let rest = fades.filter { fade in !taken.contains { $0.element.offset == fade.element.offset } }
    open[cut] = rest.isEmpty ? nil : rest
    return taken
  }

  /// What stands between two items that meet: a dissolve to black at such a cut gets a gap without length
  /// to go to.
  private mutating func appendCut(
    _ fades: [Fade], from previous: Entry?, to entry: Entry, _ kind: Track.Kind, _ items: inout [TrackItem]
  ) {
    guard let previous else {
      for fade in fades { items.append(transition(fade, from: nil, to: entry, kind)) }
      return
    }
    let black = TrackItem.gap(Gap(recordRange: FrameRange(start: entry.range.start, count: 0)))
    let (out, into) = (fades.first { $0.toBlack }, fades.first { $0.fromBlack })
    if out == nil, into == nil {
      for fade in fades { items.append(transition(fade, from: previous, to: entry, kind)) }
      return
    }
    if let out { items.append(transition(out, from: previous, to: nil, kind)) }
    items.append(black)
    if let into { items.append(transition(into, from: nil, to: entry, kind)) }
  }

  private mutating func withoutOverlaps(_ unordered: [Entry], _ kind: Track.Kind) -> [Entry] {
    var entries: [Entry] = []
    let ordered = unordered.enumerated().sorted {
      ($0.element.range.start, $0.offset) < ($1.element.range.start, $1.offset)
    }
    for (_, entry) in ordered {
      while let last = entries.last, last.range.end > entry.range.start {
        entries.removeLast()
        guard last.range.start < entry.range.start else {
          note(
            .dropped, "an item lies wholly under the next one of its track and is not carried", last.element,
            event: last.event, isFault: kind == .picture)
          continue
        }
        note(
          .approximated, "an item reaches into the next one of its track and ends where that begins",
          last.element, event: last.event)
        var cut = last
        cut.range = FrameRange(start: last.range.start, end: entry.range.start)
        switch cut.item {
        case .clip(var clip):
          if clip.sourceCount == clip.recordRange.count { clip.sourceCount = cut.range.count }
          clip.recordRange = cut.range
          cut.item = .clip(clip)
        case .nest(var nest):
          nest.recordRange = cut.range
          cut.item = .nest(nest)
        case .gap, .transition: break
        }
        entries.append(cut)
        break
      }
      entries.append(entry)
    }
    return entries
  }

  // MARK: Transitions

  private mutating func transition(_ fade: Fade, from: Entry?, to entry: Entry?, _ kind: Track.Kind)
    -> TrackItem
  {
    let effect = fade.element.part("effect").map(index.resolved)
    let event = (entry ?? from)?.event ?? ""
    let name = effect?.word("name")
    let id = effect?.word("effectid") ?? name ?? ""
    var transition = Transition(
      kind: Self.kind(effect, id), name: name, event: event, inOffset: fade.cut - fade.start,
      outOffset: fade.end - fade.cut, location: places.location(fade.element))
    if case .custom(let name) = transition.kind {
      note(
        .approximated, "the transition `\(name)` is carried by its name, without its parameters",
        fade.element,
        event: event)
    }
    if let effect, Self.isChanged(effect) {
      note(
        .approximated, "a transition runs backwards or only in part; it is carried as a whole one",
        fade.element,
        event: event)
    }
    var without: Set<String> = ["start", "end", "alignment", "cutPointTicks", "rate"]
    if let effect, FCP7TransitionEffect(transition.kind, kind).says(all: effect) { without.insert("effect") }
    transition.metadata = FCP7Metadata.metadata(FCP7Metadata.entries(of: fade.element, without: without))
    return .transition(transition)
  }

  /// Dissolves of picture and sound by their ids, wipes by their category or pattern number.
  ///
  /// Source: Apple, Elements Catalog, `transitionitem`, `wipecode` (SMPTE pattern numbers); Premiere's
  /// names for sound.
  private static func kind(_ effect: XMLElement?, _ id: String) -> Transition.Kind {
    let dissolves: Set<String> = [
      "", "cross dissolve", "dissolve", "crossfade", "cross fade", "cross fade (+3db)", "cross fade (0db)",
      "cross fade ( 0db)", "constant power", "constant gain", "exponential fade", "kgaudiotranscrossfade3db",
      "kgaudiotranscrossfade0db",
    ]
    let word = id.lowercased()
    if dissolves.contains(word) { return .dissolve }
    let pattern = effect?.word("wipecode").flatMap { Int($0) } ?? 0
    let isWipe =
      effect?.word("effectcategory")?.lowercased() == "wipe" || word.contains("wipe") || pattern > 0
    return isWipe ? .wipe((0...9999).contains(pattern) ? pattern : 0) : .custom(id)
  }

  private static func isChanged(_ effect: XMLElement) -> Bool {
    effect.flag("reverse") == true || FCP7Reader.number(effect.word("startratio")).map { $0 != 0 } ?? false
      || FCP7Reader.number(effect.word("endratio")).map { $0 != 1 } ?? false
  }

  // MARK: Markers

  /// `out` is −1 for a point.
  ///
  /// - Parameter place: from the file's frame to that of the model.
  mutating func markers(of element: XMLElement, at place: (Int64) -> Int64 = { $0 }) -> [Marker] {
    element.children("marker").compactMap { marker in
      guard marker.isComplete, let first = frames("in", of: marker) else { return nil }
      let end = frames("out", of: marker) ?? -1
      let start = place(first)
      return Marker(
        name: marker.part("name")?.text ?? "", comment: marker.part("comment")?.text ?? "",
        color: color(marker), frame: start, count: end > first ? max(0, place(end) - start) : 0,
        location: places.location(marker))
    }
  }

  private mutating func color(_ marker: XMLElement) -> String {
    let value: FCP7Color
    if let color = marker.part("color"), let given = FCP7Color(color) {
      value = given
    } else if let bits = marker.word("pproColor").flatMap({ UInt32($0) }) {
      value = FCP7Color(premiere: bits)
    } else {
      return ""
    }
    let (word, isExact) = value.word
    if !isExact {
      note(.approximated, "the colours of markers are carried as the nearest colour words", marker)
    }
    return word
  }
}
