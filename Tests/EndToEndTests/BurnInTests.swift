import Foundation
import TestSupport
import Testing

/// Burnt-in numbers, read back from the rendered pixels.
@Suite struct `Burn-in` {
  private static let width = 640
  private static let height = 360
  private static let alphabet = Array("0123456789:;-")

  /// What the worker drew, by its own result file.
  private struct Drawn: Decodable {
    struct Result: Decodable {
      struct Body: Decodable { var output: Output }
      var body: Body
    }

    struct Output: Decodable {
      var typeset: [Typeset]
    }

    struct Typeset: Decodable {
      var pictures: [Picture]
      var height: Int
      var counters: [Point]
    }

    struct Picture: Decodable {
      var image: Image
    }

    struct Image: Decodable {
      struct Raster: Decodable {
        var width: Int
        var height: Int
      }

      var object: String
      var raster: Raster
    }

    struct Point: Decodable {
      var x: Int
      var y: Int
    }
  }

  private func drawn(_ fixture: Fixture) throws -> [Drawn.Typeset] {
    let root = fixture.path + "/out/.interlock/results"
    for folder in try FileManager.default.contentsOfDirectory(atPath: root) {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? [] {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(folder)/\(name)"))
        if let result = try? JSONDecoder().decode(Drawn.Result.self, from: data) {
          return result.body.output.typeset
        }
      }
    }
    throw FixtureError(text: "no result of a typeset task")
  }

