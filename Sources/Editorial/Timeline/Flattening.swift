import Diagnostics
import MediaTime

extension Timeline {
  /// The same programme without nests: each is replaced by the clips that are seen through it.
  ///
  /// The lowest track of a nest that has clips goes in line on the nest's own track, the others become tracks directly
  /// above it. What the programme would not show alike is a finding; a cut whose nests multiply beyond measure is a
  /// fault.
  package func flattened() -> Timeline {
    guard tracks.contains(where: \.hasNests) else { return self }
    var flattener = Flattener()
    var timeline = flattener.flat(self, depth: 0)
    timeline.findings += flattener.findings
    timeline.faults += flattener.faults
    return timeline
  }
}

extension Track {
  var hasNests: Bool {
    items.contains { if case .nest = $0 { true } else { false } }
  }
}

/// One flattening: what it may still produce, and what it lost.
private struct Flattener {
  /// Nests may stand in nests, and each doubles what is in it.
  static let deepest = 64
  static let mostItems = 400_000
  static let mostFrames = 1_000_000

  private(set) var faults: [Diagnostic] = []
  private var room = Flattener.mostItems
  private var frames = Flattener.mostFrames
  private var losses: [(loss: NestLoss, events: [String], location: SourceLocation?)] = []
  private var inner: [Finding] = []
  private var known: Set<Finding> = []
  private var isFull = false
  private var isTooDeep = false

  /// The timeline with its findings, those of the nested ones included.
  mutating func flat(_ timeline: Timeline, depth: Int) -> Timeline {
    var result = timeline
    result.tracks = timeline.tracks.flatMap { track in
      track.hasNests ? flat(track, of: timeline, markers: &result.markers, depth: depth) : [track]
    }
    return result
  }

  private mutating func flat(_ track: Track, of timeline: Timeline, markers: inout [Marker], depth: Int)
    -> [Track]
  {
    var tracks = [track]
    tracks[0].items = []
    for (index, item) in track.items.enumerated() {
      guard case .nest(let nest) = item else {
        tracks[0].items.append(item)
        room -= 1
        continue
      }
      let before = index > 0 ? track.items[index - 1].transition : nil
      let after = index + 1 < track.items.count ? track.items[index + 1].transition : nil
      guard let map = NestMap(nest, in: timeline.rate),
        let layers = layers(nest, map, kind: track.kind, before: before, after: after, depth: depth)
      else {
        if !isFull, !isTooDeep { note(.motion, nest) }
        tracks[0].items.append(.gap(Gap(recordRange: nest.recordRange)))
        continue
      }
      if map.scale != .one { note(.otherRate(nest.timeline.rate, timeline.rate), nest) }
      check(layers, nest, before: before, after: after, kind: track.kind)
      tracks[0].items += layers.first?.items ?? [.gap(Gap(recordRange: nest.recordRange))]
      for (height, layer) in layers.enumerated().dropFirst() {
        if height == tracks.count {
          var extra = Track(kind: track.kind, name: "\(track.name).\(height + 1)")
          extra.isEnabled = track.isEnabled
          tracks.append(extra)
        }
        let end = tracks[height].end
        if end < nest.recordRange.start {
          let gap = FrameRange(start: end, end: nest.recordRange.start)
          tracks[height].items.append(.gap(Gap(recordRange: gap)))
        }
        tracks[height].items += layer.items
      }
      if nest.isEnabled { markers += self.markers(of: nest, map) }
    }
    return tracks
  }

  /// The tracks of a nest that have clips, those that are seen first; `nil` where there is no room for them.
  private mutating func layers(
    _ nest: Nest, _ map: NestMap, kind: Track.Kind, before: Transition?, after: Transition?, depth: Int
  ) -> [NestLayer]? {
    guard depth < Self.deepest else {
      tooDeep(nest)
      return nil
    }
    var timeline = nest.timeline
    timeline.tracks = timeline.tracks.filter { $0.kind == kind }
    if let number = nest.track {
      timeline.tracks = timeline.tracks.indices.contains(number - 1) ? [timeline.tracks[number - 1]] : []
    }
    room -= 1 + timeline.tracks.count
    guard room > 0 else {
      full(nest)
      return nil
    }
    for finding in timeline.findings where known.insert(finding).inserted { inner.append(finding) }
    for fault in timeline.faults where !faults.contains(fault) { faults.append(fault) }
    timeline = flat(timeline, depth: depth + 1)
    var layers: [NestLayer] = []
    for track in timeline.tracks {
      guard room > 0,
        let layer = NestLayer(
          track, of: nest, through: map, before: before, after: after, room: &frames, limit: room)
      else {
        if room <= track.items.count { full(nest) }
        return nil
      }
      room -= layer.items.count
      for loss in layer.losses where nest.isEnabled && track.isEnabled { note(.layer(loss, kind), nest) }
      if layer.items.contains(where: { if case .gap = $0 { false } else { true } }) { layers.append(layer) }
    }
    return layers.filter { !$0.seen.isEmpty } + layers.filter(\.seen.isEmpty)
  }

  // MARK: What is lost

