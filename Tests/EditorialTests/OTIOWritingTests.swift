import Diagnostics
import Editorial
import MediaTime
import TestSupport
import Testing

@Suite struct OTIOWritingTests {
  private func again(_ timeline: Timeline) throws -> Timeline {
    try Cut.read(path: "again.otio", bytes: OTIOWriter.write(timeline).bytes).timeline(rate: nil)
  }

  /// Where two timelines differ, as short as it can be said.
  private func difference(_ left: Timeline, _ right: Timeline) -> String {
    for (a, b) in zip(left.tracks, right.tracks) where a != b {
      for (x, y) in zip(a.items, b.items) where x != y { return "\(x) is read as \(y)" }
      return "track \(a.name) has \(a.items.count) items and is read as \(b.name) with \(b.items.count)"
    }
    var (left, right) = (left, right)
    left.tracks = []
    right.tracks = []
    return "\(left) is read as \(right)"
  }

  /// What a reader adds to name the objects of the file, and the model does not have before.
  private func plain(_ timeline: Timeline) -> Timeline {
    func stripped(_ metadata: Metadata) -> Metadata { Metadata(metadata.entries.filter { $0.key != "otio" }) }
    var copy = timeline.withoutPlaces
    copy.metadata = stripped(copy.metadata)
    copy.faults = []
    for track in copy.tracks.indices {
      copy.tracks[track].metadata = stripped(copy.tracks[track].metadata)
      copy.tracks[track].items = copy.tracks[track].items.map { item in
        switch item {
        case .clip(var clip):
          clip.metadata = stripped(clip.metadata)
          return .clip(clip)
        case .gap(var gap):
          gap.metadata = stripped(gap.metadata)
          return .gap(gap)
        case .nest(var nest):
          nest.metadata = stripped(nest.metadata)
          nest.timeline = plain(nest.timeline)
          return .nest(nest)
        case .transition(var transition):
          transition.metadata = stripped(transition.metadata)
          return .transition(transition)
        }
      }
    }
    return copy
  }

  @Test(arguments: GeneratedCut.Clock.all)
  func `what is written reads as it was, with all that the model holds`(clock: GeneratedCut.Clock) throws {
    for seed in UInt64(0)..<8 {
      var features = GeneratedCut.Features.everything
      features.usesLabels = seed % 2 == 0
      let timeline = GeneratedCut.timeline(seed: seed, clock: clock, features: features)
      let read = try again(timeline)
      #expect(read.faults == [], "seed \(seed)")
      let (left, right) = (plain(timeline), plain(read))
      let isSame = left == right
      #expect(isSame, "seed \(seed): \(difference(left, right))")
      let isWrittenAlike = OTIOWriter.write(read).bytes == OTIOWriter.write(timeline).bytes
      #expect(isWrittenAlike, "seed \(seed)")
    }
  }

  @Test(arguments: UInt64(0)..<40)
  func `what other programs do not read is among the findings`(seed: UInt64) {
    let timeline = GeneratedCut.timeline(seed: seed, features: .everything)
    let told = OTIOWriter.write(timeline).findings
    func nested(_ timeline: Timeline) -> [TrackItem] {
      timeline.tracks.flatMap(\.items).flatMap { item -> [TrackItem] in
        if case .nest(let nest) = item { return [item] + nested(nest.timeline) }
        return [item]
      }
    }
    let items = nested(timeline)
    let hasCurves = items.contains { if case .clip(let clip) = $0 { clip.curve != nil } else { false } }
    let hasPlacements = items.contains { item in
      switch item {
      case .clip(let clip): clip.adjustments.contains { $0 != .none }
      case .nest(let nest): nest.adjustment != .none
      case .gap, .transition: false
      }
    }
    #expect(told.contains { $0.what.hasPrefix("a speed that changes") } == hasCurves)
    #expect(told.contains { $0.what.hasPrefix("sizing, opacity") } == hasPlacements)
    #expect(told.allSatisfy { $0.kind == .approximated && !$0.isFault })
  }
}
