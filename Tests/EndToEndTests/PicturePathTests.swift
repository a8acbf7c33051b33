import Foundation
import TestSupport
import Testing

/// Several deliverables of one graph: what is shared, what is left out, what stays as it was.
@Suite struct `Picture path` {
  private static let grade = ["ASC_SOP (1.1 0.95 1.02)(-0.02 0.01 0.0)(0.9 1.1 1.05)", "ASC_SAT 0.85"]

  private static func event(_ reel: String, _ first: Int, _ count: Int) -> ListWriter.Event {
    ListWriter.Event(reel: reel, source: 86_400 + first, count: count, comments: grade)
  }

  /// Two clips, 1000 apart in their numbers, and profiles without sound.
  private static func fixture() throws -> Fixture {
    let fixture = try Fixture()
    for (reel, number) in [("A001", 0), ("B001", 1000)] {
      try fixture.clip(
        reel, frames: 90, firstNumber: number, timecode: "01:00:00:00", codec: Fixture.prores)
    }
    _ = try fixture.folder.write(
      """
      profile: copy
      container: mp4
      extension: mp4
      picture: {codec: libx264, tag: avc1, pixel-format: yuv420p, options: {preset: veryfast, crf: 12}, lowest-psnr: 28}
      colour: {primaries: bt709, transfer: bt709, matrix: bt709, range: tv}
      """, to: "profiles/copy.yaml")
    _ = try fixture.folder.write(
      """
      profile: lossless
      container: mov
      extension: mov
      picture: {codec: ffv1, pixel-format: yuv422p10le, options: {level: 3, slices: 4, slicecrc: 1}, lowest-psnr: 60}
      colour: {primaries: bt709, transfer: bt709, matrix: bt709, range: tv}
      """, to: "profiles/lossless.yaml")
    _ = try fixture.folder.write(
      """
      titles: 1
      styles:
        block: {family: Noto Sans, size: 40, colour: "#FFFFFF"}
      cards:
        one: {at: "01:00:00:10", duration: 10, position: centre, lines: [{text: "III", style: block}]}
      """, to: "cards.yaml")
    return fixture
  }

