import Foundation
import TestSupport
import Testing

/// Comps through the whole program, measured on what was rendered.
@Suite struct `Composites` {
  /// A lossless clip from FFmpeg's generators, Rec.709 legal range.
  private func clip(
    _ fixture: Fixture, _ reel: String, _ source: String, frames: Int, size: String = "96x54",
    format: String = "yuv444p10le"
  ) throws {
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "lavfi", "-i",
        "\(source)\(source.contains("=") ? ":" : "=")size=\(size):rate=24000/1001,format=gbrp", "-frames:v",
        "\(frames)", "-vf", "scale=out_color_matrix=bt709:out_range=tv,format=\(format)", "-c:v", "ffv1",
        "-g", "1",
        "-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
        "-timecode", "01:00:00:00", "-metadata:s:v:0", "reel_name=\(reel)",
        "\(fixture.path)/rushes/\(reel).mov",
      ])
    #expect(made.status == 0, "\(made.errors)")
  }

  private func cut(_ fixture: Fixture, _ events: [(reel: String, source: Int, count: Int)]) throws {
    _ = try fixture.folder.write(
      ListWriter.edl(
        events.map { ListWriter.Event(reel: $0.reel, source: 86_400 + $0.source, count: $0.count) }, base: 24,
        recordStart: 86_400), to: "cut.edl")
  }

  private func pipeline(
    _ fixture: Fixture, comps: String?, raster: String = "96x54", profile: String = "stills-16bit"
  ) throws -> String {
    if let comps { _ = try fixture.folder.write("comps:\n" + comps, to: "comps.yaml") }
    return try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
      raster: \(raster)
      stages:
        edit: {kind: editing}
        \(comps == nil ? "" : "comp: {kind: vfx-compositing, picture: edit, shots: comps.yaml}")
        master: {kind: delivery, picture: \(comps == nil ? "edit" : "comp"), profile: \(profile)}

      """, to: comps == nil ? "plain.yaml" : "p.yaml")
  }

  /// 16-bit R'G'B' of every still, in order.
  private func stills(_ fixture: Fixture, _ report: RunReport) throws -> [[UInt16]] {
    let folder = fixture.path + "/" + report.master.path
    return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".png") }
      .sorted().map { try samples("\(folder)/\($0)") }
  }

  private func samples(_ path: String) throws -> [UInt16] {
    let decoded = try Programs.run(
      "ffmpeg", ["-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb48le", "-"])
    let bytes = [UInt8](decoded.output)
    return stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
  }

  /// Numbered stills from FFmpeg's generators.
  private func element(_ fixture: Fixture, _ name: String, _ source: String, count: Int) throws {
    let folder = fixture.path + "/elements"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "lavfi", "-i", source, "-frames:v", "\(count)", "-start_number", "1001",
        "\(folder)/\(name).%04d.png",
      ])
    #expect(made.status == 0, "\(made.errors)")
  }

  @Test func `a plate alone comes back within a code of 10 bits`() throws {
    let fixture = try Fixture()
    try clip(fixture, "A001", "testsrc2", frames: 4, format: "yuv420p10le")
    try cut(fixture, [("A001", 0, 3)])
    let plain = try stills(fixture, fixture.run(try pipeline(fixture, comps: nil), production: "plain"))
    let comp = try stills(fixture, fixture.run(try pipeline(fixture, comps: "  A001: [plate]\n")))
    #expect(plain.count == 3 && comp.count == 3)
    for (a, b) in zip(plain, comp) {
      #expect(a.count == 96 * 54 * 3)
      let most = zip(a, b).map { pair in abs(Int(pair.0) - Int(pair.1)) }.max()
      #expect(try #require(most) <= 64)
    }
  }

  /// The reference was made by another program in linear light; ours comes out display-coded.
  @Test func `a sample element over a checkerboard equals the reference within 0.0005 in linear light`()
    throws
  {
    guard let shared = Repository.shared else {
      print("skipped: no folder `shared` beside the checkout")
      return
    }
    let fixture = try Fixture()
    for name in ["rgb", "checkerboard", "rgbOverChecker"] {
      try FileManager.default.copyItem(
        atPath: "\(shared)/samples/media/comp/\(name).100x100.exr", toPath: "\(fixture.path)/\(name).exr")
    }
    try clip(fixture, "A001", "testsrc2", frames: 2, size: "100x100")
    try cut(fixture, [("A001", 0, 2)])
    let comps = "  A001: [{background: {file: checkerboard.exr}}, {element: {file: rgb.exr, merge: over}}]\n"
    let result = try #require(
      try stills(fixture, fixture.run(try pipeline(fixture, comps: comps, raster: "100x100"))).first)
    let decoded = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-i", "\(fixture.path)/rgbOverChecker.exr", "-f", "rawvideo", "-pix_fmt", "gbrapf32le",
        "-",
      ])
    let reference = unsafe decoded.output.withUnsafeBytes { unsafe Array($0.bindMemory(to: Float.self)) }
    try #require(reference.count == 40_000 && result.count == 30_000)
    var most = 0.0
    for pixel in 0..<10_000 {
      for (channel, plane) in [(0, 2), (1, 0), (2, 1)] {
        let light = pow(Double(result[pixel * 3 + channel]) / 65_535, 2.4)
        most = max(most, abs(light - Double(reference[plane * 10_000 + pixel])))
      }
    }
    #expect(most <= 0.0005)
  }

  @Test func `an element lies on the frames it was bound to, and holds, loops or ends as it was said`() throws
  {
    let fixture = try Fixture()
    try clip(fixture, "A001", "color=black", frames: 12)
    try cut(fixture, [("A001", 0, 8)])
    // Frame n of the element is a grey of n + 1 times 16.
    try element(
      fixture, "grey", "nullsrc=size=96x54:rate=24,format=gray,geq=lum='16*(N+1)',format=rgba64be", count: 4)
    func greys(_ keys: String) throws -> [Int] {
      let comps = "  A001: [plate, {element: {file: elements/grey.####.png, \(keys)}}]\n"
      let report = try fixture.run(try pipeline(fixture, comps: comps))
      return try stills(fixture, report).map { Int((Double($0[0]) / 257).rounded()) }
    }
    #expect(try greys("at: 2, beyond: black") == [0, 0, 16, 32, 48, 64, 0, 0])
    #expect(try greys("first: 1002, beyond: hold") == [32, 48, 64, 64, 64, 64, 64, 64])
    #expect(try greys("beyond: bounce") == [16, 32, 48, 64, 48, 32, 16, 32])
    #expect(try greys("first: 1001, speed: 1/2, beyond: loop") == [16, 16, 32, 32, 48, 48, 64, 64])
    #expect(try greys("at: \"01:00:00:03\", beyond: loop") == [32, 48, 64, 16, 32, 48, 64, 16])
  }

  /// A comp with key, scaled element and hold, cut with a retime and a dissolve.
  private func full() throws -> (Fixture, String) {
    let fixture = try Fixture()
    try clip(fixture, "A001", "color=0x20F010", frames: 60, format: "yuv422p10le")
    try clip(fixture, "B001", "testsrc2", frames: 40, size: "128x80")
    try element(
      fixture, "spark", "testsrc2=size=48x30:rate=24,format=rgba64be,colorchannelmixer=aa=0.5", count: 6)
    _ = try fixture.folder.write(
      """
      TITLE: COMP
      FCM: NON-DROP FRAME

      001  A001     V     C        01:00:00:00 01:00:00:20 01:00:00:00 01:00:00:10
      M2   A001     048.0                01:00:00:00
      002  A001     V     C        01:00:00:20 01:00:00:20 01:00:00:10 01:00:00:10
      002  B001     V     D    006 01:00:00:04 01:00:00:14 01:00:00:10 01:00:00:20

      """, to: "cut.edl")
    let comps = """
        A001:
          - background: {media: B001, beyond: bounce}
          - plate: {key: {screen: sample, core: [[10, 10], [40, 12], [20, 40]], erode: 1, blur: 2}}
          - element: {file: elements/spark.####.png, merge: plus, scale: 1.37, move: [3, -2], beyond: loop}
        B001: [plate, {element: {file: elements/spark.####.png, merge: screen, fit: fit, beyond: hold}}]

      """
    return (fixture, try pipeline(fixture, comps: comps, raster: "96x54", profile: "test"))
  }

  @Test func `comps give the same bytes with one worker, with two and on the baseline CPU`() throws {
    let (fixture, pipeline) = try full()
    var digests: Set<String> = []
    for (name, workers, environment) in [
      ("one", 1, [:]), ("two", 2, [:]), ("base", 2, ["INTERLOCK_CPU": "baseline"]),
    ] as [(String, Int, [String: String])] {
      let report = try fixture.run(pipeline, production: name, workers: workers, environment: environment)
      digests.insert(try fixture.digest(of: fixture.path + "/" + report.master.path))
    }
    #expect(digests.count == 1)
  }

  @Test func `after a re-cut only new frames are made, and trace names every layer's frame`() throws {
    let (fixture, pipeline) = try full()
    let first = try fixture.run(pipeline)
    #expect(first.framesMade == 20)
    let trace = try fixture.interlock(["trace", first.master.path, "--frame", "3"])
    #expect(trace.text.contains("layer 1    B001.mov, frame 6, over"), "\(trace.text) \(trace.errors)")
    #expect(trace.text.contains("layer 2    A001.mov, frame 6, over"))
    #expect(trace.text.contains("layer 3    spark.####.png, frame 1001, plus"))
    #expect(trace.text.contains("keyed on"))
    let mixed = try fixture.interlock(["trace", first.master.path, "--frame", "12"])
    #expect(
      mixed.text.contains("outgoing") && mixed.text.contains("spark.####.png, frame 1006, screen, incoming"))
    let list = try String(contentsOfFile: fixture.path + "/cut.edl", encoding: .utf8)
      .replacingOccurrences(
        of: "01:00:00:14 01:00:00:10 01:00:00:20", with: "01:00:00:16 01:00:00:10 01:00:00:22")
    _ = try fixture.folder.write(list, to: "cut.edl")
    #expect(try fixture.run(pipeline).framesMade == 2)
    // A member that changes makes the element another one.
    try element(fixture, "spark", "testsrc=size=48x30:rate=24,format=rgba64be", count: 6)
    #expect(try fixture.run(pipeline).framesMade == 22)
  }

  @Test func `a green screen is measured once, keyed over its background, and leaves no green`() throws {
    let fixture = try Fixture()
    // Grey to the left, screen to the right, over a background of one red.
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "lavfi", "-i",
        "color=0x20F010:size=96x54:rate=24000/1001,format=gbrp,drawbox=w=48:h=54:color=0x606060:t=fill",
        "-frames:v",
        "6", "-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv444p10le", "-c:v", "ffv1", "-g", "1",
        "-color_range", "tv", "-colorspace", "bt709", "-timecode", "01:00:00:00", "-metadata:s:v:0",
        "reel_name=A001", "\(fixture.path)/rushes/A001.mov",
      ])
    #expect(made.status == 0, "\(made.errors)")
    try clip(fixture, "B001", "color=0xA03020", frames: 6)
    try cut(fixture, [("A001", 0, 4)])
    let comps = "  A001: [{background: {media: B001.mov}}, {plate: {key: sample}}]\n"
    let report = try fixture.run(try pipeline(fixture, comps: comps))
    let expected: [(x: Int, colour: [Int])] = [(20, [0x60, 0x60, 0x60]), (70, [0xA0, 0x30, 0x20])]
    for still in try stills(fixture, report) {
      for (x, colour) in expected {
        for channel in 0..<3 {
          let value = Int(still[(20 * 96 + x) * 3 + channel])
          #expect(abs(value - colour[channel] * 257) <= 257)
        }
      }
      var greenest = 0
      for pixel in stride(from: 0, to: still.count, by: 3) {
        greenest = max(greenest, Int(still[pixel + 1]) - Int(max(still[pixel], still[pixel + 2])))
      }
      #expect(greenest <= 300)
    }
  }

  @Test func `members that vanish, change or lie elsewhere are told, and nothing is published`() throws {
    let (fixture, pipeline) = try full()
    try FileManager.default.removeItem(atPath: fixture.path + "/elements/spark.1003.png")
    let missing = try fixture.interlock(["run", pipeline, "--production", "out"])
    #expect(missing.status == 3 && missing.errors.contains("there is no 1003"), "\(missing.errors)")
    #expect(missing.errors.contains("comps.yaml:5:") && missing.errors.contains("^"))
    try FileManager.default.createSymbolicLink(
      atPath: fixture.path + "/elements/spark.1003.png", withDestinationPath: "/etc/hostname")
    let link = try fixture.interlock(["run", pipeline, "--production", "out"])
    #expect(link.status == 2 && link.errors.contains("is a link that leaves its folder"), "\(link.errors)")
    try FileManager.default.removeItem(atPath: fixture.path + "/elements/spark.1003.png")
    _ = try fixture.folder.write("#EXTM3U\n/etc/passwd\n", to: "elements/spark.1003.png")
    let other = try fixture.interlock(["run", pipeline, "--production", "out"])
    #expect(
      other.status != 0 && other.errors.contains("no PNG, TIFF, DPX, OpenEXR or JPEG"), "\(other.errors)")
    let deliverables = fixture.path + "/out/Deliverables"
    #expect(((try? FileManager.default.subpathsOfDirectory(atPath: deliverables)) ?? []).isEmpty)
  }
}
