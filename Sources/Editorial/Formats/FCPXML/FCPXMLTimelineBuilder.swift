import MediaTime

/// Builds one timeline from storylines and the clips connected to them.
///
/// Elements are placed in exact time and rounded to frames at their two edges, so that what adjoins in the file adjoins
/// on the track.
struct FCPXMLTimelineBuilder {
  let context: FCPXMLContext
  let rate: FrameRate
  /// Raster of the sequence; `nil` when the file does not say it.
  let size: FCPXMLFormat.Size?
  /// What is kept of the record, from frame 0; inside a clip only what the clip shows.
  var length: Int64?
  /// The event that all of it belongs to, inside a clip.
  var owner: String?
  /// Seconds of a length for each frame; not those of the rate inside a clip that a rate conform stretches.
  var unit: Rational
  /// Rate of the media that a rate conform around all of this plays frame by frame.
  var conformed: FrameRate?
  var depth = 0

  private(set) var pictures: [FCPXMLBlock] = []
  private(set) var sounds: [FCPXMLBlock] = []
  /// By the lane and the frame of the cut.
  private var crossfades: [FCPXMLLane: [Int64: Transition]] = [:]
  var markers: [Marker] = []
  private var number = 0

  init(context: FCPXMLContext, rate: FrameRate, size: FCPXMLFormat.Size?) {
    self.context = context
    self.rate = rate
    self.size = size
    unit = .one / rate.rational
  }

  /// Where an element lies.
  struct Placement {
    /// On the timeline, rounded and cut to what is kept.
    var range: FrameRange
    /// Of the element's inside.
    var clock: FCPXMLClock
    var timing: FCPXMLTiming
    var event: String
    var lane: FCPXMLLane
    /// Unrounded frame of its end.
    var end: Rational
    var isEnabled: Bool
  }

  static let clipNames: Set<String> = [
    "asset-clip", "audio", "video", "clip", "ref-clip", "sync-clip", "mc-clip", "title", "audition", "gap",
  ]

  /// Elements deeper inside each other are refused; each level costs stack.
  static let deepest = 96

  // MARK: Storylines

  /// Places the items of a storyline one after the other.
  ///
  /// - Parameter clock: of the storyline's inside.
  mutating func storyline(
    _ children: ArraySlice<XMLElement>, of spine: XMLElement, clock: FCPXMLClock, lane: FCPXMLLane
  ) {
    var items: [TrackItem] = []
    var cursor = clock.frame
    var end = max(0, cursor.rounded)
    var pending: XMLElement?
    for child in children {
      if child.name == "transition" {
        if let other = pending {
          context.fault(
            "cut.badTransition", other, "another transition follows this one without an item between")
        }
        pending = child
        continue
      }
      guard Self.clipNames.contains(child.name) else {
        unread(child, in: spine)
        continue
      }
      guard let placement = place(child, in: clock, at: cursor, lane: lane) else { continue }
      // Written a little beside each other, edges may be rounded to two frames.
      var range = placement.range
      if range.start < end {
        let hidden = min(end, range.end) - range.start
        let written = cursor.checkedSubtract(placement.clock.frame) ?? .zero
        if hidden > 1 || written > Rational(1, 2) {
          context.fault(
            "cut.overlap", child,
            "the \(child.name) begins \(hidden) frames before the one before it in its storyline ends",
            "Its first \(hidden) frames are not shown.")
        }
        range = FrameRange(start: range.start + hidden, end: range.end)
      }
      if let transition = pending {
        pending = nil
        let cut = items.isEmpty ? placement.clock.frame.rounded : end
        add(transition, at: cut, to: &items, clock: clock, lane: lane, isLast: false)
      }
      var trimmed = placement
      trimmed.range = range
      items += story(child, trimmed)
      cursor = placement.end
      end = max(end, range.end)
    }
    if let transition = pending {
      add(transition, at: end, to: &items, clock: clock, lane: lane, isLast: true)
    }
    let shown = items.contains { item in
      switch item {
      case .clip, .nest: true
      case .gap, .transition: false
      }
    }
    // A primary storyline of gaps alone still has a length.
    if shown || lane.path.isEmpty && !items.isEmpty { pictures.append(FCPXMLBlock(lane: lane, items: items)) }
  }

