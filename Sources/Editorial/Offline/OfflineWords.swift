import MediaTime

/// Puts the numbers of a comparison into an editor's words.
struct OfflineWords {
  let conform: Conform
  let media: [MediaItem]

  func event(_ result: OfflineProof.Result) -> OfflineProof.Event {
    let event = conform.events[result.event]
    let timeline = conform.timeline
    let record = event.clip.recordRange
    let match = result.match
    var said = OfflineProof.Event(
      event: event.clip.event, track: timeline.tracks[event.trackIndex].name, shot: event.clip.shot,
      recordTimecode: "\(timeline.timecode(at: record.start))–\(timeline.timecode(at: record.end))",
      recordRange: record, verdict: .notComparable, confidence: match.confidence, what: "",
      asConformed: match.asConformed, asFound: match.mismatch,
      shownTimecode: result.shown.map { timeline.timecode(at: $0).description }, still: result.still)
    switch match.kind {
    case .right:
      said.verdict = .right
      said.what = "the picture and its time are the offline's"
      if let tolerance = match.tolerance, tolerance > 0 {
        said.what += "; little moves, and \(Self.frames(tolerance)) early or late would not show"
      }
    case .shifted:
      said.verdict = match.shift > 0 ? .late : .early
      said.frames = Int64(match.shift.magnitude)
      let unit = result.isHeld ? "source frame" : "frame"
      said.what =
        "\(match.shift.magnitude) \(unit)\(match.shift.magnitude == 1 ? "" : "s") "
        + (match.shift > 0 ? "late" : "early") + both(result, event)
    case .drifting:
      said.verdict = .wrongSpeed
      let own = Self.number(event.speed)
      let measured = own + match.slope
      said.speedPercent = (measured * 100).rounded()
      said.what =
        "the offline plays at about \(Self.percent(measured)), the conform at \(Self.percent(own))"
    case .flopped:
      said.verdict = .flopped
      said.what = "left and right are exchanged in the offline" + alsoShifted(match)
    case .resized:
      said.verdict = .wrongSize
      said.sizePercent = (match.scale * 1000).rounded() / 10
      var parts: [String] = []
      if (match.scale - 1).magnitude >= 0.01 {
        parts.append("the offline's picture has \(Self.percent(match.scale)) of the conformed size")
      }
      let moves = [
        Self.move(match.moveX, "right", "left", of: "width"),
        Self.move(match.moveY, "down", "up", of: "height"),
      ].compactMap { $0 }
      if !moves.isEmpty {
        parts.append(
          (parts.isEmpty ? "the offline's picture is moved " : "moved ") + moves.joined(separator: " and "))
      }
      said.what = parts.joined(separator: ", ") + alsoShifted(match)
    case .other:
      said.verdict = .wrongTake
      if let found = result.found {
        let file = media[found.media].facts
        let place = label(file, found.frame, event) ?? "frame \(found.frame)"
        said.foundFile = file.fileName
        said.foundTimecode = label(file, found.frame, event)
        let isSame = found.media == event.media
        said.what =
          (isSame
            ? "the offline shows another part of \(file.fileName)" : "the offline shows \(file.fileName)")
          + " at \(place)" + (conformed(result, event).map { ", the conform \($0)" } ?? "")
      } else {
        said.what = "another picture than the offline's"
        if result.searched > 0 {
          said.what += ", which is in none of the \(result.searched) files searched"
        }
      }
    case .still:
      said.confidence = 0
      said.what = "the picture is the offline's, but stands still: its time cannot be told"
    case .flat:
      said.confidence = 0
      said.what = "both pictures are without detail"
    case .absent:
      said.confidence = 0
      said.what = result.absence ?? "there is no picture to compare"
    }
    return said
  }

  /// What offline and conform show at the frame shown.
  private func both(_ result: OfflineProof.Result, _ event: ConformedEvent) -> String {
    guard let index = event.media, let source = result.source, let matched = result.matched,
      let shown = result.shown
    else { return "" }
    let facts = media[index].facts
    func name(_ frame: Int64) -> String { label(facts, frame, event) ?? "frame \(frame)" }
    return ": at \(conform.timeline.timecode(at: shown)) the offline shows \(name(matched)), the conform "
      + name(source)
  }

  private func conformed(_ result: OfflineProof.Result, _ event: ConformedEvent) -> String? {
    guard let index = event.media, let source = result.source else { return nil }
    let facts = media[index].facts
    let place = label(facts, source, event) ?? "frame \(source)"
    return result.found?.media == index ? "that at \(place)" : "\(facts.fileName) at \(place)"
  }

  private func alsoShifted(_ match: OfflineMatch) -> String {
    guard match.shift != 0 else { return "" }
    return ", and the conform is \(Self.frames(Int64(match.shift.magnitude))) "
      + (match.shift > 0 ? "late" : "early")
  }

  /// Timecode of a frame of a file, as the file counts.
  private func label(_ facts: MediaFacts, _ frame: Int64, _ event: ConformedEvent) -> String? {
    let isOwn = event.media.map { media[$0].facts.identity == facts.identity } ?? false
    let clock: SourceClock?
    if isOwn {
      clock = SourceClock.of(facts, of: event, timeline: conform.timeline)
    } else if case .success(let read) = SourceClock.read(
      facts, default: facts.video?.rate ?? conform.timeline.rate)
    {
      clock = read
    } else {
      clock = nil
    }
    guard let clock, clock.isKnown else { return nil }
    return "\(clock.label(at: frame))"
  }

  private static func frames(_ count: Int64) -> String { count == 1 ? "1 frame" : "\(count) frames" }

  private static func number(_ value: Rational) -> Double {
    Double(value.numerator) / Double(value.denominator)
  }

  /// At most one decimal.
  private static func percent(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(abs(tenths % 10)) %"
  }

  private static func move(_ share: Double, _ positive: String, _ negative: String, of side: String)
    -> String?
  {
    guard share.magnitude >= 0.01 else { return nil }
    return "\(percent(share.magnitude)) of its \(side) to the \(share > 0 ? positive : negative)"
      .replacing("to the down", with: "down").replacing("to the up", with: "up")
  }
}
