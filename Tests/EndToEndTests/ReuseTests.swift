import Foundation
import TestSupport
import Testing

/// A frame that was made once is never made again.
@Suite struct `Frame reuse` {
  @Test func `a second run makes nothing and writes no run`() throws {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 60, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    let list = ListWriter.edl([.init(reel: "A001", source: 86_405, count: 40)], base: 24, recordStart: 86_400)
    _ = try fixture.folder.write(list, to: "cut.edl")
    let pipeline = try fixture.pipeline("p.yaml", cut: "cut.edl")
    #expect(try fixture.run(pipeline).framesMade == 40)
    let runs = fixture.path + "/out/.interlock/runs"
    let before = try FileManager.default.subpathsOfDirectory(atPath: fixture.path + "/out").sorted()
    let second = try fixture.run(pipeline)
    #expect(second.framesMade == 0)
    #expect(second.attempts == 0)
    #expect(second.master.version == "v001")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: runs).count == 2, "probing and rendering, no third")
    let after = try FileManager.default.subpathsOfDirectory(atPath: fixture.path + "/out").sorted()
    let ledgerFiles: (String) -> Bool = { $0.contains("ledger.sqlite") }
    #expect(after.filter { !ledgerFiles($0) } == before.filter { !ledgerFiles($0) })
  }

  @Test(arguments: ["test", "stills-16bit"])
  func `a master is stored once, and a re-cut takes its frames from it`(profile: String) throws {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 60, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    func run(_ name: String, from start: Int, count: Int) throws -> RunReport {
      let list = ListWriter.edl(
        [.init(reel: "A001", source: 86_400 + start, count: count)], base: 24, recordStart: 86_400)
      _ = try fixture.folder.write(list, to: "\(name).edl")
      return try fixture.run(try fixture.pipeline("\(name).yaml", cut: "\(name).edl", profile: profile))
    }
    /// Bytes of files below a folder; one with several names counts once.
    func bytes(_ folder: String) throws -> Int {
      var seen: Set<Int> = []
      return try FileManager.default.subpathsOfDirectory(atPath: folder).reduce(0) { total, name in
        let facts = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
        guard facts[.type] as? FileAttributeType == .typeRegular, let file = facts[.systemFileNumber] as? Int,
          seen.insert(file).inserted
        else { return total }
        return total + (facts[.size] as? Int ?? 0)
      }
    }
    let first = try run("one", from: 0, count: 40)
    let published = try bytes(fixture.path + "/out/Deliverables/test/master")
    let stored = try bytes(fixture.path + "/out/.interlock/objects")
    #expect(
      stored < published + published / 10 + 65_536, "\(stored) bytes of objects, \(published) published")
    #expect(first.framesMade == 40)
    let second = try run("two", from: 10, count: 40)
    #expect(second.framesMade == 10 && second.master.reusedFrames == 30)
    if profile == "test" {
      #expect(try NumberedClip.read(fixture.path + "/" + second.master.path) == Array(10..<50))
    }
    let verified = try fixture.interlock(["verify", "--production", "out"])
    #expect(verified.status == 0, "\(verified.text)\(verified.errors)")
    // The older one again: its frames are where they were.
    let again = try run("one", from: 0, count: 40)
    #expect(again.framesMade == 0 && again.master.version == "v001")
  }

  @Test func `segments of the same pictures under two keys do not lose each other`() throws {
    let fixture = try Fixture()
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "lavfi", "-i", "color=c=gray:s=64x64:r=24000/1001", "-frames:v", "4", "-pix_fmt",
        "yuv444p10le", "-c:v", "ffv1", "-g", "1", "-color_range", "tv", "-colorspace", "bt709",
        "-color_primaries", "bt709", "-color_trc", "bt709", "-timecode", "01:00:00:00",
        "\(fixture.path)/rushes/A001.mov",
      ])
    #expect(made.status == 0, "\(made.errors)")
    // A correction that moves no code.
    _ = try fixture.folder.write(
      ListWriter.edl(
        [
          .init(
            reel: "A001", source: 86_400, count: 4,
            comments: ["ASC_SOP (1.000001 1 1)(0 0 0)(1 1 1)", "ASC_SAT 1"])
        ], base: 24, recordStart: 86_400), to: "cut.edl")
    _ = try fixture.folder.write(
      """
      profile: lossless
      container: mov
      extension: mov
      picture: {codec: ffv1, pixel-format: yuv444p10le, lowest-psnr: 90}
      colour: {primaries: bt709, transfer: bt709, matrix: bt709, range: tv}
      """, to: "profiles/lossless.yaml")
    let pipeline = try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
      raster: 64x64
      stages:
        edit: {kind: editing}
        grade: {kind: color-grade, picture: edit, stills: no}
        graded: {kind: delivery, picture: grade, profile: lossless}
        raw: {kind: delivery, picture: grade, profile: lossless, layers: {grade: no}}

      """, to: "p.yaml")
    // One after the other: the second is assembled when the frames of the first lie in its file.
    let finished = try fixture.interlock(["run", pipeline, "--production", "out", "--workers", "1", "--json"])
    #expect(finished.status == 0 && !finished.errors.contains("made again"), "\(finished.errors)")
    let report = try JSONDecoder().decode(RunReport.self, from: finished.output)
    #expect(report.framesMade == 8)
    let digests = try report.deliverables.map { try fixture.digest(of: fixture.path + "/" + $0.path) }
    #expect(Set(digests).count == 1, "pictures that differ prove nothing")
    let verified = try fixture.interlock(["verify", "--production", "out"])
    #expect(verified.status == 0, "\(verified.text)\(verified.errors)")
  }

  @Test func `frames used by several events or twice in a row are made once`() throws {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 60, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    let events = [
      ListWriter.Event(reel: "A001", source: 86_400, count: 20),
      .init(reel: "A001", source: 86_410, count: 20),
      .init(reel: "A001", source: 86_400, count: 20),
    ]
    _ = try fixture.folder.write(ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut.edl")
    let report = try fixture.run(try fixture.pipeline("p.yaml", cut: "cut.edl"))
    #expect(report.framesMade == 30)
    #expect(report.master.frames == 60)
    let numbers = try NumberedClip.read(fixture.path + "/" + report.master.path)
    #expect(numbers == Array(0..<20) + Array(10..<30) + Array(0..<20))
  }

  @Test(arguments: UInt64(0)..<3) func `after a re-cut only frames never made are rendered`(seed: UInt64)
    throws
  {
    var random = SplitMix64(seed: seed)
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 200, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.h264)
    var made: Set<Int> = []
    for cut in 1...3 {
      let events = (0..<6).map { _ in
        ListWriter.Event(
          reel: "A001", source: 86_400 + Int.random(in: 0..<150, using: &random),
          count: Int.random(in: 1...50, using: &random))
      }
      _ = try fixture.folder.write(ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut\(cut).edl")
      let report = try fixture.run(try fixture.pipeline("p\(cut).yaml", cut: "cut\(cut).edl"))
      let shown = events.flatMap { event in (0..<event.count).map { event.source - 86_400 + $0 } }
      #expect(report.framesMade == Set(shown).subtracting(made).count, "cut \(cut)")
      #expect(report.master.reusedFrames == Set(shown).intersection(made).count, "cut \(cut)")
      #expect(try NumberedClip.read(fixture.path + "/" + report.master.path) == shown, "cut \(cut)")
      made.formUnion(shown)
    }
  }
}
