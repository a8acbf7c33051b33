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
          .dropped, "alternatives in auditions that do not play are not carried", picks[1],
          event: placement.event)
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
        child.children[...], of: child, clock: FCPXMLClock(frame: frame, local: .zero, unit: unit), lane: lane
      )
      depth -= 1
      return
    }
    guard let placement = place(child, in: clock, at: clock.frame, lane: lane) else { return }
    let items = story(child, placement)
    addPicture(items, lane: lane)
  }

  func missing(_ element: XMLElement, _ what: String) {
    context.fault(
      "cut.badReference", element,
      "there is no \(what) `\((element.attributes["ref"] ?? "").prefix(80))` among the resources",
      "Export the project again; the \(element.name) is not shown.")
  }
}