  private mutating func add(
    _ element: XMLElement, at cut: Int64, to items: inout [TrackItem], clock: FCPXMLClock, lane: FCPXMLLane,
    isLast: Bool
  ) {
    let event = owner ?? Self.event(number)
    guard let offset = context.time(element, "offset") ?? clock.seconds(at: Rational(cut)),
      let length = context.time(element, "duration"), let exact = clock.frame(at: offset),
      let count = length.checkedDivide(clock.unit), exact.magnitude < FCPXMLTiming.most,
      count.magnitude < FCPXMLTiming.most
    else {
      context.fault("cut.badTransition", element, "the transition has no usable `offset` and `duration`")
      return
    }
    // An odd number of frames centred on the cut begins half a frame before one: that frame is taken.
    let late = exact.checkedAdd(FCPXMLRetime.tolerance) ?? exact
    let start = late.floor
    let frames = count.rounded
    if let rest = exact.checkedSubtract(Rational(start)), rest.magnitude > FCPXMLRetime.tolerance {
      context.note(
        .approximated, "transitions that begin between frames begin at the frame before", element,
        event: event)
    }
    if let kept = self.length, start < 0 || start + frames > kept {
      // Inside a clip that does not show all of it.
      if start < kept, start + frames > 0 {
        context.note(
          .dropped, "transitions at the edge of what a clip shows of its inside are not carried", element,
          event: event, isFault: true)
      }
      return
    }
    let (inOffset, outOffset) = (cut - start, start + frames - cut)
    guard inOffset >= 0, outOffset >= 0, frames > 0 else {
      context.fault(
        "cut.badTransition", element,
        "the transition lies \(inOffset < 0 ? "after" : "before") the cut that it stands at",
        "The cut is read without it.")
      return
    }
    let filters = element.children("filter-video")
    let fades = element.children("filter-audio")
    let name = filters.first?.attributes["name"] ?? element.attributes["name"]
    if !filters.isEmpty || fades.isEmpty {
      let effect = filters.first?.attributes["ref"].flatMap { context.resources.effects[$0] }
      let isDissolve =
        effect?.uid == Self.crossDissolve
        || effect == nil && name?.lowercased().hasPrefix("cross dissolve") != false
      if isDissolve { noteLook(filters.first, event: event) }
      var transition = Transition(
        kind: isDissolve ? .dissolve : .custom(effect?.name ?? name ?? "transition"), name: name,
        event: event,
        inOffset: inOffset, outOffset: outOffset, location: element.location(in: context.path))
      transition.metadata = Metadata(
        effect.map { [.init(key: "fcpx", value: .object([.init(key: "effect", value: .string($0.uid))]))] }
          ?? [])
      if !isDissolve {
        context.note(
          .approximated, "the transition `\(effect?.name ?? name ?? "")` is carried by its name alone",
          element,
          event: event)
      }
      if items.isEmpty { items.append(.gap(Gap(recordRange: FrameRange(start: cut, count: 0)))) }
      if let range = items.last?.recordRange, range.end < cut {
        items.append(.gap(Gap(recordRange: FrameRange(start: range.end, end: cut))))
      }
      items.append(.transition(transition))
      if isLast { items.append(.gap(Gap(recordRange: FrameRange(start: cut, count: 0)))) }
    }
    if let fade = fades.first {
      crossfades[lane, default: [:]][cut] = Transition(
        kind: .dissolve, name: fade.attributes["name"] ?? "Audio Crossfade", event: event, inOffset: inOffset,
        outOffset: outOffset, location: element.location(in: context.path))
    }
    for marker in element.children("marker", "chapter-marker") {
      read(marker, at: clock)
    }
  }

  /// Source: effect resource of Final Cut Pro's Cross Dissolve, in every sample.
  private static let crossDissolve = "FxPlug:4731E73A-8DAC-4113-9A30-AE85B1761265"

