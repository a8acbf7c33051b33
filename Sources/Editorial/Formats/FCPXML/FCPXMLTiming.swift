import MediaTime

/// When an element's inside begins, how long it is shown and how its time runs.
struct FCPXMLTiming {
  /// Local seconds at its first frame.
  var start: Rational
  /// Seconds on the timeline around it.
  var duration: Rational
  /// Local seconds for each second around it: other than 1 where a rate conform stretches them.
  var factor = Rational.one
  /// Rate of the media that the conform plays frame by frame.
  var conformed: FrameRate?
  /// How the frames for a rate conform are made.
  var frameSampling: String?

  /// Frames beyond this come from damaged numbers.
  static let most = Rational(1 << 40)

  /// Which rates Final Cut conforms to each other, and to which: 25 in 24 is played at 24, 50 in 24 at 48.
  ///
  /// - Returns: the rate played, where the source's is within a twentieth of a multiple or a part of the timeline's;
  ///   `nil` where the motion keeps its speed, such as 30 in 24.
  /// Source: Apple, FCPXML reference, `conform-rate`, table of media and timeline rates.
  static func conformedRate(of source: FrameRate, in timeline: FrameRate) -> Rational? {
    guard source != timeline, let ratio = source.rational.checkedDivide(timeline.rational) else { return nil }
    let isFaster = ratio >= .one
    let steps = isFaster ? ratio.rounded : (Rational.one.checkedDivide(ratio)?.rounded ?? 1)
    guard (1...16).contains(steps),
      let target = timeline.rational.checkedMultiply(isFaster ? Rational(steps) : Rational(1, steps)),
      let off = target.checkedDivide(source.rational)?.checkedSubtract(.one)
    else { return nil }
    return off.magnitude < Rational(1, 20) && off != .zero ? target : nil
  }
}

extension FCPXMLTimelineBuilder {
  /// `nil`, after a fault, for an element that cannot be placed.
  ///
  /// - Parameters:
  ///   - clock: of the inside of the element's parent.
  ///   - cursor: the frame for an element that does not say its `offset`.
  mutating func place(_ element: XMLElement, in clock: FCPXMLClock, at cursor: Rational, lane: FCPXMLLane)
    -> Placement?
  {
    // An audition stands where its pick is played.
    let played =
      element.name == "audition" ? element.children.first { Self.clipNames.contains($0.name) } : element
    guard let played, let timing = timing(of: played) else { return nil }
    let offset = context.time(element, "offset")
    guard let start = offset.map({ clock.frame(at: $0) }) ?? cursor, start.magnitude < FCPXMLTiming.most,
      let count = timing.duration.checkedDivide(unit), count.magnitude < FCPXMLTiming.most,
      let end = start.checkedAdd(count), let inner = unit.checkedMultiply(timing.factor)
    else {
      context.fault("cut.badTime", element, "the position of the \(element.name) is beyond all measure")
      return nil
    }
    guard timing.duration >= .zero else {
      context.fault("cut.badTime", element, "the duration of the \(element.name) is negative")
      return nil
    }
    let event = played.name == "gap" ? owner ?? "" : nextEvent()
    for edge in [start, end] {
      guard let rest = edge.checkedSubtract(Rational(edge.rounded)), rest.magnitude > FCPXMLRetime.tolerance
      else {
        continue
      }
      context.note(
        .approximated, "clips that begin or end between frames are rounded to the nearest frame", element,
        event: event)
      break
    }
    let (first, last) = (start.rounded, max(start.rounded, end.rounded))
    if first < 0, length == nil {
      context.note(
        .dropped, "what lies before the start of the sequence is not carried", element, event: event,
        isFault: played.name != "gap")
    }
    let kept = FrameRange(
      start: min(max(0, first), length ?? .max), end: min(max(0, last), length ?? .max))
    return Placement(
      range: kept, clock: FCPXMLClock(frame: start, local: timing.start, unit: inner), timing: timing,
      event: event, lane: lane, end: max(start, end), isEnabled: element.attributes["enabled"] != "0")
  }

  private func timing(of element: XMLElement) -> FCPXMLTiming? {
    let start = context.time(element, "start")
    let duration = context.time(element, "duration")
    let reference = element.attributes["ref"] ?? ""
    var origin = Rational.zero
    var whole: Rational?
    switch element.name {
    case "asset-clip", "audio", "video":
      if let asset = context.resources.assets[reference] {
        origin = asset.start
        whole = asset.duration
      }
    case "ref-clip":
      if let sequence = context.resources.media[reference]?.children("sequence").first {
        origin = sequence.attributes["tcStart"].flatMap(FCPXMLTime.seconds) ?? .zero
        whole = sequence.attributes["duration"].flatMap(FCPXMLTime.seconds)
      }
    case "mc-clip":
      if let multicam = context.resources.media[reference]?.children("multicam").first {
        origin = multicam.attributes["tcStart"].flatMap(FCPXMLTime.seconds) ?? .zero
        whole = multicam.attributes["duration"].flatMap(FCPXMLTime.seconds)
      }
    case "clip", "sync-clip": origin = context.time(element, "tcStart") ?? .zero
    default: break
    }
    var timing = FCPXMLTiming(start: start ?? origin, duration: .zero)
    conform(element, &timing)
    if element.attributes["duration"] != nil {
      guard let duration else { return nil }
      timing.duration = duration
    } else if let whole, let gone = timing.start.checkedSubtract(origin),
      let rest = whole.checkedSubtract(gone),
      let length = rest.checkedDivide(timing.factor)
    {
      timing.duration = max(.zero, length)
    } else {
      context.fault(
        "cut.badTime", element, "the \(element.name) has no `duration`, nor has what it refers to",
        "Import the file into Final Cut Pro and export the project from there; the clip is not shown.")
    }
    return timing
  }

  private func conform(_ element: XMLElement, _ timing: inout FCPXMLTiming) {
    guard let conform = element.children("conform-rate").first else { return }
    timing.frameSampling = conform.attributes["frameSampling"]
    guard conform.attributes["scaleEnabled"] != "0", let text = conform.attributes["srcFrameRate"] else {
      return
    }
    guard let source = FCPXMLTime.rate(sourceFrameRate: text) else {
      context.fault(
        "cut.badRate", conform, "`srcFrameRate` is `\(text.prefix(40))`, not a rate of the format")
      return
    }
    guard let target = FCPXMLTiming.conformedRate(of: source, in: rate),
      let factor = target.checkedDivide(source.rational)
    else { return }
    timing.factor = factor
    timing.conformed = source
  }
}
