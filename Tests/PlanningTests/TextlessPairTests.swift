import Digests
import Foundation
import ImageGraph
import MediaTime
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

/// Texted, textless, ungraded and unmatted deliverables of one graph.
@Suite struct TextlessPairTests {
  private func programme() throws -> Programme {
    let programme = try Programme(
      [
        ListEvent(
          reel: "A001", source: hour + 10, record: hour, count: 150,
          comments: ["LOC: 01:00:02:12 RED   CREDITS", "ASC_SOP (1.1 1 1)(0 0 0)(1 1 1)", "ASC_SAT 1.0"]),
        ListEvent(reel: "B001", source: hour + 40, record: hour + 150, count: 150),
      ],
      files: [
        Facts.picture("A001", start: "01:00:00:00", frames: 400),
        Facts.picture("B001", start: "01:00:00:00", frames: 400),
      ])
    _ = try programme.folder.write("department,role,name\nCast,The Man,Ada\n", to: "c.csv")
    return programme
  }

  private static let stages = """
    edit: {kind: editing}
    grade: {kind: color-grade, picture: edit, stills: no}
    titles: {kind: titles, picture: grade, credits: c.csv}
    master: {kind: delivery, picture: titles, profile: stills-16bit}
    """

  /// The plan after the roll was typeset: one tile of 40 lines.
  private func plan(_ programme: Programme, _ more: String) throws -> ProgrammePlan {
    let question = try #require(try programme.plan(Self.stages + "\n" + more).questions.first)
    var library = FakeLibrary()
    let picture = TypesetTask.Picture(
      image: Graphics.Image(object: Digest.sha256([1]), raster: Raster(width: 100, height: 40)), x: 20, y: 0)
    library.outputs[question.key] = try JSONEncoder().encode(
      TypesetTask.Output(typeset: [TypesetTask.Typeset(pictures: [picture], height: 40)], files: []))
    return try programme.plan(Self.stages + "\n" + more, library: library)
  }

  @Test func `a textless deliverable has the frames of the texted one outside its text, and the proof`()
    throws
  {
    let plan = try plan(
      try programme(),
      "textless: {kind: delivery, picture: titles, profile: stills-16bit, layers: {titles: no}}")
    let pair = try #require(plan.textlessPairs.first)
    #expect(plan.textlessPairs.count == 1)
    #expect(pair.texted == "master" && pair.textless == "textless")
    #expect(pair.isProven && pair.otherRanges.isEmpty)
    #expect(pair.textRanges.count == 1)
    // The roll starts at the locator, frame 60, and its frames are exactly those that differ by signature.
    let assemblies = try plan.assemblies()
    func signatures(_ index: Int) -> [Digest] {
      assemblies[index].runs.flatMap { run in (0..<run.count).map { run.signature(at: $0) } }
    }
    let differing = zip(signatures(0), signatures(1)).enumerated().filter { $1.0 != $1.1 }.map {
      Int64($0.offset)
    }
    let listed = pair.textRanges.flatMap { Array($0.start..<$0.end) }
    #expect(differing == listed)
    #expect(differing.first == 60)
    #expect(pair.sameFrames + pair.textFrames == 300)
    // It costs the frames below the text and nothing else.
    #expect(plan.deliverables.map(\.newFrames) == [300, pair.textFrames])
    let lines = pair.lines { "\($0)" }
    #expect(
      lines[0].hasPrefix("textless  is master without text: \(pair.sameFrames) frames are the same pictures"))
  }

  @Test func `leaving out the titles is what was there before the titles`() throws {
    let plan = try plan(
      try programme(),
      """
      layered: {kind: delivery, picture: titles, profile: stills-16bit, layers: {titles: no}}
      wired: {kind: delivery, picture: grade, profile: stills-16bit}
      raw: {kind: delivery, picture: titles, profile: stills-16bit, layers: {titles: no, grade: no}}
      unwired: {kind: delivery, picture: edit, profile: stills-16bit}
      """)
    let runs = try plan.assemblies().map(\.runs)
    // Deliverables of the same frames are assembled once.
    #expect(runs.count == 3)
    #expect(plan.deliverables.map(\.stage) == ["master", "layered", "wired", "raw", "unwired"])
    #expect(plan.deliverables[2].newFrames == 0 && plan.deliverables[4].newFrames == 0)
    // One shot has no grade: its ungraded frames exist.
    #expect(plan.deliverables[3].newFrames == 150)
  }

  @Test func `a grade that differs too is told, and no proof is given`() throws {
    let plan = try plan(
      try programme(),
      "raw: {kind: delivery, picture: titles, profile: stills-16bit, layers: {titles: no, grade: no}}")
    let pair = try #require(plan.textlessPairs.first)
    #expect(!pair.isProven)
    #expect(pair.otherRanges == [FrameRange(start: 0, count: 150)])
    #expect(
      pair.lines { "\($0)" }[0].contains("is not master without text: 150 frames differ otherwise: 0-150"))
  }

  @Test func `a matte is laid over every deliverable that does not leave it out`() throws {
    let programme = try programme()
    func plan(_ matte: String) throws -> ProgrammePlan {
      let text =
        """
        interlock: 1
        programme: test
        timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
        raster: 640x360
        \(matte)
        stages:
          edit: {kind: editing}
          wide: {kind: delivery, picture: edit, profile: stills-16bit}
          open: {kind: delivery, picture: edit, profile: stills-16bit, layers: {matte: no}}
        """
      return try ProgrammePlanner.plan(
        try PipelineLoader.parse(text, path: "p.yaml", absolute: programme.folder.path + "/p.yaml"),
        files: programme.files, tools: tools, library: FakeLibrary())
    }
    let plan239 = try plan("matte: 2.39")
    #expect(plan239.deliverables.map(\.newFrames) == [300, 300])
    let nodes = try plan239.renders().flatMap(\.nodes.values)
    let mattes = nodes.compactMap { node in if case .matte(let matte, _) = node { matte } else { nil } }
    #expect(Set(mattes) == [Matte(raster: Raster(width: 640, height: 360), aspect: (239, 100))])
    // The raster's own shape needs none.
    #expect(try plan("matte: 16:9").deliverables.map(\.newFrames) == [300, 0])
    for wrong in ["2.39.1", "wide", "0", "9", "2:", "2.12345"] {
      #expect(
        failure { _ = try plan("matte: \"\(wrong)\"") }.contains("`\(wrong)` is not a shape of a picture"),
        "\(wrong)")
    }
  }
}
