import Diagnostics
package import Editorial
package import ImageGraph
import MediaTime

/// A conformed picture track as spans of frames: clips, the transitions between them, and gaps.
struct TrackLayout {
  /// A clip or a gap: what it shows at each of its record frames, and before and after them.
  private struct Part {
    enum Content {
      case clip(ClipPictures)
      case black
      /// A gap, or what is switched off.
      case nothing
    }

    var range: FrameRange
    var content: Content

    var clip: ClipPictures? {
      if case .clip(let clip) = content { clip } else { nil }
    }

    /// The shot seen from a frame of the timeline on, with the map of its stretch.
    func shot(at frame: Int64, map: FrameMap) -> PictureSpan.Shot? {
      clip.map { clip in
        PictureSpan.Shot(
          event: clip.event.clip.event, name: clip.event.clip.shot, place: clip.event.place,
          media: clip.source.media, source: map)
      }
    }

    func stretches(in frames: FrameRange) -> [ClipPictures.Stretch] {
      func still(_ node: ImageNode, covers: Bool) -> [ClipPictures.Stretch] {
        [
          ClipPictures.Stretch(
            node: node, map: FrameMap(first: 0, speed: .zero), count: frames.count, covers: covers)
        ]
      }
      switch content {
      case .clip(let clip): return clip.stretches(from: frames.start - range.start, count: frames.count)
      case .black: return still(.black(Black()), covers: true)
      case .nothing: return still(.nothing, covers: false)
      }
    }
  }

  private let workspace: PlanningWorkspace
  private let sizing: Sizing
  private let track: Int
  /// Whether other picture tracks lie below.
  private let isAbove: Bool
  private(set) var laid: [PictureStack.Laid] = []
  private(set) var diagnostics: [Diagnostic] = []

  init(track: Int, sizing: Sizing, isAbove: Bool, workspace: PlanningWorkspace) {
    self.workspace = workspace
    self.sizing = sizing
    self.track = track
    self.isAbove = isAbove
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
      if workspace.pipeline.colour == nil,
        ["smpte2084", "arib-std-b67"].contains(video.transfer) || video.primaries == "bt2020"
      {
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
    let parts = items.indices.map { index in part(items, index, event: events[index]) }
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
    let rest = FrameRange(start: next, end: max(next, workspace.timeline.frameCount))
    add(Part(range: rest, content: .nothing), until: nil, next: &next)
  }

  private mutating func add(_ part: Part, until end: Int64?, next: inout Int64) {
    let end = end ?? part.range.end
    if part.range.start > next {
      let gap = FrameRange(start: next, end: part.range.start)
      if !isAbove { noteGap(gap) }
      add(Part(range: gap, content: .nothing), until: nil, next: &next)
    }
    guard end > next else { return }
    for stretch in part.stretches(in: FrameRange(start: next, end: end)) {
      laid.append(
        PictureStack.Laid(
          span: PictureSpan(
            node: stretch.node, map: stretch.map, count: stretch.count,
            shot: part.shot(at: next, map: stretch.map)),
          blend: part.clip?.blend ?? .normal, covers: stretch.covers))
      next += stretch.count
    }
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
    let kind = kind(transition)
    let outgoing = side(outgoing, range)
    let incoming = side(incoming, range)
    let blend = blend(transition, outgoing, incoming)
    let (from, to) = (outgoing.stretches(in: range), incoming.stretches(in: range))
    // Where a side changes its speed or its place the transition goes on with other nodes, its frames counted through.
    var (first, second) = (Turn(from), Turn(to))
    var frame: Int64 = 0
    while let left = first.stretch, let right = second.stretch {
      let count = min(first.end, second.end) - frame
      let rendered = ImageGraph.Transition(
        kind: kind, count: range.count, outgoing: left.map.advanced(by: -first.start),
        incoming: right.map.advanced(by: -second.start))
      let leftMap = left.map.advanced(by: frame - first.start)
      let rightMap = right.map.advanced(by: frame - second.start)
      let at = range.start + frame
      laid.append(
        PictureStack.Laid(
          span: PictureSpan(
            node: .transition(rendered, outgoing: left.node, incoming: right.node),
            map: FrameMap(first: 0).advanced(by: frame), count: count,
            shot: incoming.shot(at: at, map: rightMap) ?? outgoing.shot(at: at, map: leftMap),
            outgoingShot: outgoing.shot(at: at, map: leftMap)),
          blend: blend, covers: left.covers && right.covers))
      frame += count
      first.advance(to: frame)
      second.advance(to: frame)
    }
    next = range.end
  }

  /// The stretches of one side of a transition, one after the other.
  private struct Turn {
    private var rest: ArraySlice<ClipPictures.Stretch>
    /// Frames of the transition.
    private(set) var start: Int64 = 0

    init(_ stretches: [ClipPictures.Stretch]) { rest = stretches[...] }

    var stretch: ClipPictures.Stretch? { rest.first }
    var end: Int64 { start + (rest.first?.count ?? 0) }

    mutating func advance(to frame: Int64) {
      guard frame == end else { return }
      start = end
      rest.removeFirst()
    }
  }

  /// On the lowest track a picture comes out of black, on others it comes over what is below.
  private func side(_ part: Part?, _ range: FrameRange) -> Part {
    guard let part else { return Part(range: range, content: isAbove ? .nothing : .black) }
    if case .nothing = part.content, !isAbove { return Part(range: range, content: .black) }
    return part
  }

  private mutating func blend(_ transition: Editorial.Transition, _ outgoing: Part, _ incoming: Part)
    -> Layering.Blend
  {
    guard let second = incoming.clip?.blend else { return outgoing.clip?.blend ?? .normal }
    if let first = outgoing.clip?.blend, first != second {
      diagnostics.append(
        Diagnostic(
          severity: .warning, family: .usage, code: "editing.approximatedBlend",
          location: transition.location,
          message:
            "event \(transition.event) goes from a picture laid on by \(first.rawValue) to one laid on by "
            + "\(second.rawValue); over the transition both are laid on by \(second.rawValue)", remedy: nil))
    }
    return second
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

  private func part(_ items: [TrackItem], _ index: Int, event: ConformedEvent?) -> Part? {
    switch items[index] {
    case .transition, .nest: return nil
    case .gap(let gap): return Part(range: gap.recordRange, content: .nothing)
    case .clip(let clip):
      guard clip.isEnabled else { return Part(range: clip.recordRange, content: .nothing) }
      guard let event, let media = event.media, let video = workspace.files[media].facts.video else {
        // Black of the cut itself has no media; anything else was refused by the relink.
        let isFade = isAbove && clip.recordRange.count <= transitionFrames(items, index)
        return Part(range: clip.recordRange, content: isFade ? .nothing : .black)
      }
      return Part(
        range: clip.recordRange,
        content: .clip(
          ClipPictures(
            event: event, media: LayerMedia(file: workspace.files[media], video: video), sizing: sizing,
            isAbove: isAbove)))
    }
  }

  /// Frames of a clip that its transitions show: a list has no other way to say that a picture comes from nothing than
  /// black that is seen in the transition alone.
  private func transitionFrames(_ items: [TrackItem], _ index: Int) -> Int64 {
    var frames: Int64 = 0
    if index > 0, case .transition(let before) = items[index - 1] { frames += before.outOffset }
    if index + 1 < items.count, case .transition(let after) = items[index + 1] { frames += after.inOffset }
    return frames
  }
}

extension ConformedEvent {
  /// Where it is in the cut.
  package var place: PictureSpan.Shot.Place {
    PictureSpan.Shot.Place(track: trackIndex, start: clip.recordRange.start)
  }
}
