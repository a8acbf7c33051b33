import Diagnostics
import Editorial
import ImageGraph
import MediaTime

/// A conformed picture track as spans of frames: clips, the transitions between them, and black.
struct TrackLayout {
  /// A clip or a gap: what it shows at each of its record frames, and before and after them.
  private struct Part {
    var range: FrameRange
    var node: ImageNode
    var map: FrameMap
    var shot: PictureSpan.Shot?

    func map(at frame: Int64) -> FrameMap { map.advanced(by: frame - range.start) }

    /// The shot seen from a frame of the timeline.
    func shot(at frame: Int64) -> PictureSpan.Shot? {
      shot.map { shot in
        var copy = shot
        copy.source = map(at: frame)
        return copy
      }
    }
  }

  private let workspace: PlanningWorkspace
  private let sizing: Sizing
  private let track: Int
  private(set) var spans: [PictureSpan] = []
  private(set) var diagnostics: [Diagnostic] = []

  init(track: Int, sizing: Sizing, workspace: PlanningWorkspace) {
    self.workspace = workspace
    self.sizing = sizing
    self.track = track
    lay()
  }

  /// What the files say about their pictures and the programme does not follow: told once for each file.
  private mutating func noteSources() {
    var seen: Set<Int> = []
    for event in workspace.conform.events where event.trackIndex == track {
      guard let index = event.media, seen.insert(index).inserted,
        let video = workspace.files[index].facts.video
      else { continue }
      let facts = workspace.files[index].facts
      var notes: [String] = []
      if let rotation = facts.tags["rotation"] {
        notes.append("is flagged to be shown rotated by \(rotation)°, and is not rotated")
      }
      if !["progressive", "unknown"].contains(video.fieldOrder) {
        notes.append("is interlaced, and is not deinterlaced")
      }
      if ["smpte2084", "arib-std-b67"].contains(video.transfer) || video.primaries == "bt2020" {
        notes.append("is tagged \(video.primaries) \(video.transfer), and is read as Rec.709")
      }
      diagnostics += notes.map { note in
        Diagnostic(
          severity: .warning, family: .usage, code: "editing.sourceNotFollowed",
          location: event.clip.location,
          message: "\(facts.fileName) \(note)", remedy: nil)
      }
    }
  }

  private mutating func lay() {
    noteSources()
    let items = workspace.timeline.tracks[track].items
    let events = Dictionary(
      workspace.conform.events.filter { $0.trackIndex == track }.map { ($0.itemIndex, $0) },
      uniquingKeysWith: { first, _ in first })
    let parts = items.indices.map { index in part(items[index], event: events[index]) }
    // The next frame that no span shows yet.
    var next: Int64 = 0
    for (index, item) in items.enumerated() {
      if case .transition(let transition) = item {
        let outgoing = parts[..<index].last { $0 != nil } ?? nil
        let incoming = parts[(index + 1)...].first { $0 != nil } ?? nil
        let cut = incoming?.range.start ?? outgoing?.range.end ?? next
        let range = FrameRange(start: cut - transition.inOffset, count: transition.count)
        add(transition, range, outgoing: outgoing, incoming: incoming, next: &next)
      } else if let part = parts[index] {
        // What the transition before has shown already is left out, and what the one after will show.
        var end = part.range.end
        if index + 1 < items.count, case .transition(let transition) = items[index + 1] {
          end -= transition.inOffset
        }
        add(part, until: end, next: &next)
      }
    }
    add(
      black(FrameRange(start: next, end: max(next, workspace.timeline.frameCount))), until: nil, next: &next)
  }

  private mutating func add(_ part: Part, until end: Int64?, next: inout Int64) {
    let end = end ?? part.range.end
    if part.range.start > next {
      noteGap(FrameRange(start: next, end: part.range.start))
      add(black(FrameRange(start: next, end: part.range.start)), until: nil, next: &next)
    }
    guard end > next else { return }
    spans.append(
      PictureSpan(node: part.node, map: part.map(at: next), count: end - next, shot: part.shot(at: next)))
    next = end
  }

  private mutating func noteGap(_ range: FrameRange) {
    let timeline = workspace.timeline
    diagnostics.append(
      Diagnostic(
        severity: .note, family: .usage, code: "editing.gap", location: nil,
        message: "nothing is on the picture track from \(timeline.timecode(at: range.start)) to "
          + "\(timeline.timecode(at: range.end)); it is black", remedy: nil))
  }

  private mutating func add(
    _ transition: Editorial.Transition, _ range: FrameRange, outgoing: Part?, incoming: Part?,
    next: inout Int64
  ) {
    guard range.count > 0 else { return }
    let outgoing = outgoing ?? black(range)
    let incoming = incoming ?? black(range)
    let rendered = ImageGraph.Transition(
      kind: kind(transition), count: range.count, outgoing: outgoing.map(at: range.start),
      incoming: incoming.map(at: range.start))
    spans.append(
      PictureSpan(
        node: .transition(rendered, outgoing: outgoing.node, incoming: incoming.node),
        map: FrameMap(first: 0), count: range.count,
        shot: incoming.shot(at: range.start) ?? outgoing.shot(at: range.start),
        outgoingShot: outgoing.shot(at: range.start)))
    next = range.end
  }

  /// Wipes 001 and 002 as they are; any other pattern is approximated by a dissolve, and that is said.
  private mutating func kind(_ transition: Editorial.Transition) -> ImageGraph.Transition.Kind {
    switch transition.kind {
    case .dissolve: return .dissolve
    case .wipe(1): return .wipeLeftToRight
    case .wipe(2): return .wipeTopToBottom
    case .wipe, .custom, .key:
      diagnostics.append(
        Diagnostic(
          severity: .warning, family: .usage, code: "editing.approximatedTransition",
          location: transition.location,
          message: "event \(transition.event): \(transition.name ?? "the transition") is approximated by a "
            + "dissolve of \(transition.count) frames", remedy: nil))
      return .dissolve
    }
  }

  private func part(_ item: TrackItem, event: ConformedEvent?) -> Part? {
    switch item {
    case .transition, .nest: return nil
    case .gap(let gap): return black(gap.recordRange)
    case .clip(let clip):
      guard let event, let index = event.media, let video = workspace.files[index].facts.video else {
        // Black of the cut itself has no media; anything else was refused by the relink.
        return black(clip.recordRange)
      }
      let source = PictureSource(
        media: workspace.files[index].identity, stream: video.stream, interpretation: Interpretation(video))
      let map = event.frameMap
      return Part(
        range: clip.recordRange, node: .sizing(sizing, of: .source(source)), map: map,
        shot: PictureSpan.Shot(
          event: clip.event, name: clip.shot, recordStart: clip.recordRange.start, media: source.media,
          source: map))
    }
  }

  private func black(_ range: FrameRange) -> Part {
    Part(range: range, node: .black(Black()), map: FrameMap(first: 0, speed: .zero), shot: nil)
  }
}
