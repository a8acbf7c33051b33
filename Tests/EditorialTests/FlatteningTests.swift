import Diagnostics
import Editorial
import MediaTime
import TestSupport
import Testing

/// What is seen at a frame, by playing the nests one inside the other.
private enum Playing {
  struct Sight: Hashable {
    var name: String
    var source: Int64
    var opacity: [Double]
  }

  /// The enabled clips of a kind from the bottom up.
  static func sights(_ timeline: Timeline, _ kind: Track.Kind, at frame: Int64) -> [Sight] {
    timeline.tracks.filter { $0.kind == kind && $0.isEnabled }.flatMap { sights($0, kind, at: frame) }
  }

  private static func sights(_ track: Track, _ kind: Track.Kind, at frame: Int64) -> [Sight] {
    for item in track.items {
      guard let range = item.recordRange, range.contains(frame) else { continue }
      switch item {
      case .clip(let clip) where clip.isEnabled: return [sight(clip, at: frame - range.start)]
      case .nest(let nest) where nest.isEnabled: return sights(nest, kind, at: frame - range.start)
      default: return []
      }
    }
    return []
  }

  static func sight(_ clip: Clip, at frame: Int64) -> Sight {
    guard case .frames(let first, _) = clip.sourceIn else { return Sight(name: "?", source: 0, opacity: []) }
    return Sight(
      name: clip.name, source: first + (clip.sourceOffset(at: frame) ?? 0),
      opacity: clip.adjustments.map { $0.opacity.value(at: frame) }.filter { $0 != 1 })
  }

  private static func sights(_ nest: Nest, _ kind: Track.Kind, at frame: Int64) -> [Sight] {
    let steps = (Rational(frame) * nest.timeScale.magnitude).floor
    let position = nest.curve.flatMap { $0.position(at: frame) } ?? (nest.timeScale < .zero ? -steps : steps)
    var inner = nest.timeline
    inner.tracks = inner.tracks.filter { $0.kind == kind }
    if let track = nest.track { inner.tracks = [inner.tracks[track - 1]] }
    let opacity = nest.adjustment.opacity.value(at: frame)
    return sights(inner, kind, at: nest.sourceIn + position).map { sight in
      var sight = sight
      if opacity != 1 { sight.opacity.append(opacity) }
      return sight
    }
  }
}

/// Timelines of clips, gaps and nests without transitions.
private struct Nests {
  var random: SplitMix64
  let rate = FrameRate(25)
  private let speeds = ["1", "1", "1", "-1", "2", "-3", "0", "1/2", "-2/3", "5/4", "-7/5", "12/7"]

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  mutating func below(_ bound: Int64) -> Int64 { Int64.random(in: 0..<bound, using: &random) }

  mutating func speed() throws -> Rational { try Rational(parsing: speeds[Int(below(12))]) }

  mutating func curve() -> RetimeCurve? {
    guard below(5) == 0 else { return nil }
    return RetimeCurve(
      (0..<(2 + below(3))).map { index in
        RetimeCurve.Knot(
          record: Rational(index * 9 + below(8), 1 + below(2) * 2),
          source: Rational(below(60) - 20, 1 + below(3)))
      })
  }

  mutating func opacity() -> Animated {
    switch below(4) {
    case 0: 0.5
    case 1:
      Animated(keys: [Animated.Key(frame: .zero, value: 0), Animated.Key(frame: Rational(16), value: 1)]) ?? 1
    default: 1
    }
  }

  mutating func timeline(depth: Int) throws -> Timeline {
    var timeline = Timeline(name: "n", rate: rate)
    for number in 0..<(1 + below(2)) {
      var track = Track(kind: .picture, name: "V\(number + 1)")
      track.isEnabled = below(8) > 0
      var position: Int64 = 0
      for _ in 0..<(1 + below(5)) {
        let range = FrameRange(start: position, count: 1 + below(20))
        position = range.end
        switch below(depth > 0 ? 8 : 4) {
        case 0: track.items.append(.gap(Gap(recordRange: range)))
        case 1...3: track.items.append(.clip(try clip(range)))
        default:
          var nest = Nest(
            name: "n", event: "", timeline: try self.timeline(depth: depth - 1), sourceIn: below(30) - 8,
            recordRange: range, timeScale: try speed(), curve: curve(), isEnabled: below(8) > 0,
            adjustment: PictureAdjustment(opacity: opacity()))
          if below(6) == 0 { nest.track = 1 }
          track.items.append(.nest(nest))
        }
      }
      timeline.tracks.append(track)
    }
    return timeline
  }

  private mutating func clip(_ range: FrameRange) throws -> Clip {
    var clip = Clip(
      name: "c\(below(1_000_000))", event: "1", sourceIn: .frames(1000 + below(100), rate),
      recordRange: range,
      timeScale: try speed())
    clip.curve = curve()
    clip.isEnabled = below(8) > 0
    if below(4) == 0 { clip.adjustments = [PictureAdjustment(opacity: opacity())] }
    return clip
  }
}

@Suite struct FlatteningTests {
  @Test(arguments: UInt64(0)..<400)
  func `a flat timeline shows the same frames of the same clips`(seed: UInt64) throws {
    var nests = Nests(seed: seed)
    let timeline = try nests.timeline(depth: 3)
    let flat = timeline.flattened()
    #expect(!flat.tracks.contains { $0.items.contains { if case .nest = $0 { true } else { false } } })
    #expect(flat.faults.isEmpty)
    #expect(flat.frameCount == timeline.frameCount)
    for track in flat.tracks {
      var position: Int64 = 0
      for range in track.items.compactMap(\.recordRange) {
        #expect(range.start == position)
        position = range.end
      }
    }
    for frame in 0..<timeline.frameCount {
      let expected = Playing.sights(timeline, .picture, at: frame)
      let found = Playing.sights(flat, .picture, at: frame)
      #expect(found == expected, "seed \(seed), frame \(frame)")
      if found != expected { return }
    }
  }
}
