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

  // MARK: Transitions

  private let rate = FrameRate(25)

  private func clip(_ name: String, _ start: Int64, _ count: Int64, at first: Int64 = 1000) -> TrackItem {
    .clip(
      Clip(
        name: name, event: name, sourceIn: .frames(first, rate),
        recordRange: FrameRange(start: start, count: count)))
  }

  private func gap(_ start: Int64, _ count: Int64) -> TrackItem {
    .gap(Gap(recordRange: FrameRange(start: start, count: count)))
  }

  private func dissolve(_ before: Int64, _ after: Int64, _ kind: Transition.Kind = .dissolve) -> TrackItem {
    .transition(Transition(kind: kind, event: "T", inOffset: before, outOffset: after))
  }

  private func timeline(_ tracks: [TrackItem]..., rate: FrameRate = FrameRate(25)) -> Timeline {
    var timeline = Timeline(name: "t", rate: rate)
    timeline.tracks = tracks.enumerated().map { Track(kind: .picture, name: "V\($0 + 1)", items: $1) }
    return timeline
  }

  private func nest(
    _ inner: Timeline, _ start: Int64, _ count: Int64, from first: Int64 = 0, speed: Rational = .one,
    adjustment: PictureAdjustment = .none
  ) -> TrackItem {
    .nest(
      Nest(
        name: "N", event: "9", timeline: inner, sourceIn: first,
        recordRange: FrameRange(start: start, count: count),
        timeScale: speed, adjustment: adjustment))
  }

  /// Names of clips with their record ranges, `-` for gaps, `x` for transitions with their offsets.
  private func outline(_ track: Track) -> [String] {
    track.items.map { item in
      switch item {
      case .clip(let clip): "\(clip.name) \(clip.recordRange)"
      case .gap(let gap): "- \(gap.recordRange)"
      case .transition(let transition): "x \(transition.inOffset) \(transition.outOffset)"
      case .nest(let nest): "\(nest.name) \(nest.recordRange)"
      }
    }
  }

  @Test func `a transition inside a nest stays where its frames are`() {
    let inner = timeline([clip("a", 0, 20), dissolve(4, 6), clip("b", 20, 20)])
    let flat = timeline([clip("x", 0, 10), nest(inner, 10, 20, from: 10)]).flattened()
    #expect(outline(flat.tracks[0]) == ["x [0, 10)", "a [10, 20)", "x 4 6", "b [20, 30)"])
    #expect(flat.findings.isEmpty)
    // The edge of the nest one frame inside the dissolve.
    let cut = timeline([clip("x", 0, 10), nest(inner, 10, 20, from: 17)]).flattened()
    #expect(outline(cut.tracks[0]) == ["x [0, 10)", "a [10, 13)", "b [13, 30)"])
    #expect(cut.findings.map(\.isFault) == [true])
    #expect(cut.findings[0].what.hasPrefix("a transition that crosses the edge"))
    // Beyond its last frame it is not seen at all.
    let after = timeline([nest(inner, 0, 10, from: 26)]).flattened()
    #expect(outline(after.tracks[0]) == ["b [0, 10)"] && after.findings.isEmpty)
  }

  @Test func `a fade at the edge of a nest keeps its gap`() {
    let inner = timeline([gap(0, 0), dissolve(0, 6), clip("a", 0, 20), dissolve(5, 0), gap(20, 0)])
    let flat = timeline([clip("x", 0, 10), nest(inner, 10, 20), clip("y", 30, 5)]).flattened()
    #expect(
      outline(flat.tracks[0]) == [
        "x [0, 10)", "- [10, 10)", "x 0 6", "a [10, 30)", "x 5 0", "- [30, 30)", "y [30, 35)",
      ])
    #expect(flat.findings.isEmpty)
  }

  @Test func `a dissolve beside a nest needs one clip of it over all its frames`() throws {
    let inner = timeline([clip("a", 0, 30), clip("b", 30, 30)])
    let outer = timeline([clip("x", 0, 10), dissolve(3, 4), nest(inner, 10, 20, from: 5)])
    let flat = outer.flattened()
    #expect(outline(flat.tracks[0]) == ["x [0, 10)", "x 3 4", "a [10, 30)"] && flat.findings.isEmpty)
    #expect(flat.tracks[0].clips[1].sourceIn == .frames(1005, rate))
    // The nested clip ends within the dissolve.
    let short = timeline([clip("x", 0, 10), dissolve(3, 4), nest(inner, 10, 20, from: 27)]).flattened()
    #expect(short.findings.map(\.isFault) == [true])
    // A second layer would have to dissolve with it.
    let layers = timeline([clip("a", 0, 30)], [clip("b", 0, 30)])
    let group = timeline([clip("x", 0, 10), dissolve(3, 4), nest(layers, 10, 20, from: 5)]).flattened()
    #expect(group.findings.map(\.isFault) == [true] && group.tracks.map(\.name) == ["V1", "V1.2"])
  }

  @Test func `a transition in a retimed nest is scaled, and turned with it`() {
    let inner = timeline([clip("a", 0, 40), dissolve(8, 12), clip("b", 40, 40)])
    let fast = timeline([nest(inner, 0, 40, speed: Rational(2))]).flattened()
    #expect(outline(fast.tracks[0]) == ["a [0, 20)", "x 4 6", "b [20, 40)"])
    #expect(
      fast.findings.map(\.kind) == [.approximated]
        && fast.tracks[0].clips.map(\.timeScale) == [Rational(2), Rational(2)])
    let back = timeline([nest(inner, 0, 80, from: 79, speed: Rational(-1))]).flattened()
    #expect(outline(back.tracks[0]) == ["b [0, 40)", "x 12 8", "a [40, 80)"])
    var wipe = inner
    wipe.tracks[0].items[1] = dissolve(8, 12, .wipe(1))
    let turned = timeline([nest(wipe, 0, 80, from: 79, speed: Rational(-1))]).flattened()
    #expect(turned.findings.map(\.isFault) == [true])
  }

  // MARK: Layers, rates and limits

  @Test func `a group's opacity over layers that overlap is said to be approximated`() {
    let faded = PictureAdjustment(opacity: 0.5)
    let apart = timeline([clip("a", 0, 10), gap(10, 10)], [gap(0, 10), clip("b", 10, 10)])
    let together = timeline([clip("a", 0, 11), gap(11, 9)], [gap(0, 10), clip("b", 10, 10)])
    #expect(timeline([nest(apart, 0, 20, adjustment: faded)]).flattened().findings.isEmpty)
    let flat = timeline([nest(together, 0, 20, adjustment: faded)]).flattened()
    #expect(flat.findings.map(\.kind) == [.approximated] && flat.findings.map(\.isFault) == [false])
    // The clip's own placement comes first, then that of the nest.
    #expect(flat.tracks[1].clips[0].adjustments == [.none, faded])
    let multiplied = timeline([nest(together, 0, 20, adjustment: PictureAdjustment(blend: .multiply))])
      .flattened()
    #expect(multiplied.findings.map(\.isFault) == [true])
  }

  @Test func `a nest at another rate shows the nearest of its frames`() throws {
    let film = FrameRate(24)
    let inner = timeline([clip("a", 0, 300)], rate: FrameRate(25))
    let flat = timeline([nest(inner, 0, 100, from: 7)], rate: film).flattened()
    #expect(flat.findings.map(\.kind) == [.approximated])
    let clip = flat.tracks[0].clips[0]
    #expect(clip.sourceIn == .frames(1007, rate))
    let curve = try #require(clip.curve)
    // Positions count frames of the timeline; media at the nested rate has 25 for each 24 of them.
    for frame in Int64(0)..<100 {
      let expected = Rational(frame) * Rational(25, 24) + Rational(1, 2)
      let scaled = try #require(
        RetimeCurve(
          curve.knots.map { RetimeCurve.Knot(record: $0.record, source: $0.source * Rational(25, 24)) }))
      #expect(scaled.position(at: frame) == expected.floor)
    }
  }

  @Test func `a clip whose label counts at another base keeps it and moves on a curve`() throws {
    var inner = timeline([clip("a", 0, 50)])
    guard case .clip(var clip) = inner.tracks[0].items[0] else { return }
    clip.sourceRate = FrameRate(50)
    clip.sourceIn = SourcePosition(count: 5000, rate: FrameRate(50))
    inner.tracks[0].items[0] = .clip(clip)
    let flat = timeline([nest(inner, 0, 20, from: 10)]).flattened().tracks[0].clips[0]
    #expect(flat.sourceIn == clip.sourceIn)
    #expect((0..<20).map { flat.sourceOffset(at: $0) } == (10..<30).map { Int64($0) })
  }

  @Test func `nests that multiply beyond measure are a fault`() {
    var timeline = timeline([clip("a", 0, 8)])
    for _ in 0..<40 {
      timeline = self.timeline((0..<8).map { nest(timeline, $0, 1) } + [nest(timeline, 8, 8)])
    }
    let flat = timeline.flattened()
    #expect(flat.faults.map(\.code) == ["cut.tooManyItems"])
    #expect(flat.frameCount == 16)
    for _ in 0..<40 { timeline = self.timeline([nest(timeline, 0, 8)]) }
    #expect(timeline.flattened().faults.map(\.code).contains("cut.tooDeep"))
  }

  @Test func `disabled nests and tracks leave disabled clips`() {
    var inner = timeline([clip("a", 0, 10)], [clip("b", 0, 10)])
    inner.tracks[0].isEnabled = false
    let flat = timeline([nest(inner, 0, 10)]).flattened()
    // What is seen goes in line.
    #expect(flat.tracks.map { $0.clips.map(\.name) } == [["b"], ["a"]])
    #expect(flat.tracks.map { $0.clips.map(\.isEnabled) } == [[true], [false]])
    guard case .nest(var off) = nest(inner, 0, 10) else { return }
    off.isEnabled = false
    #expect(timeline([.nest(off)]).flattened().tracks.flatMap(\.clips).allSatisfy { !$0.isEnabled })
  }

  @Test func `notes of nested timelines stand where their frames are seen`() {
    var inner = timeline([clip("a", 0, 40)])
    inner.markers = [
      Marker(name: "m", comment: "", color: "RED", frame: 20),
      Marker(name: "out", comment: "", color: "", frame: 39),
    ]
    let flat = timeline([clip("x", 0, 10), nest(inner, 10, 10, from: 15)]).flattened()
    #expect(flat.markers.map(\.name) == ["m"] && flat.markers.map(\.frame) == [15])
  }
}
