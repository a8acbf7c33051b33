import Diagnostics
import Editorial
import MediaTime
import TestSupport
import Testing

/// What a timeline says apart from where in a file it stood.
enum Comparable {
  /// Without locations and findings; source outs, which are only checks, and the origin of normal speed are evened.
  static func timeline(_ timeline: Timeline) -> Timeline {
    var copy = timeline
    copy.findings = []
    copy.faults = []
    copy.markers = copy.markers.map { marker in
      var marker = marker
      marker.location = nil
      return marker
    }
    copy.markers.sort { ($0.frame, $0.comment) < ($1.frame, $1.comment) }
    for track in copy.tracks.indices {
      copy.tracks[track].items = copy.tracks[track].items.map(item)
    }
    return copy
  }

  private static func item(_ item: TrackItem) -> TrackItem {
    switch item {
    case .clip(var clip):
      clip.location = nil
      if clip.timeScale == .one { clip.isSpeedGiven = true }
      return .clip(clip)
    case .transition(var transition):
      transition.location = nil
      return .transition(transition)
    case .gap, .nest: return item
    }
  }
}

@Suite struct CutRoundTripTests {
  private func again(_ timeline: Timeline, dialect: EDLWriter.Dialect? = nil) throws -> Timeline {
    let written = EDLWriter.write(timeline, dialect: dialect)
    return try Cut.read(path: "again.edl", bytes: written.bytes).timeline(
      rate: timeline.rate, start: timeline.timecode(at: 0))
  }

  @Test(arguments: GeneratedCut.Clock.all)
  func `a list says everything of the cuts that lists can hold`(clock: GeneratedCut.Clock) throws {
    for seed in UInt64(0)..<24 {
      let timeline = GeneratedCut.timeline(seed: seed, clock: clock)
      let written = EDLWriter.write(timeline)
      #expect(written.findings == [], "seed \(seed)")
      let read = try again(timeline)
      #expect(read.faults == [], "seed \(seed)")
      let (left, right) = (Comparable.timeline(timeline), Comparable.timeline(read))
      #expect(left == right, "\(difference(left, right, seed))")
      #expect(EDLWriter.write(read).bytes == written.bytes, "seed \(seed)")
    }
  }

  /// Cuts with things that lists do not say: each of them is told, and what is written reads again.
  @Test(arguments: UInt64(0)..<60)
  func `what a list cannot say of a cut is among the findings`(seed: UInt64) throws {
    let timeline = GeneratedCut.timeline(seed: seed, features: .everything)
    let written = EDLWriter.write(timeline)
    let told = written.findings.map(\.what).joined(separator: "\n")
    let tracks = timeline.tracks.filter(\.isEnabled)
    let clips = tracks.flatMap(\.clips).filter(\.isEnabled)
    let nests = tracks.flatMap(\.items).compactMap { item -> Nest? in
      if case .nest(let nest) = item { nest } else { nil }
    }
    let losses: [(Bool, String)] = [
      (tracks.count < timeline.tracks.count, "tracks that are switched off are not written"),
      (
        tracks.flatMap(\.clips).count > clips.count || nests.contains { !$0.isEnabled },
        "clips that are switched off are not written"
      ),
      (
        clips.contains { !$0.adjustments.isEmpty },
        "placements in the frame, opacity and blends are not written"
      ),
      (clips.contains { $0.curve != nil }, "speeds that change are not written, but their mean"),
      (clips.contains { !$0.markers.isEmpty }, "markers of clips are not written"),
      (clips.contains { $0.availableRange != nil }, "the extents of media are not written"),
      (nests.contains(where: \.isEnabled), "nested timelines are written as clips by their names"),
      (timeline.markers.contains { $0.count > 0 }, "lengths of markers are not written"),
      (
        tracks.count { $0.kind == .picture && $0.items.contains(where: isSomething) } > 1,
        "a CMX 3600 list has one picture track"
      ),
    ]
    for (isLost, what) in losses { #expect(told.contains(what) == isLost, "seed \(seed): \(what)") }
    let read = try again(timeline)
    #expect(read.faults == [])
    #expect(
      read.tracks.flatMap(\.clips).count { $0.content == .media } >= clips.count { $0.content == .media })
    #expect(!read.findings.contains { $0.what.hasPrefix("events overlap") })
    for list in EDLWriter.lists(timeline) where list.bytes.count > 60 {
      let part = try Cut.read(path: "part.edl", bytes: list.bytes).timeline(rate: timeline.rate)
      #expect(part.faults == [] && part.tracks.count { $0.kind == .picture } <= 1)
    }
  }

  @Test func `different events never share a number`() throws {
    var timeline = GeneratedCut.timeline(seed: 4)
    for track in timeline.tracks.indices {
      for index in timeline.tracks[track].items.indices {
        guard case .clip(var clip) = timeline.tracks[track].items[index] else { continue }
        clip.event = "001"
        timeline.tracks[track].items[index] = .clip(clip)
      }
    }
    let lines = String(decoding: EDLWriter.write(timeline).bytes, as: UTF8.self).split(separator: "\r\n")
    let cuts = lines.filter { $0.first?.isNumber == true && !$0.contains(" D  ") && !$0.contains(" W") }
    #expect(cuts.count > 3 && Set(cuts.map { $0.prefix(3) }).count == cuts.count)
  }

  private func isSomething(_ item: TrackItem) -> Bool {
    switch item {
    case .clip, .nest: true
    case .gap, .transition: false
    }
  }

  @Test(
    .enabled(if: SampleFiles.editorial != nil, "no `shared/samples` beside the project"),
    arguments: EDLSampleTests.names)
  func `real lists come back as they were`(name: String, rate: Int) throws {
    let timeline = try SampleFiles.timeline("edl/" + name, rate: FrameRate(rate))
    let written = EDLWriter.write(timeline)
    let read = try Cut.read(path: name, bytes: written.bytes).timeline(rate: timeline.rate)
    let (left, right) = (Comparable.timeline(timeline), Comparable.timeline(read))
    #expect(left == right, "\(difference(left, right, 0))")
    #expect(read.faults == [])
    #expect(EDLWriter.write(read).bytes == written.bytes)
  }

  private func difference(_ left: Timeline, _ right: Timeline, _ seed: UInt64) -> String {
    for (a, b) in zip(left.tracks, right.tracks) where a != b {
      for (x, y) in zip(a.items, b.items) where x != y { return "seed \(seed): \(x) is read as \(y)" }
      return "seed \(seed): track \(a.name) has \(a.items.count) items and is read with \(b.items.count)"
    }
    return
      "seed \(seed): \(left.tracks.map(\.name)) \(right.tracks.map(\.name)) \(left.markers) \(right.markers)"
  }
}
