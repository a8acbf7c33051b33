import MediaTime

/// The layer of an element: the lanes on the way to it, outermost first; the primary storyline is empty.
///
/// A connected clip lies above or below the clip it is connected to; lanes count from that clip.
struct FCPXMLLane: Hashable, Comparable {
  var path: [Int] = []

  func adding(_ lane: Int) -> FCPXMLLane { lane == 0 ? self : FCPXMLLane(path: path + [lane]) }

  /// From the bottom up.
  static func < (left: FCPXMLLane, right: FCPXMLLane) -> Bool {
    for index in 0..<max(left.path.count, right.path.count) {
      let one = index < left.path.count ? left.path[index] : 0
      let other = index < right.path.count ? right.path[index] : 0
      if one != other { return one < other }
    }
    return false
  }

  /// Order of sound tracks: the primary storyline, then what is closest to it, below before above.
  var soundRank: [Int] {
    path.flatMap { lane in [lane.magnitude > 1 << 30 ? 1 << 30 : abs(lane), lane < 0 ? 0 : 1] }
  }

  var description: String { path.isEmpty ? "0" : path.map(String.init).joined(separator: ".") }
}

/// Items that stay together on one track: a storyline, or one clip.
struct FCPXMLBlock {
  var lane: FCPXMLLane
  /// By record position, without overlaps; holes are not yet gaps. Transitions stand between the items they join.
  var items: [TrackItem]
  /// Sound only: which of several components of a clip.
  var component = 0

  var range: FrameRange {
    let ranges = items.lazy.compactMap(\.recordRange)
    let start = ranges.first?.start ?? 0
    return FrameRange(
      start: start, end: max(start, items.last { $0.recordRange != nil }?.recordRange?.end ?? start))
  }
}

/// Puts the blocks of a timeline on tracks.
struct FCPXMLTrackLayout {
  /// Where blocks of one lane overlap each other, so many tracks of it at most; what is beyond is not shown.
  static let mostTracksOfLane = 64

  /// Blocks that found no track.
  private(set) var refused: [FCPXMLBlock] = []

  mutating func picture(_ blocks: [FCPXMLBlock]) -> [Track] {
    let lanes = Dictionary(grouping: blocks, by: \.lane)
    var tracks: [Track] = []
    for lane in lanes.keys.sorted() {
      for items in layers(lanes[lane] ?? []) {
        var track = Track(
          kind: .picture, name: "V\(tracks.count + 1)", items: filled(items, transitions: [:]))
        track.metadata = metadata(lane)
        tracks.append(track)
      }
    }
    return tracks
  }

  private struct SoundKey: Hashable {
    var lane: FCPXMLLane
    var component: Int
  }

  /// - Parameter transitions: crossfades by lane and frame of the cut.
  mutating func sound(_ blocks: [FCPXMLBlock], transitions: [FCPXMLLane: [Int64: Transition]]) -> [Track] {
    let lanes = Dictionary(grouping: blocks) { SoundKey(lane: $0.lane, component: $0.component) }
    let order = lanes.keys.sorted { left, right in
      let (one, other) = (left.lane.soundRank, right.lane.soundRank)
      return one == other
        ? left.component < right.component : one.lexicographicallyPrecedes(other)
    }
    var tracks: [Track] = []
    for key in order {
      for items in layers(lanes[key] ?? []) {
        var track = Track(
          kind: .sound, name: "A\(tracks.count + 1)",
          items: filled(items, transitions: transitions[key.lane] ?? [:]))
        track.metadata = metadata(key.lane)
        tracks.append(track)
      }
    }
    return tracks
  }

  private func metadata(_ lane: FCPXMLLane) -> Metadata {
    Metadata([.init(key: "fcpx", value: .object([.init(key: "lane", value: .string(lane.description))]))])
  }

  /// The blocks of one lane on as few tracks as keep the later above the earlier where they overlap.
  private mutating func layers(_ blocks: [FCPXMLBlock]) -> [[TrackItem]] {
    var layers: [(items: [TrackItem], end: Int64)] = []
    let ordered = blocks.map { (block: $0, range: $0.range) }.enumerated()
      .sorted { ($0.element.range.start, $0.offset) < ($1.element.range.start, $1.offset) }
    for (_, entry) in ordered {
      let top = layers.lastIndex { $0.end > entry.range.start } ?? -1
      guard top + 1 < Self.mostTracksOfLane else {
        refused.append(entry.block)
        continue
      }
      if top + 1 == layers.count { layers.append(([], 0)) }
      layers[top + 1].items += entry.block.items
      layers[top + 1].end = entry.range.end
    }
    return layers.map(\.items)
  }

  /// Gaps for the holes, and crossfades at the cuts that have one.
  private func filled(_ items: [TrackItem], transitions: [Int64: Transition]) -> [TrackItem] {
    var filled: [TrackItem] = []
    var end: Int64 = 0
    func isTransition(_ item: TrackItem?) -> Bool {
      if case .transition = item { true } else { false }
    }
    for item in items {
      guard let range = item.recordRange else {
        filled.append(item)
        continue
      }
      if range.start > end {
        if let fade = transitions[end], !filled.isEmpty { filled.append(.transition(fade)) }
        if case .gap(var previous) = filled.last {
          previous.recordRange = FrameRange(start: previous.recordRange.start, end: range.start)
          filled[filled.count - 1] = .gap(previous)
        } else {
          filled.append(.gap(Gap(recordRange: FrameRange(start: end, end: range.start))))
        }
      }
      if let fade = transitions[range.start], !isTransition(filled.last) {
        // A fade from or to silence stands beside a gap, which may have no length.
        if filled.isEmpty { filled.append(.gap(Gap(recordRange: FrameRange(start: 0, count: 0)))) }
        filled.append(.transition(fade))
      }
      if case .gap(let gap) = item, case .gap(var previous) = filled.last {
        previous.recordRange = FrameRange(start: previous.recordRange.start, end: gap.recordRange.end)
        filled[filled.count - 1] = .gap(previous)
      } else {
        filled.append(item)
      }
      end = range.end
    }
    if let fade = transitions[end], !filled.isEmpty, !isTransition(filled.last) {
      filled.append(.transition(fade))
      filled.append(.gap(Gap(recordRange: FrameRange(start: end, count: 0))))
    }
    return filled
  }
}
