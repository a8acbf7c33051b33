import Editorial
import Foundation
import ImageGraph
import MediaTime
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

@Suite struct EditingStageTests {
  private let clip = [Facts.picture("A001", start: "00:00:00:00", frames: 300)]

  private func programme(_ list: String, files: [ProbedFile]? = nil) throws -> Programme {
    let programme = try Programme([], files: files ?? clip)
    _ = try programme.folder.write(list, to: "cut.edl")
    return programme
  }

  private static let head = "TITLE: TEST\nFCM: NON-DROP FRAME\n\n"

  @Test func `black fills what the cut leaves open, from the first frame on`() throws {
    let plan = try Programme(
      [
        ListEvent(reel: "A001", source: 10, record: hour + 12, count: 20),
        ListEvent(reel: "A001", source: 30, record: hour + 40, count: 5),
      ], files: clip
    ).plan()
    let runs = try #require(try plan.assemblies().first?.runs)
    let black = ImageNode.black(Black()).chain
    #expect(runs.map { $0.chain == black } == [true, false, true, false])
    #expect(
      runs.map { [$0.first, $0.step, $0.count] } == [[0, 0, 12], [10, 1, 20], [0, 0, 8], [30, 1, 5]])
  }

  @Test func `black of the cut itself needs no media`() throws {
    let programme = try programme(
      Self.head + "001  BL    V     C        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\n"
        + "002  A001  V     C        00:00:01:00 00:00:02:00 01:00:01:00 01:00:02:00\n")
    let runs = try #require(try programme.plan().assemblies().first?.runs)
    #expect(runs.map { [$0.first, $0.step, $0.count] } == [[0, 0, 24], [24, 1, 24]])
  }

  private func runs(_ programme: Programme) throws -> [[Int64]] {
    try #require(try programme.plan().assemblies().first).runs.map { [$0.first, $0.step, $0.count] }
  }

  @Test func `a dissolve is frames of its own between the shots it joins`() throws {
    let programme = try programme(
      Self.head + "001  A001  V     C        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\n"
        + "002  A001  V     C        00:00:01:00 00:00:01:00 01:00:01:00 01:00:01:00\n"
        + "002  A001  V     D    012 00:00:03:00 00:00:04:00 01:00:01:00 01:00:02:00\n")
    // 24 frames of the first shot, the 12 of the dissolve, then the second shot from its 12th frame.
    #expect(try runs(programme) == [[0, 1, 24], [0, 1, 12], [84, 1, 12]])
    let node = try #require(
      try programme.plan().renders().compactMap { $0.node.transition?.transition }.first)
    #expect(node.kind == .dissolve && node.count == 12)
    #expect((0..<12).map(node.outgoing.position) == Array(24..<36))
    #expect((0..<12).map(node.incoming.position) == Array(72..<84))
  }

  @Test func `a speed change shows the frames of its map`() throws {
    let programme = try programme(
      Self.head + "001  A001  V     C        00:00:00:00 00:00:02:00 01:00:00:00 01:00:01:00\n"
        + "M2   A001       048.0                00:00:00:00\n")
    let runs = try #require(try programme.plan().assemblies().first).runs
    #expect(runs.flatMap { run in (0..<run.count).map(run.position) } == (0..<24).map { $0 * 2 })
  }

  @Test func `several picture tracks are an error`() throws {
    let programme = try programme(
      Self.head + "001  A001  V     C        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\n"
        + "002  A001  V2    C        00:00:02:00 00:00:03:00 01:00:00:00 01:00:01:00\n")
    #expect(
      failure { _ = try programme.plan() }
        == "cut.edl:5: error: the cut has several picture tracks (V1, V2), and nothing says how they are composited\n"
        + "  Flatten the picture to one track before the turnover.")
  }

  @Test func `a cut of sound only is an error`() throws {
    let programme = try programme(
      Self.head + "001  SR001  A     C        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\n",
      files: [Facts.sound("1A.wav", tape: "SR001", reference: 0, samples: 480_000)])
    #expect(
      failure { _ = try programme.plan() }
        == "cut.edl: error: the cut has no picture events\n  Give the picture's list under `timeline: cut:`.")
  }

  @Test func `fit and the tags of the media are part of the chain`() throws {
    let event = ListEvent(reel: "A001", source: 0, record: hour, count: 10)
    func node(fit: String = "letterbox", _ change: (inout VideoFacts) -> Void = { _ in }) throws -> ImageNode
    {
      let files = [Facts.picture("A001", start: "00:00:00:00", frames: 300, change: change)]
      let plan = try Programme([event], files: files).plan(
        "edit: {kind: editing, fit: \(fit)}\nmaster: {kind: delivery, picture: edit, profile: stills-16bit}")
      return try #require(try plan.renders().first?.node)
    }
    let raster = Raster(width: 640, height: 360)
    #expect(try node().sizing == Sizing(raster: raster, fit: .letterbox))
    #expect(try node(fit: "fill").sizing == Sizing(raster: raster, fit: .fill))
    func read(_ change: (inout VideoFacts) -> Void) throws -> Interpretation? {
      try node(change).sources.first?.interpretation
    }
    #expect(try read { $0.matrix = "smpte170m" } == Interpretation(matrix: .bt601, isFullRange: false))
    #expect(try read { $0.matrix = "bt470bg" } == Interpretation(matrix: .bt601, isFullRange: false))
    #expect(try read { $0.matrix = "bt2020nc" } == Interpretation(matrix: .bt2020, isFullRange: false))
    #expect(try read { $0.matrix = "unknown" } == Interpretation(matrix: .bt601, isFullRange: false))
    #expect(
      try read { video in
        video.matrix = "unknown"
        video.height = 720
      } == Interpretation(matrix: .bt709, isFullRange: false))
    #expect(try read { $0.range = "pc" } == Interpretation(matrix: .bt709, isFullRange: true))
    #expect(try read { $0.pixelFormat = "yuvj420p" } == Interpretation(matrix: .bt709, isFullRange: true))
  }

  @Test func `where the media lies and what it is called is no part of the chain`() throws {
    let event = ListEvent(reel: "A001", source: 0, record: hour, count: 10)
    let here = Facts.picture("A001", start: "00:00:00:00", frames: 300)
    var there = here
    there.location.path = "/elsewhere/take.mov"
    there.location.root = "/elsewhere"
    there.location.modified = 99
    there.facts.fileName = "take.mov"
    let plans = try [here, there].map { try Programme([event], files: [$0]).plan() }
    #expect(plans[0].nodes("render").map(\.key) == plans[1].nodes("render").map(\.key))
    #expect(plans[0].nodes("assemble").map(\.key) == plans[1].nodes("assemble").map(\.key))
    #expect(try plans[1].renders().first?.media.values.map(\.location) == [there.location])
  }

  @Test func `the conformed cut and its report are published as one asset`() throws {
    let plan = try Programme([ListEvent(reel: "A001", source: 0, record: hour, count: 10)], files: clip)
      .plan()
    let publish = try #require(plan.publishes.first)
    #expect(publish.shelf == .assets && publish.name == "edit" && publish.assembly == nil)
    #expect(
      publish.documents.map { "\($0.suffix).\($0.fileExtension)" } == [
        ".otio", "report.json", "report.txt", "report.html",
      ])
    for document in publish.documents {
      #expect(plan.objects[document.object]?.count == Int(document.byteCount))
    }
  }
}
