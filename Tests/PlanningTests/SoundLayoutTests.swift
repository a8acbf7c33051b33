import Diagnostics
import Editorial
import Foundation
import MediaTime
import Planning
import SoundMixing
import TaskKinds
import TestSupport
import Testing

/// Fades of the cut and of the mix, at 24000/1001: a frame is 2002 samples.
@Suite struct SoundLayoutTests {
  private static let take = Facts.sound("1A.wav", tape: "SR001", reference: 0, samples: 240 * 2002)
  private static let other = Facts.sound("2A.wav", tape: "SR002", reference: 0, samples: 240 * 2002)

  /// Sound lines of an EDL under two seconds of picture.
  private func plan(_ lines: [String], keys: String = "") throws -> ProgrammePlan {
    let programme = try Programme(
      [], files: [Facts.picture("A001", start: "00:00:00:00", frames: 300), Self.take, Self.other])
    let head =
      "TITLE: TEST\nFCM: NON-DROP FRAME\n\n"
      + "001  A001  V     C        00:00:00:00 00:00:04:00 01:00:00:00 01:00:04:00\n"
    _ = try programme.folder.write(head + lines.joined(separator: "\n") + "\n", to: "cut.edl")
    return try programme.plan("edit: {kind: editing}\nmix: {kind: sound-mix, sound: edit\(keys)}")
  }

  private func events(_ lines: [String], keys: String = "") throws -> [MixEvent] {
    try #require(try plan(lines, keys: keys).mixes().first).mix.events
  }

  private func frames(_ events: [MixEvent], _ value: (MixEvent) -> Int64) -> [Double] {
    events.map { Double(value($0)) / 2002 }
  }

  private static let cut = [
    "002  SR001  A     C        00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00",
    "003  SR002  A     C        00:00:03:00 00:00:05:00 01:00:01:00 01:00:03:00",
  ]

