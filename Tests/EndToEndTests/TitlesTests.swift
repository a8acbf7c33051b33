import Foundation
import TestSupport
import Testing

/// Titles and credits as they were rendered, judged by the list that was read and by the pixels.
@Suite struct Titles {
  private static let width = 640
  private static let height = 360

  private struct Report: Decodable {
    struct Text: Decodable {
      var role: String
      var text: String
      var x: Int
      var y: Int
      var width: Int
      var height: Int
      var firstFrame: Int
      var lastFrame: Int
    }

    struct Roll: Decodable {
      var firstFrame: Int
      var frames: Int
      var pixelsPerFrame: Int
      var contentHeight: Int
      var texts: [Text]
    }

    struct Card: Decodable {
      var lines: [Text]
    }

    var cards: [Card]
    var roll: Roll?
  }

  /// A flat grey clip and a cut of parts of it.
  private func fixture(parts: [(source: Int, count: Int)], locators: [(frame: Int, name: String)]) throws
    -> Fixture
  {
    let fixture = try Fixture()
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "lavfi", "-i",
        "color=0x404040:size=\(Self.width)x\(Self.height):rate=24000/1001,format=gbrp", "-frames:v", "300",
        "-vf",
        "scale=out_color_matrix=bt709:out_range=tv,format=yuv444p10le", "-c:v", "ffv1", "-g", "1",
        "-color_range",
        "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-timecode",
        "01:00:00:00", "-metadata:s:v:0", "reel_name=A001", "\(fixture.path)/rushes/A001.mov",
      ])
    guard made.status == 0 else { throw FixtureError(text: made.errors) }
    try write(fixture, parts: parts, locators: locators)
    return fixture
  }

  private func write(
    _ fixture: Fixture, parts: [(source: Int, count: Int)], locators: [(frame: Int, name: String)]
  ) throws {
    var events = parts.map { ListWriter.Event(reel: "A001", source: 86_400 + $0.source, count: $0.count) }
    for locator in locators {
      events[0].comments.append(
        "LOC: \(ListWriter.label(86_400 + locator.frame, base: 24, isDropFrame: false)) RED   \(locator.name)"
      )
    }
    _ = try fixture.folder.write(
      ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut.edl")
  }

  private func pipeline(
    _ fixture: Fixture, _ titles: String, delivery: String = "", rate: String = "24000/1001"
  )
    throws -> String
  {
    try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: \(rate), media: [rushes]}
      raster: \(Self.width)x\(Self.height)
      stages:
        edit: {kind: editing}
      \(titles.isEmpty ? "" : "  titles: {kind: titles, picture: edit, \(titles)}")
        master: {kind: delivery, picture: \(titles.isEmpty ? "edit" : "titles"), profile: stills-16bit\(delivery)}

      """, to: "p.yaml")
  }

  private func stills(_ fixture: Fixture, _ report: RunReport) throws -> [[UInt16]] {
    let result = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "image2", "-pattern_type", "glob", "-i",
        "\(fixture.path)/\(report.master.path)/*.png",
        "-vf", "extractplanes=g", "-f", "rawvideo", "-pix_fmt", "gray16le", "-",
      ])
    guard result.status == 0 else { throw FixtureError(text: result.errors) }
    let size = Self.width * Self.height
    let values = unsafe result.output.withUnsafeBytes { unsafe Array($0.bindMemory(to: UInt16.self)) }
    return stride(from: 0, to: values.count, by: size).map { Array(values[$0..<$0 + size]) }
  }

  private func report(_ fixture: Fixture, version: String = "v001") throws -> Report {
    let path = "\(fixture.path)/out/Assets/test/titles/\(version)/test_titles_\(version).json"
    return try JSONDecoder().decode(Report.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// Names of the sample's credits, as Python's reader of CSV sees them.
  private func names() throws -> [String] {
    let script = """
      import csv, sys
      rows = list(csv.DictReader(l for l in open(sys.argv[1], encoding="utf-8") if not l.startswith("#")))
      layout = ""
      for row in rows:
          if row["layout"]: layout = row["layout"]
          elif row["department"]: layout = "pair"
          if layout not in ("text", "logo", "space"): print(row["name"])
      """
    let result = try Programs.run(
      "python3", ["-c", script, Repository.root + "/SampleMedia/turnover/credits.csv"])
    return result.text.split(separator: "\n").map(String.init)
  }

  private func copyCredits(_ fixture: Fixture) throws {
    for name in ["credits.csv", "logo.png"] {
      try FileManager.default.copyItem(
        atPath: Repository.root + "/SampleMedia/turnover/" + name, toPath: fixture.path + "/" + name)
    }
  }

  @Test func `every name of the sample is in the frames once, in order, and moves by whole pixels`() throws {
    let fixture = try fixture(parts: [(0, 70), (100, 70)], locators: [(10, "CREDITS")])
    try copyCredits(fixture)
    let file = try pipeline(fixture, "credits: credits.csv")
    let run = try fixture.run(file)
    let roll = try #require(try report(fixture).roll)
    let frames = try stills(fixture, run)
    let names = try names()
    #expect(names.count >= 60)
    let shown = roll.texts.filter { $0.role == "name" }
    #expect(shown.map(\.text) == names)
    // In reading order: further down, or on the same row further to the right.
    for (before, after) in zip(shown, shown.dropFirst()) {
      #expect(after.y >= before.y + before.height || after.x >= before.x + before.width, "\(after.text)")
    }
    let step = roll.pixelsPerFrame
    let travel = roll.contentHeight + Self.height
    #expect(roll.firstFrame == 10 && roll.frames == (travel + step - 1) / step && roll.frames <= 130)
    let blank = frames[0]
    for name in shown {
      // The frame in which the name stands nearest to the middle.
      let wanted = Self.height / 2 + name.y + name.height / 2
      let k = (wanted + step / 2) / step
      let top = Self.height + name.y - k * step
      let frame = frames[roll.firstFrame + k]
      var ink = (left: Self.width, right: -1, top: Self.height, bottom: -1)
      for row in top..<top + name.height {
        for column in name.x..<name.x + name.width
        where frame[row * Self.width + column] > blank[row * Self.width + column] + 3_000 {
          ink = (min(ink.left, column), max(ink.right, column), min(ink.top, row), max(ink.bottom, row))
        }
      }
      #expect(ink.right > 0, "\(name.text) has no ink")
      // The ink reaches the sides of the box it was measured in.
      #expect(ink.left - name.x <= 2 && name.x + name.width - 1 - ink.right <= 2, "\(name.text)")
      #expect(ink.top - top <= 2 && top + name.height - 1 - ink.bottom <= 2, "\(name.text)")
      // Inside of the graphics safe area. Source: EBU R 95.
      #expect(name.x >= Self.width / 20 && name.x + name.width <= Self.width - Self.width / 20)
    }
    // Each frame of the roll is the one before it, moved up by the step.
    let kept = (Self.height - step) * Self.width
    for k in 0..<roll.frames - 1 {
      let before = frames[roll.firstFrame + k].suffix(kept)
      let after = frames[roll.firstFrame + k + 1].prefix(kept)
      #expect(before.elementsEqual(after), "frame \(k)")
    }
    #expect(frames[roll.firstFrame] == blank)
    // The last thing drawn is in sight until its edge is gone.
    #expect(frames[roll.firstFrame + roll.frames - 2] != blank)
    #expect(frames[min(frames.count - 1, roll.firstFrame + roll.frames)] == blank)

    // Later by five frames that exist already: nothing is drawn or rendered again.
    try write(fixture, parts: [(0, 5), (0, 70), (100, 70)], locators: [(15, "CREDITS")])
    let moved = try fixture.run(file)
    #expect(moved.framesMade == 0)

    // One changed name: only frames that show its block.
    let text = try String(contentsOfFile: fixture.path + "/credits.csv", encoding: .utf8)
    _ = try fixture.folder.write(
      text.replacingOccurrences(of: "Gábor Szűcs", with: "Gabor Szucs"), to: "credits.csv")
    let changed = try fixture.run(file)
    let block = roll.texts.filter { $0.text == "Visual Effects" || $0.text == "Gábor Szűcs" }
    let first = try #require(block.map(\.firstFrame).min())
    let last = try #require(block.map(\.lastFrame).max())
    let name = try #require(shown.first { $0.text == "Gábor Szűcs" })
    #expect(changed.framesMade >= name.lastFrame - name.firstFrame + 1)
    #expect(changed.framesMade <= last - first + 1 + 4)
  }

  @Test func `fades have exactly their opacities, and a baseline CPU makes the same bytes`() throws {
    let fixture = try fixture(parts: [(0, 30)], locators: [(4, "TITLE OVER")])
    _ = try fixture.folder.write(
      """
      titles: 1
      styles:
        block: {size: 40, weight: bold, colour: "#FFFFFF"}
      cards:
        one: {at: TITLE OVER, duration: 20, fade-in: 6, fade-out: 4, lines: [{text: "III", style: block}]}
      """, to: "t.yaml")
    let file = try pipeline(
      fixture, "cards: t.yaml", delivery: ", burn-in: record, recipient: \"Ada, Byron & Co\"")
    let run = try fixture.run(file)
    let frames = try stills(fixture, run)
    let plain = try fixture.run(try pipeline(fixture, "cards: t.yaml"), production: "plain")
    let bare = try stills(fixture, plain)
    let ground = Int(bare[0][0])
    // A pixel well inside of a letter.
    let inside = try #require(
      bare[12].indices.first {
        bare[12][$0] == 65_535 && bare[12][$0 + 1] == 65_535 && bare[12][$0 + Self.width] == 65_535
      })
    for k in 0..<20 {
      let opacity = k < 6 ? (k + 1, 7) : k >= 16 ? (20 - k, 5) : (1, 1)
      // ground · (1 − o) + white · o, to the nearest code.
      let exact = (2 * (ground * (opacity.1 - opacity.0) + 65_535 * opacity.0) + opacity.1) / (2 * opacity.1)
      #expect(abs(Int(bare[4 + k][inside]) - exact) <= 1, "frame \(k)")
    }
    #expect(bare[3][inside] == bare[0][0] && bare[24][inside] == bare[0][0])
    // The watermark is in every ninth of the picture, and strong enough to be seen.
    for (row, column) in (0..<9).map({ ($0 / 3, $0 % 3) }) {
      let rows = row * Self.height / 3..<(row + 1) * Self.height / 3
      let columns = column * Self.width / 3..<(column + 1) * Self.width / 3
      let marked = rows.reduce(0) { sum, y in
        sum + columns.filter { abs(Int(frames[1][y * Self.width + $0]) - ground) > 2_000 }.count
      }
      #expect(marked > 100, "\(row), \(column)")
    }
    let slow = try fixture.run(
      try pipeline(fixture, "cards: t.yaml", delivery: ", burn-in: record, recipient: \"Ada, Byron & Co\""),
      production: "slow", environment: ["INTERLOCK_CPU": "baseline"])
    let folders = [run.master.path, slow.master.path].map { fixture.path + "/" + $0 }
    let digests = try folders.map { folder in
      try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".png") }.sorted()
        .map { try fixture.digest(of: folder + "/" + $0) }
    }
    #expect(digests[0].count == 30 && digests[0] == digests[1])
  }

  @Test func `credits over black stand on black, and a longer slug makes only its own frames`() throws {
    let fixture = try fixture(parts: [(0, 10)], locators: [(10, "CREDITS")])
    func label(_ frame: Int) -> String { ListWriter.label(86_400 + frame, base: 24, isDropFrame: false) }
    let head = try String(contentsOfFile: fixture.path + "/cut.edl", encoding: .utf8)
    func cut(_ count: Int) throws {
      let line =
        "002  BL       V     C        \(label(0)) \(label(count)) \(label(10)) \(label(10 + count))\n"
      _ = try fixture.folder.write(head + line, to: "cut.edl")
    }
    try cut(40)
    _ = try fixture.folder.write("department,role,name\nCast,The Man,Ada Byron\n", to: "c.csv")
    let file = try pipeline(fixture, "credits: c.csv, roll: {step: 12}")
    let run = try fixture.run(file)
    let frames = try stills(fixture, run)
    #expect(frames.count == 50)
    #expect(frames[10].allSatisfy { $0 == 0 })
    #expect(
      frames[25].contains { $0 > 50_000 } && frames[25].filter { $0 == 0 }.count > frames[25].count * 9 / 10)
    #expect(frames[49].allSatisfy { $0 == 0 })
    // The roll is the same, and black behind it is one frame that exists.
    try cut(60)
    #expect(try fixture.run(file).framesMade == 0)
  }

  @Test func `text that cannot be shown stops the run with its line`() throws {
    let fixture = try fixture(parts: [(0, 100)], locators: [(2, "CREDITS")])
    _ = try fixture.folder.write(
      "department,role,name,layout\nCast,The Man,Ada \u{E000} Byron\nThanks,,\(String(repeating: "W", count: 60)),columns-3\n",
      to: "c.csv")
    let result = try fixture.interlock([
      "run", try pipeline(fixture, "credits: c.csv"), "--production", "out",
    ])
    #expect(result.status == 2)
    #expect(
      result.errors.contains("c.csv:2:14: error: no font has `\u{E000}` (U+E000) of `Ada \u{E000} Byron`"),
      "\(result.errors)")
    #expect(
      result.errors.contains("c.csv:3:9: error: `\(String(repeating: "W", count: 60))` is"),
      "\(result.errors)")
  }
}
