import Diagnostics
import Digests
import Foundation
import ImageGraph
import MediaTime
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

@Suite struct TitlesStageTests {
  private static let stages = """
    edit: {kind: editing}
    titles: {kind: titles, picture: edit, credits: c.csv%}
    master: {kind: delivery, picture: titles, profile: stills-16bit}
    """

  /// Two shots of 150 frames, a locator at frame 60.
  private func programme() throws -> Programme {
    let programme = try Programme(
      [
        ListEvent(
          reel: "A001", source: hour + 10, record: hour, count: 150,
          comments: ["LOC: 01:00:02:12 RED   CREDITS"]),
        ListEvent(reel: "B001", source: hour + 40, record: hour + 150, count: 150),
      ],
      files: [
        Facts.picture("A001", start: "01:00:00:00", frames: 400),
        Facts.picture("B001", start: "01:00:00:00", frames: 400),
      ])
    _ = try programme.folder.write("department,role,name\nCast,The Man,Ada\n", to: "c.csv")
    return programme
  }

  private func stages(_ keys: String = "") -> String { Self.stages.replacingOccurrences(of: "%", with: keys) }

  /// Tiles at these heights of a roll, as a worker would have drawn them.
  private func answered(
    _ plan: ProgrammePlan, height: Int, tiles: [(y: Int, height: Int)]
  ) throws -> FakeLibrary {
    var library = FakeLibrary()
    let question = try #require(plan.questions.first)
    let pictures = tiles.enumerated().map { index, tile in
      TypesetTask.Picture(
        image: Graphics.Image(
          object: Digest.sha256([UInt8(index)]), raster: Raster(width: 100, height: tile.height)), x: 20,
        y: tile.y)
    }
    library.outputs[question.key] = try JSONEncoder().encode(
      TypesetTask.Output(typeset: [TypesetTask.Typeset(pictures: pictures, height: height)], files: []))
    return library
  }

  @Test func `text is asked for first, and the plan goes on without it`() throws {
    let plan = try programme().plan(stages())
    #expect(plan.questions.map(\.kind) == ["typeset"])
    #expect(try plan.renderedFrames().count == 300)
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func `a roll moves every tile by whole steps and draws what is in sight`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<6 {
      let programme = try programme()
      var y = -3
      var tiles: [(y: Int, height: Int)] = []
      for _ in 0..<Int.random(in: 1...9, using: &random) {
        let tile = (y: y, height: Int.random(in: 1...120, using: &random))
        tiles.append(tile)
        y += tile.height + Int.random(in: 0...40, using: &random)
      }
      let (up, down) = (Int.random(in: 0...9, using: &random), Int.random(in: 0...9, using: &random))
      let keys = ", roll: {fade-in: \(up), fade-out: \(down)}"
      let library = try answered(try programme.plan(stages(keys)), height: y, tiles: tiles)
      let plan = try programme.plan(stages(keys), library: library)
      #expect(plan.questions.isEmpty)
      // The slowest whole step that ends within the 240 frames behind the locator.
      let travel = y + 360
      let step = (travel + 239) / 240
      let count = (travel + step - 1) / step
      let assembly = try #require(try plan.assemblies().first)
      let nodes = Dictionary(
        try plan.renders().map { ($0.chain, $0.node) }, uniquingKeysWith: { first, _ in first })
      var frame = 0
      for run in assembly.runs {
        for offset in 0..<run.count {
          try expect(
            nodes[run.chain], number: run.position(at: offset), frame: frame, tiles: tiles, step: step,
            count: count, fades: (up, down))
          frame += 1
        }
      }
      #expect(frame == 300)
    }
  }

  private func expect(
    _ node: ImageNode?, number: Int64, frame: Int, tiles: [(y: Int, height: Int)], step: Int, count: Int,
    fades: (up: Int, down: Int)
  ) throws {
    let k = frame - 60
    var drawn: [String] = []
    var below = try #require(node)
    var position = number
    if case .graphics(let graphics, let under) = below {
      for layer in graphics.layers {
        guard case .roll(let images, let moved) = layer.content else { continue }
        #expect(images.count == 1 && moved == step)
        let opacity = layer.fade?.opacity(at: number) ?? .one
        drawn.append("\(images[0].object.hex.prefix(6)) at \(layer.y - Int(number) * moved), \(opacity)")
      }
      position = graphics.below?.position(at: number) ?? number
      below = under
    }
    // Frame k of the roll: its top at 360 − k · step, and nothing before or after it.
    var expected: [String] = []
    if (0..<count).contains(k) {
      let opacity = min(
        k < fades.up ? Rational(Int64(k + 1), Int64(fades.up + 1)) : .one,
        k >= count - fades.down ? Rational(Int64(count - k), Int64(fades.down + 1)) : .one)
      for (index, tile) in tiles.enumerated() {
        let top = 360 + tile.y - k * step
        guard top < 360, top + tile.height > 0 else { continue }
        expected.append("\(Digest.sha256([UInt8(index)]).hex.prefix(6)) at \(top), \(opacity)")
      }
    }
    #expect(drawn == expected, "frame \(frame)")
    #expect(position == Int64(frame < 150 ? frame + 10 : frame - 150 + 40))
    #expect(below.sources.count == 1)
  }

