import Drawing
import Foundation
import TestSupport
import Testing

/// Contact sheet and scopes of flat colours whose stills can be computed.
@Suite struct `Contact sheet` {
  /// 10-bit legal codes of a clip of one colour.
  private struct Patch {
    var y: Int
    var cb: Int
    var cr: Int

    // Source: ITU-R BT.709-6, items 3.2 and 3.3.
    var rgb: [Double] {
      let (y, cb, cr) = (Double(y - 64) / 876, Double(cb - 512) / 896, Double(cr - 512) / 896)
      let (red, blue) = (y + 1.5748 * cr, y + 1.8556 * cb)
      return [red, (y - 0.2126 * red - 0.0722 * blue) / 0.7152, blue]
    }
  }

  private let patches = [
    Patch(y: 400, cb: 560, cr: 470), Patch(y: 620, cb: 480, cr: 540), Patch(y: 300, cb: 530, cr: 580),
    Patch(y: 500, cb: 512, cr: 512),
  ]
  private let slope = [1.2, 0.9, 1.1]
  private let offset = [-0.05, 0.04, 0.02]

  private func production() throws -> (fixture: Fixture, pipeline: String) {
    let fixture = try Fixture()
    let (width, height) = (320, 180)
    for (index, patch) in patches.enumerated() {
      var raw = Data()
      for (code, count) in [
        (patch.y, width * height), (patch.cb, width * height / 2), (patch.cr, width * height / 2),
      ] {
        for _ in 0..<count { raw.append(contentsOf: [UInt8(code & 255), UInt8(code >> 8)]) }
      }
      let made = try Programs.run(
        "ffmpeg",
        [
          "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv422p10le", "-s", "\(width)x\(height)", "-r",
          "24000/1001", "-i", "-", "-vf", "loop=loop=11:size=1:start=0", "-c:v", "ffv1", "-g", "1",
          "-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
          "-timecode", "01:00:00:00", "\(fixture.path)/rushes/A00\(index + 1).mov",
        ], input: raw)
      #expect(made.status == 0, "\(made.errors)")
    }
    func text(_ values: [Double]) -> String { values.map { "\($0)" }.joined(separator: " ") }
    let grade = ["ASC_SOP (\(text(slope)))(\(text(offset)))(1.0 1.0 1.0)", "ASC_SAT 1.0"]
    let events = patches.indices.map { index in
      ListWriter.Event(
        reel: "A00\(index + 1)", source: 86_402, count: 8, comments: index == 3 ? [] : grade)
    }
    _ = try fixture.folder.write(ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut.edl")
    return (
      fixture, try fixture.pipeline("p.yaml", cut: "cut.edl", raster: "\(width)x\(height)", stills: true)
    )
  }

  /// What `run --json` says about files to look at, and about work done.
  private struct Report: Decodable {
    struct Item: Decodable {
      var what: String
      var name: String
      var version: String
      var paths: [String]
    }

    var attempts: Int
    var toLookAt: [Item]

    func paths(_ what: String) -> [String] { toLookAt.first { $0.what == what }?.paths ?? [] }
  }

  private func run(
    _ fixture: Fixture, _ pipeline: String, production: String = "out", workers: Int = 2,
    environment: [String: String] = [:]
  ) throws -> Report {
    let finished = try fixture.interlock(
      [
        "run", pipeline, "--production", production, "--workers", "\(workers)", "--until", "grade", "--json",
      ], environment: environment)
    guard finished.status == 0 else { throw FixtureError(text: finished.errors) }
    return try JSONDecoder().decode(Report.self, from: finished.output)
  }

  @Test func `each cell holds its shot before and after the grade, in the order of the cut`() throws {
    let (fixture, pipeline) = try production()
    let report = try run(fixture, pipeline)
    let path = try #require(report.paths("contact sheet").first)
    #expect(path.hasSuffix("Assets/test/grade/v001/test_grade_v001.contact-sheet.png"))
    let decoded = try Programs.run(
      "ffmpeg", ["-v", "error", "-i", fixture.path + "/" + path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
    let pixels = [UInt8](decoded.output)
    func pixel(_ corner: (x: Int, y: Int)) -> [Double] {
      let index = ((corner.y + 81) * 1920 + corner.x + 144) * 3
      return pixels[index..<index + 3].map(Double.init)
    }
    for (index, patch) in patches.enumerated() {
      let place = ContactSheet.place(index, stillHeight: 162)
      let graded = zip(zip(patch.rgb, slope), offset).map { min(max($0.0 * $0.1 + $1, 0), 1) }
      let expected = [(place.before, patch.rgb), (place.after, index == 3 ? patch.rgb : graded)]
      for (corner, colour) in expected {
        let found = pixel(corner)
        for channel in 0..<3 {
          #expect(abs(found[channel] - colour[channel] * 255) <= 0.6, "shot \(index) channel \(channel)")
        }
      }
    }
    #expect(pixel(ContactSheet.place(4, stillHeight: 162).before) == [22, 22, 22], "there is no fifth shot")
  }

  @Test func `scopes are published for each shot and grade, and a second run makes nothing`() throws {
    let (fixture, pipeline) = try production()
    let first = try run(fixture, pipeline)
    #expect(first.attempts > 0)
    #expect(
      first.paths("scopes").map { URL(fileURLWithPath: $0).lastPathComponent }
        == (1...4).map { "test_grade_v001.scopes.A00\($0).png" })
    #expect(first.paths("conform report").map { $0.hasSuffix("v001.report.html") } == [true])
    for item in first.toLookAt {
      for path in item.paths { #expect(FileManager.default.fileExists(atPath: fixture.path + "/" + path)) }
    }
    let second = try run(fixture, pipeline)
    #expect(second.attempts == 0)
    #expect(second.toLookAt.map(\.paths) == first.toLookAt.map(\.paths))

    let text = try fixture.interlock(["run", pipeline, "--production", "out", "--until", "grade"]).text
    let lines = text.split(separator: "\n").map(String.init)
    let start = try #require(lines.firstIndex(of: "To look at"))
    #expect(lines[start + 1] == "  contact sheet   \(first.paths("contact sheet")[0])")
    #expect(lines[start + 2] == "  scopes          out/Assets/test/grade/v001/  (4 files)")
    #expect(lines[start + 3] == "  conform report  \(first.paths("conform report")[0])")
    let list = try fixture.interlock(["assets", "list", "--production", "out"]).text
    #expect(list.contains("test/grade@v001") && list.contains("contact sheet, scopes"))
    let show = try fixture.interlock(["assets", "show", "test/grade", "--production", "out"]).text
    #expect(show.contains("test_grade_v001.scopes.A003.png"))
  }

  @Test func `one worker, two workers and the baseline CPU give the same pictures`() throws {
    let (fixture, pipeline) = try production()
    func digests(_ production: String, _ workers: Int, _ environment: [String: String] = [:]) throws
      -> [String]
    {
      let report = try run(
        fixture, pipeline, production: production, workers: workers, environment: environment)
      return try (report.paths("contact sheet") + report.paths("scopes")).map {
        try fixture.digest(of: fixture.path + "/" + $0)
      }
    }
    let one = try digests("one", 1)
    #expect(one.count == 5)
    #expect(try digests("two", 2) == one)
    #expect(try digests("baseline", 2, ["INTERLOCK_CPU": "baseline"]) == one)
  }

  @Test func `conform writes its report as a page`() throws {
    let (fixture, _) = try production()
    let result = try fixture.interlock(
      ["conform", "cut.edl", "--media", "rushes", "--rate", "24000/1001", "--report", "report.html"])
    #expect(result.status == 0, "\(result.errors)")
    let page = try String(contentsOfFile: fixture.path + "/report.html", encoding: .utf8)
    #expect(
      page.hasPrefix("<!DOCTYPE html>") && page.components(separatedBy: "<tbody class=\"event\">").count == 5)
  }
}
