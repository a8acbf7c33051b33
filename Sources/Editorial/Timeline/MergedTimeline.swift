import MediaTime

extension Timeline {
  /// Lists of one programme on one clock: frame 0 is the earliest of their starts.
  ///
  /// What does not overlap in record time, as presentation reels do, goes on the same tracks; lists that do overlap are
  /// tracks over each other, the later above. `nil` when there are none or their rates or counting differ.
  package static func merged(_ timelines: [Timeline]) -> Timeline? {
    guard var whole = timelines.first, let start = timelines.map(\.startFrame).min() else { return nil }
    guard timelines.allSatisfy({ $0.rate == whole.rate && $0.isDropFrame == whole.isDropFrame }) else {
      return nil
    }
    whole.startFrame = start
    whole.markers = timelines.flatMap { timeline in
      timeline.markers.map { marker in
        var marker = marker
        marker.frame += timeline.startFrame - start
        return marker
      }
    }
    whole.findings = timelines.flatMap(\.findings)
    whole.faults = timelines.flatMap(\.faults)
    for timeline in timelines.dropFirst() {
      for entry in timeline.metadata.entries where whole.metadata[entry.key] == nil {
        whole.metadata.entries.append(entry)
      }
    }
    whole.tracks = [Track.Kind.picture, .sound].flatMap { kind in
      var layers: [Layer] = []
      for timeline in timelines {
        let tracks = timeline.tracks.filter { $0.kind == kind }.map {
          $0.offset(by: timeline.startFrame - start)
        }
        guard !tracks.isEmpty else { continue }
        let reel = Layer.Reel(tracks: tracks)
        if let place = layers.firstIndex(where: { $0.hasRoom(for: reel) }) {
          layers[place].reels.append(reel)
        } else {
          layers.append(Layer(reels: [reel]))
        }
      }
      return named(layers.flatMap(\.tracks))
    }
    return whole
  }

  /// Names that stand twice get the next number that is free.
  private static func named(_ tracks: [Track]) -> [Track] {
    var used: Set<String> = []
    return tracks.map { track in
      var track = track
      if used.contains(track.name) {
        let letter = track.kind == .picture ? "V" : "A"
        track.name = (1...).lazy.map { letter + String($0) }.first { !used.contains($0) } ?? track.name
      }
      used.insert(track.name)
      return track
    }
  }
}

/// Lists whose tracks lie one after the other.
private struct Layer {
  struct Reel {
    var tracks: [Track]
    /// From the first to the last frame that is not a gap, on any of its tracks.
    var span: FrameRange

    init(tracks: [Track]) {
      self.tracks = tracks
      let ranges = tracks.compactMap(\.content)
      let first = ranges.lazy.map(\.start).min() ?? 0
      span = FrameRange(start: first, end: ranges.lazy.map(\.end).max() ?? first)
    }
  }

  var reels: [Reel]

  func hasRoom(for reel: Reel) -> Bool {
    reels.allSatisfy { other in
      other.span.intersection(reel.span) == nil
        && zip(other.tracks, reel.tracks).allSatisfy { $0.isEnabled == $1.isEnabled }
    }
  }

  var tracks: [Track] {
    guard reels.count > 1 else { return reels[0].tracks }
    let inOrder = reels.enumerated().sorted {
      ($0.element.span.start, $0.offset) < ($1.element.span.start, $1.offset)
    }
    return (0..<(reels.lazy.map(\.tracks.count).max() ?? 0)).compactMap { index in
      var whole = reels.first { $0.tracks.indices.contains(index) }?.tracks[index]
      whole?.items = []
      for (_, reel) in inOrder where reel.tracks.indices.contains(index) { whole?.append(reel.tracks[index]) }
      return whole
    }
  }
}

extension Track {
  /// From the first to the last frame that is not a gap.
  fileprivate var content: FrameRange? {
    let ranges = items.compactMap { item -> FrameRange? in
      if case .gap = item { nil } else { item.recordRange }
    }
    guard let first = ranges.first, let last = ranges.last else { return nil }
    return FrameRange(start: first.start, end: last.end)
  }

  /// Puts what a later track has behind this one's, with a gap between them.
  fileprivate mutating func append(_ later: Track) {
    while case .gap? = items.last { items.removeLast() }
    let added = later.items.drop { item in
      if case .gap = item { true } else { false }
    }
    guard let start = added.lazy.compactMap(\.recordRange).first?.start else { return }
    // A fade stays one also where the reels touch: nothing stands between them.
    var isFade = false
    if case .transition? = items.last { isFade = true }
    if case .transition? = added.first { isFade = true }
    if start > end || isFade { items.append(.gap(Gap(recordRange: FrameRange(start: end, end: start)))) }
    items += added
  }
}