  private static func pipeline(
    _ fixture: Fixture, _ name: String, _ events: [ListWriter.Event], _ stages: [String], head: String = ""
  ) throws -> String {
    _ = try fixture.folder.write(
      ListWriter.edl(events, base: 24, recordStart: 86_400), to: "\(name).edl")
    return try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: \(name).edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
      raster: \(NumberedClip.width)x\(NumberedClip.height)
      \(head)
      stages:
        edit: {kind: editing}
        grade: {kind: color-grade, picture: edit, stills: no}
        titles: {kind: titles, picture: grade, cards: cards.yaml}
        \(stages.joined(separator: "\n  "))

      """, to: "\(name).yaml")
  }

  /// Source pictures that the attempts of a production decoded to make frames.
  private static func decodedPictures(_ production: String) throws -> Int {
    struct Ending: Decodable { var decodedPictures: Int? }
    struct Head: Decodable { var kind: String }
    let attempts = production + "/.interlock/attempts"
    return try FileManager.default.contentsOfDirectory(atPath: attempts).reduce(0) { sum, attempt in
      func data(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(attempts)/\(attempt)/\(name)"))
      }
      guard try JSONDecoder().decode(Head.self, from: data("task.json")).kind == "render" else { return sum }
      return sum + (try JSONDecoder().decode(Ending.self, from: data("exit.json")).decodedPictures ?? 0)
    }
  }

  private static let deliverables = [
    "review: {kind: delivery, picture: titles, profile: copy}",
    "master: {kind: delivery, picture: titles, profile: test}",
    "textless: {kind: delivery, picture: titles, profile: test, layers: {titles: no}}",
  ]

  @Test func `review, master and textless decode each picture once, and are what they are alone`() throws {
    let fixture = try Self.fixture()
    let events = [Self.event("A001", 5, 40), Self.event("B001", 20, 30)]
    let report = try fixture.run(try Self.pipeline(fixture, "all", events, Self.deliverables))
    #expect(try Self.decodedPictures(fixture.path + "/out") == 70)
    #expect(report.framesMade == 70 + 70 + 10)
    let textless = try #require(report.deliverable("textless"))
    #expect(
      try NumberedClip.read(fixture.path + "/" + textless.path) == Array(5..<45) + Array(1020..<1050))
    for (index, stage) in Self.deliverables.enumerated() {
      let name = String(stage.prefix { $0 != ":" })
      let alone = try fixture.run(
        try Self.pipeline(fixture, "alone\(index)", events, [stage]), production: "alone\(index)", workers: 1)
      let (one, two) = (try #require(report.deliverable(name)), try #require(alone.deliverable(name)))
      #expect(
        try fixture.digest(of: fixture.path + "/" + one.path)
          == fixture.digest(of: fixture.path + "/" + two.path), "\(name)")
    }
  }

  @Test func `texted, textless, ungraded and unmatted deliverables come from one graph`() throws {
    let fixture = try Self.fixture()
    let events = [Self.event("A001", 5, 30)]
    let pipeline = try Self.pipeline(
      fixture, "layers", events,
      [
        "master: {kind: delivery, picture: titles, profile: lossless}",
        "textless: {kind: delivery, picture: titles, profile: lossless, layers: {titles: no}}",
        "raw: {kind: delivery, picture: titles, profile: lossless, layers: {grade: no, titles: no, matte: no}}",
        "plain: {kind: delivery, picture: edit, profile: lossless, layers: {matte: no}}",
      ], head: "matte: 4")
    let report = try fixture.run(pipeline)
    let files = try ["master", "textless", "raw", "plain"].map { name in
      fixture.path + "/" + (try #require(report.deliverable(name)).path)
    }
    let digests = try files.map { try fixture.digest(of: $0) }
    #expect(digests[2] == digests[3], "ungraded, textless and open is the edit")
    #expect(Set(digests).count == 3)
    func hashes(_ file: String) throws -> [Substring] {
      try Programs.run("ffmpeg", ["-v", "error", "-i", file, "-f", "framemd5", "-"]).text
        .split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { $0.split(separator: ",").last }
    }
    // Frames 10 to 19 have the title, and only they differ.
    let (texted, textless) = (try hashes(files[0]), try hashes(files[1]))
    #expect(texted.indices.filter { texted[$0] != textless[$0] } == Array(10..<20))
    // A shape of 4 in 320x48 leaves 192 columns.
    func luma(_ file: String, column: Int) throws -> Set<UInt16> {
      let decoded = try Programs.run(
        "ffmpeg",
        [
          "-v", "error", "-i", file, "-frames:v", "1", "-vf", "extractplanes=y,crop=1:48:\(column):0",
          "-pix_fmt", "gray10le", "-f", "rawvideo", "-",
        ])
      let bytes = [UInt8](decoded.output)
      return Set(
        stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 })
    }
    for column in [0, 63, 256, 319] { #expect(try luma(files[1], column: column).count == 1) }
    #expect(try luma(files[1], column: 0) == luma(files[1], column: 319))
    let trace = try fixture.interlock(["trace", files[0], "--frame", "12"])
    for line in [
      "A001.mov, frame 17, 01:00:00:17", "grade      ASC CDL slope 1.1", "titles     a still",
      "matte      192x48",
      "[version 1]",
    ] { #expect(trace.text.contains(line), "\(line) in \(trace.text)") }
    struct Plan: Decodable {
      struct Pair: Decodable {
        struct Range: Decodable {
          var start: Int
          var count: Int
        }
        var texted: String
        var textless: String
        var sameFrames: Int
        var textRanges: [Range]
        var otherRanges: [Range]
      }
      var textless: [Pair]
    }
    let plan = try fixture.interlock(["plan", pipeline, "--production", "out", "--json"])
    let pairs = try JSONDecoder().decode(Plan.self, from: plan.output).textless
    let pair = try #require(pairs.first { $0.texted == "master" && $0.textless == "textless" })
    #expect(pair.sameFrames == 20 && pair.otherRanges.isEmpty)
    #expect(pair.textRanges.map { [$0.start, $0.count] } == [[10, 10]])
    let status = try fixture.interlock(["status", pipeline, "--production", "out"])
    #expect(
      status.text.contains(
        "textless  is master without text: 20 frames are the same pictures, 10 have text: 01:00:00:10-01:00:00:20"
      ),
      "\(status.text)")
  }

  @Test func `after a re-cut the packets of unchanged parts are the same bytes`() throws {
    let fixture = try Self.fixture()
    let stages = ["master: {kind: delivery, picture: grade, profile: test}"]
    func packets(_ report: RunReport) throws -> [Substring] {
      try Programs.run(
        "ffmpeg",
        [
          "-v", "error", "-i", fixture.path + "/" + report.master.path, "-map", "0:v", "-c", "copy", "-f",
          "framehash", "-hash", "sha256", "-",
        ]
      ).text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { $0.split(separator: ",").last }
    }
    struct Version: Decodable {
      struct Verification: Decodable {
        var proof: String
        var framesDecoded: [Int]
      }
      struct File: Decodable {
        var digest: String
      }
      var verification: Verification
      var files: [File]
    }
    func version(_ report: RunReport) throws -> Version {
      let file = "\(fixture.path)/\(report.master.folder)/version.json"
      return try JSONDecoder().decode(Version.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
    }
    let before = [Self.event("A001", 5, 30), Self.event("B001", 20, 20), Self.event("A001", 50, 25)]
    let made = try fixture.run(try Self.pipeline(fixture, "one", before, stages))
    let first = try packets(made)
    // Both ends, and where segments meet: at multiples of 24 source frames, and at the cuts.
    let proven = try version(made).verification
    #expect(proven.framesDecoded == [0, 19, 30, 34, 50, 72, 74])
    #expect(proven.proof.hasPrefix("structure, packet digests and decoded joins; "))
    // The middle shot is slipped by 5 frames and 4 shorter, and the first starts 3 frames later.
    let after = [Self.event("A001", 8, 27), Self.event("B001", 25, 16), Self.event("A001", 50, 25)]
    let report = try fixture.run(try Self.pipeline(fixture, "two", after, stages))
    #expect(report.framesMade == 1)
    let second = try packets(report)
    #expect(first.count == 75 && second.count == 68)
    #expect(second[0..<27] == first[3..<30])
    #expect(second[27..<42] == first[35..<50])
    #expect(second[43..<68] == first[50..<75])
    #expect(Set(first + second).count == 76)
    // What lies side by side in the first version was decoded there; before frame 27 it was the end of another shot.
    let again = try version(report).verification
    let former = try #require(version(made).files.first).digest.prefix(12)
    #expect(again.framesDecoded == [0, 27, 42, 43, 67])
    #expect(
      again.proof.hasPrefix(
        "structure, packet digests and decoded joins (2 of them when \(former) was assembled); "),
      "\(again.proof)")

    // Of assemblies without a result it is not known that they decoded anything.
    let results = "\(fixture.path)/out/.interlock/results"
    for name in try FileManager.default.subpathsOfDirectory(atPath: results) {
      let text = (try? String(contentsOfFile: "\(results)/\(name)", encoding: .utf8)) ?? ""
      if text.contains(#""kind":"assemble""#) {
        try FileManager.default.removeItem(atPath: "\(results)/\(name)")
      }
    }
    let trimmed = [Self.event("A001", 9, 26)] + after[1...]
    let third = try fixture.run(try Self.pipeline(fixture, "three", trimmed, stages))
    #expect(third.framesMade == 0)
    let last = try version(third).verification
    #expect(last.framesDecoded == [0, 15, 26, 41, 42, 64, 66])
    #expect(last.proof.hasPrefix("structure, packet digests and decoded joins; "), "\(last.proof)")
  }

  /// - Parameter frame: of a join, which is decoded out of its segment, or of none.
  @Test(arguments: [30, 31])
  func `an assembly names the object that is damaged, whoever finds it`(frame: Int) throws {
    let fixture = try Self.fixture()
    let shots = [Self.event("A001", 5, 30), Self.event("B001", 20, 20)]
    let report = try fixture.run(
      try Self.pipeline(fixture, "one", shots, ["master: {kind: delivery, picture: grade, profile: test}"]))
    let movie = fixture.path + "/" + report.master.path
    let packets = try Programs.run(
      "ffprobe",
      ["-v", "error", "-select_streams", "v", "-show_entries", "packet=pos,size", "-of", "csv=p=0", movie]
    ).text.split(separator: "\n").map { $0.split(separator: ",").compactMap { Int($0) } }
    let (size, position) = (packets[frame][0], packets[frame][1])
    // The movie in the deliverables is the object itself, by another name; its stat does not show the damage.
    let before = fixture.path + "/before.mov"
    _ = try Programs.run("cp", ["-p", movie, before])
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: movie)
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: movie))
    try handle.seek(toOffset: UInt64(position + size / 2))
    let byte = try #require(try handle.read(upToCount: 1)?.first)
    try handle.seek(toOffset: UInt64(position + size / 2))
    try handle.write(contentsOf: Data([~byte]))
    try handle.close()
    try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: movie)
    _ = try Programs.run("touch", ["-r", before, movie])

    let hidden = fixture.path + "/out/.interlock"
    let attempts = try FileManager.default.contentsOfDirectory(atPath: hidden + "/attempts")
    let task = try #require(
      attempts.map { "\(hidden)/attempts/\($0)/task.json" }.first {
        (try? String(contentsOfFile: $0, encoding: .utf8))?.contains(#""kind":"assemble""#) == true
      })
    struct Head: Decodable {
      var key: String
    }
    let key = try JSONDecoder().decode(Head.self, from: Data(contentsOf: URL(fileURLWithPath: task))).key
    try FileManager.default.removeItem(atPath: "\(hidden)/results/\(key.prefix(2))/\(key).json")
    let finished = try Programs.run(Repository.product("interlock-worker"), ["run", task])
    #expect(finished.status == 4, "\(finished.text)")
    #expect(finished.text.contains("is not what it was when it was made"), "\(finished.text)")
  }

  @Test func `stored frames of a master are shown, reused after a re-cut, and traced to their sources`()
    throws
  {
    let fixture = try Self.fixture()
    let stages = [
      "master: {kind: delivery, picture: grade, profile: test}",
      "review: {kind: delivery, frames-of: master, profile: copy}",
    ]
    let shots = [Self.event("A001", 5, 30), Self.event("B001", 20, 20)]
    let report = try fixture.run(try Self.pipeline(fixture, "one", shots, stages))
    let review = fixture.path + "/" + (try #require(report.deliverable("review")).path)
    #expect(try NumberedClip.read(review) == Array(5..<35) + Array(1020..<1040))
    let trace = try fixture.interlock(["trace", review, "--frame", "31"])
    for line in [
      "B001.mov, frame 21, 01:00:00:21", "grade      ASC CDL", "stored     as frames of master: prores_ks",
    ] {
      #expect(trace.text.contains(line), "\(line) in \(trace.text)")
    }
    let again = try fixture.run(try Self.pipeline(fixture, "two", shots.reversed(), stages))
    #expect(again.framesMade == 0)
    let moved = fixture.path + "/" + (try #require(again.deliverable("review")).path)
    #expect(try NumberedClip.read(moved) == Array(1020..<1040) + Array(5..<35))
  }

  @Test(arguments: [(4096, 2160), (7680, 4320)])
  func `large frames are made in bounded memory`(width: Int, height: Int) throws {
    let fixture = try Fixture()
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=\(width)x\(height):rate=24", "-frames:v", "3",
        "-vf",
        "format=yuv422p10le,setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709",
        "-c:v",
        "prores_ks", "-profile:v", "3", "-qscale:v", "20", "-threads", "2", "-timecode", "01:00:00:00",
        "-metadata:s:v:0", "reel_name=A001", "\(fixture.path)/rushes/A001.mov",
      ])
    #expect(made.status == 0, "\(made.errors)")
    _ = try fixture.folder.write(
      ListWriter.edl([Self.event("A001", 0, 3)], base: 24, recordStart: 86_400), to: "cut.edl")
    let pipeline = try fixture.pipeline(
      "p.yaml", cut: "cut.edl", rate: "24", raster: "\(width)x\(height)")
    // The largest process, as the kernel counts it.
    let finished = try Programs.run(
      "/usr/bin/time",
      [
        "-f", "%M", Repository.product("interlock"), "run", pipeline, "--production", "out", "--workers", "1",
        "--json",
      ], folder: fixture.path)
    #expect(finished.status == 0, "\(finished.errors)")
    let report = try JSONDecoder().decode(RunReport.self, from: finished.output)
    #expect(report.master.newFrames == 3)
    let peak = try #require(finished.errors.split(separator: "\n").last.flatMap { Int($0) }) << 10
    // A picture of 4:2:2 in two bytes a sample; decoded, graded, encoded and proven, and what codecs hold beside.
    let picture = width * height * 4
    print("large frames: \(peak >> 20) MiB for \(width)x\(height), \(peak / picture) pictures")
    #expect(peak < (160 << 20) + 10 * picture)
  }
}
