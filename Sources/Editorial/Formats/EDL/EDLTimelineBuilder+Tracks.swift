import Diagnostics
import MediaTime

/// Clips laid out on tracks.
extension EDLTimelineBuilder {
  mutating func track(_ key: TrackKey) -> Track {
    let clips = placed[key] ?? []
    var pieces = clips.indices.map { TrackOverlaps.Piece(index: $0, range: clips[$0].clip.recordRange) }
    pieces.sort { ($0.range.start, $0.index) < ($1.range.start, $1.index) }
    if TrackOverlaps.isFound(in: pieces) {
      let cut = TrackOverlaps.resolved(pieces)
      report(cut, of: clips, on: key)
      pieces = cut
    }
    var items: [TrackItem] = []
    var end: Int64 = 0
    for piece in pieces {
      let item = clips[piece.index]
      let isWhole = piece.range == item.clip.recordRange
      guard let clip = isWhole ? item.clip : trimmed(item.clip, to: piece.range) else { continue }
      if piece.range.start > end {
        items.append(.gap(Gap(recordRange: FrameRange(start: end, end: piece.range.start))))
      }
      if let transition = item.transition, piece.range.start == item.clip.recordRange.start {
        if let outgoing = item.outgoing { join(outgoing, to: &items) }
        items.append(.transition(transition))
      }
      items.append(.clip(clip))
      end = piece.range.end
    }
    return Track(kind: key.kind, name: key.name, items: items)
  }

  private mutating func report(_ pieces: [TrackOverlaps.Piece], of clips: [PlacedClip], on key: TrackKey) {
    var shown: [Int: Int64] = [:]
    for piece in pieces { shown[piece.index, default: 0] += piece.range.count }
    for (index, item) in clips.enumerated() where shown[index] != item.clip.recordRange.count {
      let isCovered = shown[index] == nil
      found(
        isCovered ? .dropped : .approximated,
        "events overlap on \(key.name) and the later in the list is used: these are "
          + (isCovered ? "covered whole" : "cut short"),
        item.line, item.clip.event)
    }
  }

  /// The clip for a part of its record range; `nil` where the source frame of its beginning cannot be said.
  func trimmed(_ clip: Clip, to range: FrameRange) -> Clip? {
    let before = range.start - clip.recordRange.start
    guard let offset = clip.sourceOffset(at: before) else { return nil }
    var part = clip
    part.recordRange = range
    if offset != 0 {
      guard let first = clip.sourceIn.advanced(by: offset, rate: rate) else { return nil }
      part.sourceIn = first
    }
    // The list's own out is no longer a check, and no length tells the speed.
    part.sourceCount = nil
    part.sourceOut = nil
    if clip.timeScale != .one { part.isSpeedGiven = true }
    return part
  }

  /// A transition goes from what its own outgoing line names: mostly the clip that ends there, which is continued. From
  /// black or another reel, that stands between with no length of its own.
  private mutating func join(_ outgoing: Clip, to items: inout [TrackItem]) {
    guard case .clip(let previous) = items.last, previous.recordRange.end == outgoing.recordRange.start else {
      if !outgoing.isBlack { items.append(.clip(outgoing)) }
      return
    }
    if outgoing.isBlack {
      if !previous.isBlack { items.append(.gap(Gap(recordRange: outgoing.recordRange))) }
    } else if outgoing.sourceReel?.lowercased() != previous.sourceReel?.lowercased() {
      items.append(.clip(outgoing))
    } else if outgoing.isSpeedGiven, !EDLSpeed.isAlike(outgoing.timeScale, previous.timeScale, rate: rate) {
      findings.add(
        .dropped, "M2 lines of outgoing clips do not agree with the clips' own events, whose speeds are used",
        event: outgoing.event, at: outgoing.location)
    }
  }
}

/// Frames of a track that several events claim go to the last of them in the list: a recorder leaves them so.
enum TrackOverlaps {
  struct Piece: Equatable {
    /// Place of the clip in the list.
    var index: Int
    var range: FrameRange
  }

  /// - Parameter pieces: by ascending start.
  static func isFound(in pieces: [Piece]) -> Bool {
    zip(pieces, pieces.dropFirst()).contains { $0.range.end > $1.range.start }
  }

  /// The parts that stay, by ascending start, none of them empty.
  ///
  /// - Parameter pieces: by ascending start.
  /// - Complexity: O(n log n): a sweep over the edges with the clips that cover it in a heap.
  static func resolved(_ pieces: [Piece]) -> [Piece] {
    let edges = Set(pieces.lazy.flatMap { [$0.range.start, $0.range.end] }).sorted()
    var open = LatestFirst()
    var next = 0
    var result: [Piece] = []
    for (edge, following) in zip(edges, edges.dropFirst()) {
      while next < pieces.count, pieces[next].range.start == edge {
        open.push(pieces[next])
        next += 1
      }
      while let top = open.top, top.range.end <= edge { open.pop() }
      guard let top = open.top else { continue }
      if let last = result.last, last.index == top.index, last.range.end == edge {
        result[result.count - 1].range = FrameRange(start: last.range.start, end: following)
      } else {
        result.append(Piece(index: top.index, range: FrameRange(start: edge, end: following)))
      }
    }
    return result
  }

  /// A binary heap with the latest of the list on top.
  private struct LatestFirst {
    private var pieces: [Piece] = []

    var top: Piece? { pieces.first }

    mutating func push(_ piece: Piece) {
      pieces.append(piece)
      var child = pieces.count - 1
      while child > 0, pieces[(child - 1) / 2].index < pieces[child].index {
        pieces.swapAt(child, (child - 1) / 2)
        child = (child - 1) / 2
      }
    }

    mutating func pop() {
      guard let last = pieces.popLast(), !pieces.isEmpty else { return }
      pieces[0] = last
      var parent = 0
      while 2 * parent + 1 < pieces.count {
        var child = 2 * parent + 1
        if child + 1 < pieces.count, pieces[child + 1].index > pieces[child].index { child += 1 }
        guard pieces[child].index > pieces[parent].index else { return }
        pieces.swapAt(child, parent)
        parent = child
      }
    }
  }
}