  private mutating func check(
    _ layers: [NestLayer], _ nest: Nest, before: Transition?, after: Transition?, kind: Track.Kind
  ) {
    guard nest.isEnabled else { return }
    var edges: [FrameRange] = []
    if let before {
      let cut = nest.recordRange.start
      edges.append(FrameRange(start: cut - before.inOffset, end: cut + before.outOffset))
    }
    if let after {
      let cut = nest.recordRange.end
      edges.append(FrameRange(start: cut - after.inOffset, end: cut + after.outOffset))
    }
    let isHeld = layers.first?.isReachable ?? true
    let isBelow = layers.dropFirst().contains { layer in edges.contains { layer.isSeen(at: $0) } }
    if !isHeld || isBelow { note(.layer(.transitionCut, kind), nest) }
    guard kind == .picture else { return }
    let isGroup = Self.overlap(layers.flatMap(\.seen))
    if isGroup, nest.adjustment.blend != .normal { note(.groupBlend, nest) }
    if isGroup, nest.adjustment.opacity.constant != 1 { note(.groupOpacity, nest) }
  }

  private static func overlap(_ ranges: [FrameRange]) -> Bool {
    let sorted = ranges.sorted { $0.start < $1.start }
    return zip(sorted, sorted.dropFirst()).contains { $0.end > $1.start }
  }

  private mutating func note(_ loss: NestLoss, _ nest: Nest) {
    let name = nest.event.isEmpty ? "`\(nest.name)`" : nest.event
    if let index = losses.firstIndex(where: { $0.loss == loss }) {
      if losses[index].events.last != name { losses[index].events.append(name) }
    } else {
      losses.append((loss, [name], nest.location))
    }
  }

  /// Those of the nested timelines, then one for each cause.
  var findings: [Finding] {
    inner
      + losses.map { entry in
        var finding = entry.loss.finding
        finding.what += " (\(entry.events.count == 1 ? "nest" : "nests") \(Finding.names(entry.events)))"
        finding.location = entry.location
        finding.event = entry.events.count == 1 ? entry.events[0] : nil
        return finding
      }
  }

  private mutating func full(_ nest: Nest) {
    guard !isFull else { return }
    isFull = true
    faults.append(
      Diagnostic(
        family: .usage, code: "cut.tooManyItems", location: nest.location,
        message: "the nested timelines come to more than \(Self.mostItems) items when they are played",
        remedy: "Export the timeline with its nested timelines flattened."))
  }

  private mutating func tooDeep(_ nest: Nest) {
    guard !isTooDeep else { return }
    isTooDeep = true
    faults.append(
      Diagnostic(
        family: .usage, code: "cut.tooDeep", location: nest.location,
        message: "the nested timelines lie more than \(Self.deepest) deep",
        remedy: "Export the timeline with its nested timelines flattened."))
  }

  /// The notes on the nest and on its timeline, at the frames where theirs are first seen.
  private func markers(of nest: Nest, _ map: NestMap) -> [Marker] {
    let window = FrameRange(start: 0, count: nest.recordRange.count)
    let own = nest.markers.compactMap { marker -> Marker? in
      let (frame, isOver) = marker.frame.addingReportingOverflow(nest.sourceIn)
      guard !isOver else { return nil }
      var marker = marker
      marker.frame = frame
      return marker
    }
    return (own + nest.timeline.markers).compactMap { marker in
      let frames = FrameIntervals(ranges: [FrameRange(start: marker.frame, count: 1)])
      guard let runs = map.lines.runs(over: window, in: frames, limit: 10_000),
        let run = runs.first(where: { $0.interval == 0 })
      else { return nil }
      var marker = marker
      marker.frame = nest.recordRange.start + run.frames.start
      return marker
    }
  }
}

/// Why a nest is not shown as it is.
private enum NestLoss: Hashable {
  case layer(NestLayer.Loss, Track.Kind)
  case otherRate(FrameRate, FrameRate)
  case groupOpacity
  case groupBlend
  case motion

  var finding: Finding {
    switch self {
    case .layer(.transitionCut, let kind):
      Finding(
        kind: .dropped, what: "a transition that crosses the edge of a nested timeline is not carried",
        isFault: kind == .picture)
    case .layer(.transitionRetimed, _):
      Finding(
        kind: .approximated,
        what: "a transition inside a retimed nested timeline runs evenly over its own frames")
    case .layer(.transitionTurned, let kind):
      Finding(
        kind: .dropped,
        what:
          "a transition inside a nested timeline that is held, changes its speed or runs backwards is not carried",
        isFault: kind == .picture)
    case .layer(.motion, _), .motion:
      Finding(
        kind: .dropped, what: "the speed of a nested timeline cannot be calculated, and its place is empty",
        isFault: true)
    case .otherRate(let inner, let outer):
      Finding(
        kind: .approximated,
        what: "a nested timeline at \(inner) in one at \(outer) shows the nearest of its frames")
    case .groupOpacity:
      Finding(
        kind: .approximated,
        what: "the opacity of a nested timeline is that of each of its layers, which overlap")
    case .groupBlend:
      Finding(
        kind: .approximated,
        what: "the composite mode of a nested timeline is that of each of its layers, which overlap",
        isFault: true)
    }
  }
}

extension TrackItem {
  fileprivate var transition: Transition? {
    if case .transition(let transition) = self { return transition }
    return nil
  }
}

extension Finding {
  /// Names, as many as a sentence bears.
  fileprivate static func names(_ names: [String]) -> String {
    names.prefix(12).joined(separator: ", ") + (names.count > 12 ? " and \(names.count - 12) more" : "")
  }
}