  /// Alpha of the glyphs, one list for each.
  private func glyphs(_ fixture: Fixture, _ image: Drawn.Image) throws -> [[UInt8]] {
    let path = "\(fixture.path)/out/.interlock/objects/\(image.object.prefix(2))/\(image.object.dropFirst(2))"
    let result = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "png_pipe", "-i", path, "-vf", "alphaextract", "-f", "rawvideo", "-pix_fmt",
        "gray", "-",
      ])
    guard result.status == 0 else { throw FixtureError(text: result.errors) }
    let pixels = [UInt8](result.output)
    let cell = image.raster.width / Self.alphabet.count
    return Self.alphabet.indices.map { index in
      (0..<image.raster.height).flatMap { row in
        let start = row * image.raster.width + index * cell
        return pixels[start..<start + cell]
      }
    }
  }

  /// The character whose glyph lies nearest to what is seen at a place.
  private func read(
    _ frame: [UInt8], x: Int, y: Int, count: Int, glyphs: [[UInt8]], cell: Int, rows: Int
  ) -> String {
    String(
      (0..<count).map { place -> Character in
        var seen: [Double] = []
        for row in 0..<rows {
          for column in 0..<cell {
            seen.append(Double(frame[(y + row) * Self.width + x + place * cell + column]))
          }
        }
        let ground = seen.min() ?? 0
        let distances = glyphs.map { glyph in
          zip(seen, glyph).reduce(0.0) { sum, pair in
            let expected = ground + (242 - ground) * Double(pair.1) / 255
            return sum + (pair.0 - expected) * (pair.0 - expected)
          }
        }
        let best = distances.indices.min { distances[$0] < distances[$1] } ?? 0
        return Self.alphabet[best]
      })
  }

  @Test func `source timecode and shot frame are right over drop frame, reverse, speed and a dissolve`()
    throws
  {
    let fixture = try Fixture()
    // 50 frames before a minute whose first two labels are left out.
    let start = ListWriter.frame(1, 0, 58, 10, base: 30, isDropFrame: true)
    for reel in ["A001", "B001"] {
      let made = try Programs.run(
        "ffmpeg",
        [
          "-v", "error", "-f", "lavfi", "-i",
          "color=0x606060:size=\(Self.width)x\(Self.height):rate=30000/1001,format=gbrp",
          "-frames:v", "130", "-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv444p10le", "-c:v",
          "ffv1",
          "-g", "1", "-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc",
          "bt709",
          "-timecode", ListWriter.label(start, base: 30, isDropFrame: true), "-metadata:s:v:0",
          "reel_name=\(reel)",
          "\(fixture.path)/rushes/\(reel).mov",
        ])
      #expect(made.status == 0, "\(made.errors)")
    }
    func label(_ frame: Int) -> String { ListWriter.label(frame, base: 30, isDropFrame: true) }
    let record = ListWriter.frame(1, 0, 0, 0, base: 30, isDropFrame: true)
    func event(
      _ number: String, _ reel: String, _ kind: String, _ source: Int, _ count: Int, at: Int, _ length: Int
    )
      -> String
    {
      "\(number)  \(reel)     V     \(kind) \(label(start + source)) \(label(start + source + count)) "
        + "\(label(record + at)) \(label(record + at + length))\n"
    }
    var list = "TITLE: BURN\nFCM: DROP FRAME\n\n"
    list += event("001", "A001", "C        ", 40, 20, at: 0, 20) + "* FROM CLIP NAME: FIRST_010\n"
    list +=
      event("002", "A001", "C        ", 100, 10, at: 20, 10)
      + "M2   A001     -030.0                \(label(start + 100))\n"
    list +=
      event("003", "B001", "C        ", 0, 20, at: 30, 10)
      + "M2   B001     060.0                \(label(start))\n"
    list += event("004", "B001", "C        ", 20, 0, at: 40, 0)
    list += event("004", "A001", "D    006 ", 48, 12, at: 40, 12)
    _ = try fixture.folder.write(list, to: "cut.edl")
    let pipeline = try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 30000/1001, media: [rushes]}
      raster: \(Self.width)x\(Self.height)
      stages:
        edit: {kind: editing}
        master: {kind: delivery, picture: edit, profile: stills-16bit, burn-in: record}

      """, to: "p.yaml")
    let run = try fixture.run(pipeline)
    let result = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "image2", "-pattern_type", "glob", "-i",
        "\(fixture.path)/\(run.master.path)/*.png", "-vf",
        "extractplanes=g", "-f", "rawvideo", "-pix_fmt", "gray", "-",
      ])
    let pixels = [UInt8](result.output)
    let size = Self.width * Self.height
    #expect(pixels.count == 52 * size)
    let drawn = try drawn(fixture)
    let image = try #require(drawn.first?.pictures.first?.image)
    let glyphs = try glyphs(fixture, image)
    let cell = image.raster.width / Self.alphabet.count
    let (strip, recordStrip) = (drawn[1], try #require(drawn.last))
    let expected =
      (0..<20).map { 40 + $0 } + (0..<10).map { 100 - $0 } + (0..<10).map { 2 * $0 }
      + (0..<12).map { 48 + $0 }
    for frame in 0..<52 {
      let picture = Array(pixels[frame * size..<(frame + 1) * size])
      func read(_ strip: Drawn.Typeset, _ counter: Int, _ count: Int, left: Int, top: Int) -> String {
        self.read(
          picture, x: left + strip.counters[counter].x, y: top + strip.counters[counter].y, count: count,
          glyphs: glyphs, cell: cell, rows: image.raster.height)
      }
      // In the order of the shots: FIRST_010, then by their reels A001 and B001.
      let plate = frame < 20 ? strip : frame < 30 ? drawn[2] : frame < 40 ? drawn[3] : drawn[2]
      let top = Self.height - Self.height * 12 / 1000 - plate.height
      let left = Self.width * 2 / 100
      #expect(read(plate, 0, 11, left: left, top: top) == label(start + expected[frame]), "frame \(frame)")
      let number = String(format: "%05d", expected[frame] + 1)
      #expect(read(plate, 1, 5, left: left, top: top) == number, "frame \(frame)")
      let right = Self.width - left - (recordStrip.pictures.first?.image.raster.width ?? 0)
      #expect(
        read(recordStrip, 0, 11, left: right, top: Self.height * 12 / 1000) == label(record + frame),
        "frame \(frame)")
      // The shot that ends, at the upper edge while the dissolve lasts.
      if (40..<46).contains(frame) {
        #expect(
          read(drawn[3], 0, 11, left: left, top: Self.height * 12 / 1000)
            == label(start + 20 + 2 * (frame - 40)),
          "outgoing of frame \(frame)")
      }
    }
    let plan = try fixture.interlock(["plan", pipeline, "--production", "out"])
    #expect((plan.text + plan.errors).contains("record ties every frame to its place in the programme"))
  }

  @Test func `after a re-cut burnt-in frames of the same source are the same frames`() throws {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 120, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    func cut(_ parts: [(Int, Int)]) throws {
      let events = parts.map { ListWriter.Event(reel: "A001", source: 86_400 + $0.0, count: $0.1) }
      _ = try fixture.folder.write(ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut.edl")
    }
    try cut([(10, 20), (50, 20)])
    let shot = try fixture.pipeline("p.yaml", cut: "cut.edl", extra: ", burn-in: shot")
    let record = try fixture.pipeline("r.yaml", cut: "cut.edl", extra: ", burn-in: record")
    #expect(try fixture.run(shot).framesMade == 40)
    #expect(try fixture.run(record, production: "records").framesMade == 40)
    try cut([(14, 16), (50, 20)])
    #expect(try fixture.run(shot).framesMade == 0)
    #expect(try fixture.run(record, production: "records").framesMade == 36)
    // Another recipient is another copy.
    let marked = try fixture.pipeline("m.yaml", cut: "cut.edl", extra: ", burn-in: shot, recipient: Ada")
    #expect(try fixture.run(marked).framesMade == 36)
  }
}
