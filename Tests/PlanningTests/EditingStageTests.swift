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

  /// What each frame of a cut shows: a source frame, `nil` for black, or both sides of a transition.
  private func shown(_ plan: ProgrammePlan) throws -> [[Int64?]] {
    let nodes = Dictionary(
      try plan.renders().map { ($0.chain, $0.node) }, uniquingKeysWith: { first, _ in first })
    return try #require(try plan.assemblies().first).runs.flatMap { run -> [[Int64?]] in
      (0..<run.count).map { offset in
        let position = run.position(at: offset)
        guard case .transition(let transition, let outgoing, let incoming)? = nodes[run.chain] else {
          return [nodes[run.chain]?.hasPicture == true ? position : nil]
        }
        return [
          outgoing.hasPicture ? transition.outgoing.position(at: position) : nil,
          incoming.hasPicture ? transition.incoming.position(at: position) : nil,
        ]
      }
    }
  }

  @Test func `fades through black and black slugs are the same from a list and from OpenTimelineIO`() throws {
    let list =
      Self.head + "001  BL    V     C        00:00:00:00 00:00:00:00 01:00:00:00 01:00:00:00\n"
      + "001  A001  V     D    004 00:00:01:00 00:00:01:10 01:00:00:00 01:00:00:10\n"
      + "002  BL    V     C        00:00:00:00 00:00:00:00 01:00:00:10 01:00:00:10\n"
      + "002  A001  V     D    003 00:00:03:00 00:00:03:06 01:00:00:10 01:00:00:16\n"
      + "003  BL    V     C        00:00:00:00 00:00:00:02 01:00:00:16 01:00:00:18\n"
      + "004  A001  V     C        00:00:05:00 00:00:05:06 01:00:00:18 01:00:01:00\n"
      + "005  A001  V     C        00:00:05:06 00:00:05:06 01:00:01:00 01:00:01:00\n"
      + "005  BL    V     D    002 00:00:00:00 00:00:00:04 01:00:01:00 01:00:01:04\n"
    let programme = try programme(list)
    let plan = try programme.plan()
    func frames(_ range: Range<Int64>) -> [[Int64?]] { range.map { [$0] } }
    func fromBlack(_ range: Range<Int64>) -> [[Int64?]] { range.map { [nil, $0] } }
    let black: [[Int64?]] = [[nil], [nil]]
    var expected = fromBlack(24..<28) + frames(28..<34)
    // From black, although a shot ends there.
    expected += fromBlack(72..<75) + frames(75..<78)
    expected += black + frames(120..<126)
    expected += [[126, nil], [127, nil]] + black
    #expect(try shown(plan) == expected)
    let timeline = OTIOWriter.write(plan.conform, media: plan.media)
    _ = try programme.folder.write(String(decoding: timeline, as: UTF8.self), to: "cut.otio")
    let pipeline = try PipelineLoader.parse(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.otio, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
      raster: 640x360
      stages:
        edit: {kind: editing}
        master: {kind: delivery, picture: edit, profile: stills-16bit}
      """, path: "p.yaml", absolute: programme.folder.path + "/p.yaml")
    let again = try ProgrammePlanner.plan(
      pipeline, files: programme.files, tools: tools, library: FakeLibrary())
    #expect(try again.assemblies().map(\.runs) == plan.assemblies().map(\.runs))
  }

  @Test func `both sides of a dissolve keep their own speed`() throws {
    let programme = try programme(
      Self.head + "001  A001  V     C        00:00:05:00 00:00:05:10 01:00:00:00 01:00:00:10\n"
        + "M2   A001       -024.0                00:00:05:00\n"
        + "002  A001  V     C        00:00:04:14 00:00:04:14 01:00:00:10 01:00:00:10\n"
        + "002  A001  V     D    004 00:00:08:00 00:00:08:05 01:00:00:10 01:00:00:20\n"
        + "M2   A001       -024.0                00:00:04:14\nM2   A001       012.0                00:00:08:00\n"
        + "003  A001  V     C        00:00:08:05 00:00:08:05 01:00:00:20 01:00:00:20\n"
        + "003  A001  V     D    003 00:00:02:00 00:00:02:01 01:00:00:20 01:00:01:01\n"
        + "M2   A001       012.0                00:00:08:05\nM2   A001       000.0                00:00:02:00\n"
    )
    let plan = try programme.plan()
    var expected = (0..<10).map { frame -> [Int64?] in [120 - frame] }
    expected += [[110, 192], [109, 192], [108, 193], [107, 193]]
    expected += [194, 194, 195, 195, 196, 196].map { frame -> [Int64?] in [frame] }
    expected += [[197, 48], [197, 48], [198, 48], [48], [48]]
    #expect(try shown(plan) == expected)
  }

  @Test func `media of another rate is refused until it is declared, and then shows what was declared`()
    throws
  {
    let list =
      Self.head + "001  F001  V     C        00:00:01:24 00:00:02:24 01:00:00:00 01:00:01:00\n"
    let programme = try programme(
      list, files: [Facts.picture("F001", start: "00:00:00:00", frames: 100, rate: FrameRate(25))])
    #expect(
      failure { _ = try programme.plan() }.hasPrefix(
        "cut.edl:4: error: event 001 on V1 is in F001.mov, but it runs at 25 fps"))
    func plan(_ rule: String) throws -> ProgrammePlan {
      try ProgrammePlanner.plan(
        try programme.pipeline(timeline: ", rates: [\(rule)]"), files: programme.files, tools: tools,
        library: FakeLibrary())
    }
    let realtime = try plan("{reel: F*, as: realtime}")
    #expect(try shown(realtime) == (0..<24).map { [49 + $0 * 1001 / 960] })
    #expect(try shown(try plan("{rate: 25, as: every-frame}")) == (0..<24).map { [49 + $0] })
    let report = realtime.objects.values.map { String(decoding: $0, as: UTF8.self) }
    #expect(report.contains { $0.contains("\"reading\" : \"realtime\"") })
  }

  @Test func `of several picture tracks the uppermost is seen`() throws {
    let programme = try programme(
      Self.head + "001  A001  V     C        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\n"
        + "002  A001  V2    C        00:00:02:00 00:00:02:12 01:00:00:06 01:00:00:18\n")
    #expect(try runs(programme) == [[0, 1, 6], [48, 1, 12], [18, 1, 6]])
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
        ".otio", "report.json", "report.txt",
      ])
    #expect(publish.results == [plan.conformPage])
    let page = try #require(plan.nodes("conform-page").first)
    #expect(page.dependencies == plan.nodes("thumbnails").map(\.key) && page.dependencies.count == 1)
    for document in publish.documents {
      #expect(plan.objects[document.object]?.count == Int(document.byteCount))
    }
  }
}