  @Test func `what is switched off is silent`() throws {
    let files = [Facts.picture("A001", start: "00:00:00:00", frames: 300), Self.take, Self.other]
    let programme = try Programme([], files: files)
    _ = try programme.folder.write(
      "TITLE: TEST\nFCM: NON-DROP FRAME\n\n"
        + "001  A001  V     C        00:00:00:00 00:00:04:00 01:00:00:00 01:00:04:00\n"
        + Self.cut.joined(separator: "\n") + "\n", to: "cut.edl")
    let pipeline = try programme.pipeline("edit: {kind: editing}\nmix: {kind: sound-mix, sound: edit}")
    func mixed(_ change: (inout Conform) -> Void) throws -> [String] {
      var conform = try ProgrammePlanner.conform(pipeline, files: files)
      change(&conform)
      let plan = try ProgrammePlanner.plan(
        pipeline, conform: conform, files: files, tools: tools, library: FakeLibrary())
      return try #require(try plan.mixes().first).mix.events.map(\.event)
    }
    #expect(try mixed { _ in } == ["002", "003"])
    #expect(
      try mixed { conform in
        for index in conform.events.indices where conform.events[index].clip.event == "002" {
          conform.events[index].clip.isEnabled = false
          let event = conform.events[index]
          conform.timeline.tracks[event.trackIndex].items[event.itemIndex] = .clip(event.clip)
        }
      } == ["003"])
    #expect(
      try mixed { conform in
        for index in conform.timeline.tracks.indices where conform.timeline.tracks[index].kind == .sound {
          conform.timeline.tracks[index].isEnabled = false
        }
      } == [])
  }

  @Test func `a dissolve of sound is a crossfade over exactly its frames`() throws {
    let events = try events([
      Self.cut[0], "003  SR001  A     C        00:00:02:00 00:00:02:00 01:00:01:00 01:00:01:00",
      "003  SR002  A     D    012 00:00:03:00 00:00:05:00 01:00:01:00 01:00:03:00",
    ])
    #expect(frames(events, \.mixSample) == [0, 24] && frames(events, \.sampleCount) == [36, 48])
    #expect(frames(events, \.sourceSample) == [24, 72])
    #expect(frames(events, \.fadeIn) == [0, 12] && frames(events, \.fadeOut) == [12, 0])
  }

  @Test func `fades from and to silence are transitions with nothing`() throws {
    let events = try events([
      "002  BL     A     C        00:00:00:00 00:00:00:00 01:00:00:12 01:00:00:12",
      "002  SR001  A     D    006 00:00:01:00 00:00:02:00 01:00:00:12 01:00:01:12",
      "003  SR001  A     C        00:00:02:00 00:00:02:00 01:00:01:12 01:00:01:12",
      "003  BL     A     D    012 00:00:00:00 00:00:00:12 01:00:01:12 01:00:02:00",
    ])
    #expect(events.count == 1)
    #expect(frames(events, \.mixSample) == [12] && frames(events, \.sampleCount) == [36])
    #expect(frames(events, \.fadeIn) == [6] && frames(events, \.fadeOut) == [12])
  }

  @Test func `media too short for a transition is missing media`() throws {
    let text = failure {
      _ = try plan([
        "002  SR001  A     C        00:00:09:00 00:00:10:00 01:00:00:00 01:00:01:00",
        "003  SR001  A     C        00:00:10:00 00:00:10:00 01:00:01:00 01:00:01:00",
        "003  SR002  A     D    012 00:00:03:00 00:00:05:00 01:00:01:00 01:00:03:00",
      ])
    }
    #expect(text.contains("event 002 on A1 needs SR001"), "\(text)")
    #expect(text.contains("12 frames are missing"), "\(text)")
  }

  @Test func `a wipe of sound is mixed as a crossfade, and that is told`() throws {
    let plan = try plan([
      Self.cut[0], "003  SR001  A     C        00:00:02:00 00:00:02:00 01:00:01:00 01:00:01:00",
      "003  SR002  A     W001 012 00:00:03:00 00:00:05:00 01:00:01:00 01:00:03:00",
    ])
    #expect(plan.diagnostics.map(\.code).contains("mix.approximatedTransition"))
    #expect(try plan.mixes().first?.mix.events.map(\.fadeIn) == [0, 24_024] as [Int64])
  }

  @Test func `without crossfades a cut is a cut`() throws {
    let events = try events(Self.cut)
    #expect(events.allSatisfy { $0.fadeIn == 0 && $0.fadeOut == 0 })
    #expect(frames(events, \.mixSample) == [0, 24])
  }

  @Test func `a crossfade lies around its cut and moves nothing`() throws {
    let events = try events(Self.cut, keys: ", crossfade: 20 ms")
    let starts: [Int64] = [0, 48_048 - 480]
    let ends: [Int64] = [48_048 + 480, 144_144]
    let offsets: [Int64] = [48_048, 96_096]
    #expect(events.map(\.mixSample) == starts)
    #expect(events.map(\.mixEnd) == ends)
    #expect(events.map { $0.sourceSample - $0.mixSample } == offsets)
    #expect(events[0].fadeOut == 960 && events[1].fadeIn == 960)
    // The edges to silence are faded in place.
    #expect(events[0].fadeIn == 96 && events[1].fadeOut == 96)
  }

  @Test func `a crossfade of an odd number of frames is all of them`() throws {
    let events = try events(Self.cut, keys: ", crossfade: 3")
    #expect(events[0].fadeOut == 6006 && events[1].fadeIn == 6006)
    #expect(events[0].mixEnd - events[1].mixSample == 6006)
  }

  @Test func `where the media has no handles both sides are faded briefly, and that is told`() throws {
    let lines = [
      "002  SR001  A     C        00:00:09:00 00:00:10:00 01:00:00:00 01:00:01:00", Self.cut[1],
    ]
    let plan = try plan(lines, keys: ", crossfade: 4")
    let events = try #require(try plan.mixes().first).mix.events
    let edges: [Int64] = [0, 48_048, 144_144]
    #expect(events.map(\.mixSample) == Array(edges[..<2]))
    #expect(events.map(\.mixEnd) == Array(edges[1...]))
    #expect(events[0].fadeOut == 96 && events[1].fadeIn == 96)
    let note = try #require(plan.diagnostics.first { $0.code == "mix.shortFade" })
    #expect(note.message.contains("01:00:01:00 on A1"), "\(note.message)")
  }

  @Test func `a cut inside a recording that goes on is not heard`() throws {
    let events = try events(
      [
        Self.cut[0], "003  SR001  A     C        00:00:02:00 00:00:04:00 01:00:01:00 01:00:03:00",
      ], keys: ", crossfade: 4")
    #expect(events.map(\.fadeOut) == [0, 96] && events.map(\.fadeIn) == [96, 0])
    #expect(events[0].mixEnd == events[1].mixSample)
  }

  @Test func `crossfades stay off the cuts that have a transition`() throws {
    let events = try events(
      [
        Self.cut[0], "003  SR001  A     C        00:00:02:00 00:00:02:00 01:00:01:00 01:00:01:00",
        "003  SR002  A     D    012 00:00:03:00 00:00:05:00 01:00:01:00 01:00:03:00",
      ], keys: ", crossfade: 2")
    #expect(events[0].fadeOut == 24_024 && events[1].fadeIn == 24_024)
    #expect(events[0].fadeIn == 96 && events[1].fadeOut == 96)
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>) func `fades never move sound or leave holes`(seed: UInt64)
    throws
  {
    var random = SplitMix64(seed: seed)
    var lines: [String] = []
    var record = hour
    while record < hour + 80 {
      let count = Int.random(in: 1...14, using: &random)
      let source = Int.random(in: 0..<(240 - count), using: &random)
      let reel = Bool.random(using: &random) ? "SR001" : "SR002"
      if random.chance(0.85) {
        let times = [source, source + count, record, record + count].map(ListEvent.label)
        lines.append(
          "\(String(format: "%03d", lines.count + 2))  \(reel)  A     C        \(times.joined(separator: " "))"
        )
      }
      record += count
    }
    let hard = try events(lines)
    let soft = try events(lines, keys: ", crossfade: \(Int.random(in: 1...9, using: &random))")
    #expect(hard.count == soft.count)
    for (before, after) in zip(hard, soft.sorted { $0.event < $1.event }) {
      #expect(before.event == after.event)
      #expect(before.sourceSample - before.mixSample == after.sourceSample - after.mixSample)
      #expect(after.mixSample <= before.mixSample && after.mixEnd >= before.mixEnd)
      #expect(after.fadeIn >= 0 && after.fadeOut >= 0 && after.fadeIn + after.fadeOut <= after.sampleCount)
      #expect(after.sourceSample >= 0 && after.sourceSample + after.sampleCount <= 240 * 2002)
    }
  }
}