  @Test func `a tile that another cut shows at the same height is the same frame`() throws {
    let programme = try programme()
    let tiles = [(y: 0, height: 30), (y: 60, height: 30)]
    let library = try answered(try programme.plan(stages()), height: 100, tiles: tiles)
    let before = Set(try programme.plan(stages(), library: library).renderedFrames())
    // The first tile is another: frames that show only the second stay.
    let question = try #require(try programme.plan(stages()).questions.first)
    var other = library
    let text = String(decoding: try #require(other.outputs[question.key]), as: UTF8.self)
    other.outputs[question.key] = Data(
      text.replacingOccurrences(of: Digest.sha256([0]).hex, with: Digest.sha256([9]).hex).utf8)
    let after = try programme.plan(stages(), library: other).renderedFrames()
    // Step 2: the first tile is in sight from frame 1 until its 390 rows are gone.
    #expect(after.filter { !before.contains($0) }.count == 194)
  }

  @Test func `a running time that whole pixels cannot meet names the nearest that they can`() throws {
    let programme = try programme()
    let keys = ", roll: {duration: 200}"
    let library = try answered(
      try programme.plan(stages(keys)), height: 1_000, tiles: [(y: 0, height: 1_000)])
    let text = failure { _ = try programme.plan(stages(keys), library: library) }
    // 1360 rows: 7 a frame last 195 frames, 6 last 227.
    #expect(
      text.contains(
        "a roll of 1360 pixels cannot take 200 frames at whole pixels a frame: the nearest are 195 frames (00:00:08:03) "
          + "at 7 px a frame and 227 frames (00:00:09:11) at 6 px a frame"), "\(text)")
    #expect(text.contains("allow a `tolerance` of 5 frames"))
    let tolerant = ", roll: {duration: 200, tolerance: 5}"
    let plan = try programme.plan(stages(tolerant), library: library)
    #expect(
      plan.diagnostics.contains {
        $0.message.contains("1360 pixels in 195 frames (00:00:08:03) at 7 px a frame")
      })
    let exact = failure { _ = try programme.plan(stages(", roll: {step: 5}"), library: library) }
    #expect(exact.contains("the roll takes 272 frames"), "\(exact)")
    #expect(exact.contains("227 frames (00:00:09:11) at 6 px a frame fits"))
  }

  @Test func `locators that are not there and faults of the title file are told together`() throws {
    let programme = try programme()
    _ = try programme.folder.write(
      """
      titles: 1
      cards:
        one: {at: CREDIT, duration: 20, lines: [Ada]}
        two: {at: "01:00:00:00", duration: 20, fade-in: 15, fade-out: 6, lines: [Bo]}
        three: {at: "01:00:12:00", duration: 20, lines: [Cy]}
      """, to: "t.yaml")
    let text = failure { _ = try programme.plan(stages(", cards: t.yaml, roll: {at: CREDITS}")) }
    #expect(
      text.contains("t.yaml:3:13: error: `CREDIT` is neither a timecode nor a locator of the cut"), "\(text)")
    #expect(text.contains("Did you mean `CREDITS`?"))
    #expect(text.contains("card `two` lasts 20 frames, and its fades need 21"))
    #expect(
      text.contains("card `three` would stand from 01:00:12:00 to 01:00:12:20, and the programme runs from "))
  }

  @Test func `a grade after the titles is refused`() throws {
    let programme = try programme()
    let stages = """
      edit: {kind: editing}
      titles: {kind: titles, picture: edit, credits: c.csv}
      grade: {kind: color-grade, picture: titles}
      master: {kind: delivery, picture: grade, profile: stills-16bit}
      """
    let library = try answered(try programme.plan(stages), height: 10, tiles: [(y: 0, height: 10)])
    #expect(failure { _ = try programme.plan(stages, library: library) }.contains("titles are not graded"))
  }

  @Test func `logos outside the folder of the credits are refused`() throws {
    let programme = try programme()
    _ = try programme.folder.write(
      "department,role,name,layout,language,logo\nA,,,logo,,../x.png\n,,,logo,,gone.png\n", to: "c.csv")
    let text = failure { _ = try programme.plan(stages()) }
    #expect(
      text.contains("c.csv:2:11: error: the logo `../x.png` lies outside the folder of the credits"),
      "\(text)")
    #expect(text.contains("c.csv:3:10: error: there is no logo `gone.png`"))
  }
}
