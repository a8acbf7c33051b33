import Foundation
import TestSupport
import Testing

/// Runs of numbered stills as media of a cut.
@Suite struct `Numbered stills in a cut` {
  /// Stills 1001…1020, each showing its number.
  private func stills(_ fixture: Fixture, kind: String, format: String) throws {
    let made = fixture.path + "/made.mov"
    try NumberedClip.make(
      made, frames: 20, firstNumber: 1001, rate: "24000/1001", timecode: "01:00:00:00", reel: "X",
      codec: ["-c:v", "ffv1", "-g", "1", "-pix_fmt", "yuv444p"])
    let finished = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-i", made, "-pix_fmt", format, "-start_number", "1001",
        "\(fixture.path)/rushes/plate.%04d.\(kind)",
      ])
    #expect(finished.status == 0, "\(finished.errors)")
    _ = try fixture.folder.write(
      ListWriter.edl([.init(reel: "plate", source: 1005, count: 10)], base: 24, recordStart: 86_400),
      to: "cut.edl")
  }

  @Test(arguments: [
    ("png", "rgb24"), ("png", "rgb48be"), ("tif", "rgb24"), ("tif", "rgb48le"), ("dpx", "gbrp10le"),
    ("dpx", "gbrp12le"), ("dpx", "rgb48le"),
  ])
  func `a cut shows the frames of their numbers`(kind: String, format: String) throws {
    let fixture = try Fixture()
    try stills(fixture, kind: kind, format: format)
    let report = try fixture.run(try fixture.pipeline("p.yaml", cut: "cut.edl"))
    #expect(report.framesMade == 10)
    #expect(try NumberedClip.read(fixture.path + "/" + report.master.path) == Array(1005..<1015))
  }

  @Test func `another file of one frame makes that frame anew and no other`() throws {
    let fixture = try Fixture()
    try stills(fixture, kind: "png", format: "rgb24")
    let pipeline = try fixture.pipeline("p.yaml", cut: "cut.edl")
    #expect(try fixture.run(pipeline).framesMade == 10)
    #expect(try fixture.run(pipeline).framesMade == 0)
    let (from, to) = (fixture.path + "/rushes/plate.1020.png", fixture.path + "/rushes/plate.1008.png")
    try FileManager.default.removeItem(atPath: to)
    try FileManager.default.copyItem(atPath: from, toPath: to)
    let report = try fixture.run(pipeline)
    #expect(report.framesMade == 1)
    #expect(
      try NumberedClip.read(fixture.path + "/" + report.master.path)
        == [1005, 1006, 1007, 1020] + Array(1009..<1015))
  }

  @Test func `a frame that is missing is told where the cut needs it, and only there`() throws {
    let fixture = try Fixture()
    try stills(fixture, kind: "png", format: "rgb24")
    let pipeline = try fixture.pipeline("p.yaml", cut: "cut.edl")
    // Nobody asks for these.
    for number in [1, 3] {
      try FileManager.default.copyItem(
        atPath: fixture.path + "/rushes/plate.1001.png", toPath: fixture.path + "/rushes/grab.\(number).png")
    }
    try FileManager.default.removeItem(atPath: fixture.path + "/rushes/plate.1018.png")
    let told = try fixture.interlock(["run", pipeline, "--production", "out"])
    #expect(told.status == 0 && told.errors.contains("plate.[1001-1020].png lacks 1018"), "\(told.errors)")
    #expect(!told.errors.contains("grab.["), "\(told.errors)")
    try FileManager.default.removeItem(atPath: fixture.path + "/rushes/plate.1008.png")
    let failed = try fixture.interlock(["run", pipeline, "--production", "out"])
    #expect(failed.status == 3)
    #expect(
      failed.errors.contains("event 001 needs 1008 of plate.[1001-1020].png, which are not there"),
      "\(failed.errors)")
    // The run ends before the event: no media, and why is told.
    for number in 1011...1020 where number != 1018 {
      try FileManager.default.removeItem(atPath: "\(fixture.path)/rushes/plate.\(number).png")
    }
    let short = try fixture.interlock(["run", pipeline, "--production", "out"])
    #expect(
      short.status == 3 && short.errors.contains("plate.[1001-1010].png lacks 1008")
        && !short.errors.contains("grab.["), "\(short.errors)")
  }

  @Test func `a still that cannot be read is no obstacle unless the cut shows it`() throws {
    let fixture = try Fixture()
    try stills(fixture, kind: "png", format: "rgb24")
    let pipeline = try fixture.pipeline("p.yaml", cut: "cut.edl")
    for name in ["plate.1019.png", "stray.0001.png", "stray.0002.png"] {
      try Data("no picture".utf8).write(to: URL(filePath: "\(fixture.path)/rushes/\(name)"))
    }
    // What the board starts: it may not probe.
    func survey() throws -> String {
      let finished = try fixture.interlock(["board-survey", pipeline, "--production", "out"])
      #expect(finished.status == 0, "\(finished.errors)")
      return finished.text
    }
    func isUnprobed() throws -> Bool { try survey().contains("planning.notProbed") }
    #expect(try fixture.run(pipeline).framesMade == 10)
    #expect(try !isUnprobed())
    // One fewer, and one that nobody has tried yet.
    try FileManager.default.removeItem(atPath: fixture.path + "/rushes/stray.0001.png")
    #expect(try !isUnprobed())
    try Data("no picture either".utf8).write(to: URL(filePath: "\(fixture.path)/rushes/plate.1008.png"))
    #expect(try isUnprobed())
    let failed = try fixture.interlock(["run", pipeline, "--production", "out"])
    #expect(failed.status == 3)
    #expect(failed.errors.contains("event 001 needs 1008 of plate.[1001-1020].png"), "\(failed.errors)")
    let shown = try survey()
    #expect(shown.contains("editing.missingFrames") && !shown.contains("planning.notProbed"), "\(shown)")
  }

  @Test func `light above white and below black stays, and needs managed colour`() throws {
    let fixture = try Fixture()
    let (width, height) = (64, 32)
    // Green, blue and red: exact in half floats.
    let values: [Float] = [4, -0.25, 0.5]
    var raw = Data()
    for value in values {
      let bytes = (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
      for _ in 0..<width * height { raw.append(contentsOf: bytes) }
    }
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "rawvideo", "-pix_fmt", "gbrpf32le", "-s", "\(width)x\(height)", "-r", "24",
        "-i",
        "-", "-frames:v", "1", "-start_number", "1001", "\(fixture.path)/rushes/plate.%04d.exr",
      ], input: raw)
    #expect(made.status == 0, "\(made.errors)")
    _ = try fixture.folder.write(
      ListWriter.edl([.init(reel: "plate", source: 1001, count: 1)], base: 24, recordStart: 86_400),
      to: "cut.edl")
    let plain = try fixture.interlock([
      "run", try fixture.pipeline("plain.yaml", cut: "cut.edl", rate: "24"), "--production", "out",
    ])
    #expect(plain.status == 3 && plain.errors.contains("Give `colour:` with a config"), "\(plain.errors)")
    // Half the width: scaled on the way.
    for raster in [width, width / 2] {
      let pipeline = try fixture.folder.write(
        """
        interlock: 1
        programme: test
        timeline: {cut: cut.edl, rate: 24, start: "01:00:00:00", media: [rushes]}
        raster: \(raster)x\(raster / 2)
        colour: {config: aces, working: ACEScg, inputs: [{file: "plate*", space: ACEScg}]}
        stages:
          edit: {kind: editing}
          master: {kind: delivery, picture: edit, profile: exr-half, output: {space: ACEScg}}

        """, to: "light.yaml")
      let report = try fixture.run(pipeline)
      let folder = fixture.path + "/" + report.master.folder
      let file = try #require(
        try FileManager.default.subpathsOfDirectory(atPath: folder).first { $0.hasSuffix(".exr") })
      let decoded = try Programs.run(
        "ffmpeg",
        ["-v", "error", "-i", "\(folder)/\(file)", "-f", "rawvideo", "-pix_fmt", "gbrpf32le", "-"])
      #expect(decoded.status == 0, "\(decoded.errors)")
      let pixels = raster * raster / 2
      for (plane, value) in values.enumerated() {
        let offset = 4 * (plane * pixels + pixels / 2 + raster / 2)
        let bits = (0..<4).reduce(UInt32(0)) {
          $0 | UInt32(decoded.output[decoded.output.startIndex + offset + $1]) << UInt32(8 * $1)
        }
        // Half floats have eleven bits.
        let found = Float(bitPattern: bits)
        #expect(
          abs(found - value) <= abs(value) / 1024, "plane \(plane) at \(raster): \(found), not \(value)")
      }
    }
  }
}