  /// A cross dissolve has looks; the plain mix of display-coded values is `11 (Video)`.
  private mutating func noteLook(_ filter: XMLElement?, event: String) {
    guard let filter, let look = filter.children("param").first(where: { $0.attributes["name"] == "Look" }),
      let value = look.attributes["value"], !value.hasPrefix("11")
    else { return }
    context.note(
      .approximated, "cross dissolves with the look `\(value)` are read as plain dissolves", look,
      event: event)
  }

  // MARK: Events and blocks

  private static func event(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }

  /// The number of the next event; clips inside a clip are of its event.
  mutating func nextEvent() -> String {
    if let owner { return owner }
    number += 1
    return Self.event(number)
  }

  mutating func addPicture(_ items: [TrackItem], lane: FCPXMLLane) {
    guard items.contains(where: { $0.recordRange?.isEmpty == false }) else { return }
    pictures.append(FCPXMLBlock(lane: lane, items: items))
  }

  mutating func addSound(_ item: TrackItem, lane: FCPXMLLane, component: Int) {
    guard item.recordRange?.isEmpty == false else { return }
    sounds.append(FCPXMLBlock(lane: lane, items: [item], component: component))
  }

  mutating func addCrossfade(_ transition: Transition, at cut: Int64, lane: FCPXMLLane) {
    crossfades[lane, default: [:]][cut] = transition
  }

  /// Puts everything on tracks.
  mutating func finish(_ timeline: inout Timeline) {
    var layout = FCPXMLTrackLayout()
    let picture = layout.picture(pictures)
    let sound = layout.sound(sounds, transitions: crossfades)
    timeline.tracks = picture + sound
    timeline.markers += markers
    for block in layout.refused {
      for case .clip(let clip) in block.items {
        context.refuse(clip)
      }
    }
  }

  // MARK: Other elements

  /// An element that has no place where it stands.
  func unread(_ child: XMLElement, in parent: XMLElement) {
    switch child.name {
    case "note", "metadata", "reserved", "bookmark", "conform-rate", "timeMap", "marker", "chapter-marker",
      "keyword", "rating", "param", "text", "text-style-def", "mc-source", "sync-source",
      "audio-channel-source",
      "audio-role-source", "audio-aux-source", "audio-source", "spine", "media-rep":
      break
    case "analysis-marker":
      context.note(.dropped, "analysis markers (people, shakes) are not carried", child, event: "")
    case "caption":
      context.note(.dropped, "captions are not carried", child, event: "")
    default:
      guard !child.name.hasPrefix("adjust-"), !child.name.hasPrefix("filter-"),
        child.name != "object-tracker",
        child.name != "mute", !child.name.hasPrefix("hidden-")
      else { return }
      context.fault(
        "cut.unknownElement", child,
        "<\(child.name.prefix(80))> in <\(parent.name)> is not an element that is read")
    }
  }

  /// A marker of the timeline itself.
  mutating func read(_ element: XMLElement, at clock: FCPXMLClock) {
    guard let start = context.time(element, "start"), let frame = clock.frame(at: start),
      frame.magnitude < FCPXMLTiming.most
    else { return }
    markers.append(marker(element, frame: frame.rounded, rate: rate))
  }

  /// Final Cut draws markers blue, to-do items red and, when done, green, chapters orange.
  ///
  /// Source: Apple, Final Cut Pro User Guide, "Intro to markers".
  func marker(_ element: XMLElement, frame: Int64, rate: FrameRate) -> Marker {
    let color: String =
      if element.name == "chapter-marker" {
        "ORANGE"
      } else {
        switch element.attributes["completed"] {
        case "0": "RED"
        case .some: "GREEN"
        case nil: "BLUE"
        }
      }
    let length = element.attributes["duration"].flatMap(FCPXMLTime.seconds)?.checkedMultiply(rate.rational)
    let count = length.map { $0.magnitude < FCPXMLTiming.most ? $0.rounded : 0 } ?? 0
    return Marker(
      name: element.attributes["value"] ?? "", comment: element.attributes["note"] ?? "", color: color,
      frame: frame, count: count > 1 ? count : 0, location: element.location(in: context.path))
  }
}
