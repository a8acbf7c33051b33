import Foundation
import TestSupport
import Testing

/// A review copy as people get it: H.264 and AAC in MP4, made in groups of pictures.
@Suite struct `Review copy` {
  /// Two clips, 1000 apart in their numbers, and a pipeline that makes a review copy of them.
  private static func production(_ events: [ListWriter.Event], more: String = "") throws -> (
    fixture: Fixture, pipeline: String
  ) {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 250, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    try fixture.clip("B001", frames: 250, firstNumber: 1000, timecode: "01:00:00:00", codec: Fixture.h264)
    return (fixture, try pipeline(fixture, "p", events, more: more))
  }

  private static func pipeline(
    _ fixture: Fixture, _ name: String, _ events: [ListWriter.Event], more: String = ""
  ) throws -> String {
    _ = try fixture.folder.write(
      ListWriter.edl(events, base: 24, recordStart: 86_400) + more, to: "\(name).edl")
    return try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: \(name).edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
      raster: \(NumberedClip.width)x\(NumberedClip.height)
      stages:
        edit: {kind: editing}
        mix: {kind: sound-mix, sound: edit}
        review: {kind: delivery, picture: edit, sound: mix, profile: review-h264}

      """, to: "\(name).yaml")
  }

  private static func event(
    _ reel: String, _ first: Int, _ count: Int, comments: [String] = []
  ) -> ListWriter.Event {
    ListWriter.Event(reel: reel, source: 86_400 + first, count: count, comments: comments)
  }

  /// Shots of one frame among longer ones, and one that is shown twice.
  private static let events = [
    event(
      "A001", 10, 120, comments: ["LOC: 01:00:00:00 GREEN  OPENING", "LOC: 01:00:05:00 RED  <THE> BIRD"]),
    event("B001", 5, 1), event("A001", 200, 1), event("B001", 90, 40), event("A001", 10, 30),
    event("B001", 249, 1),
  ]
  private static let numbers =
    Array(10..<130) + [1005, 200] + Array(1090..<1130) + Array(10..<40) + [1249]

  @Test func `every frame is the right one, and FFmpeg finds no fault`() throws {
    let (fixture, pipeline) = try Self.production(Self.events)
    let report = try fixture.run(pipeline)
    let path = fixture.path + "/" + report.master.path
    #expect(path.hasSuffix("/test_review_v001.mp4"))
    #expect(try NumberedClip.read(path) == Self.numbers)
    let decoded = try Programs.run("ffmpeg", ["-v", "warning", "-xerror", "-i", path, "-f", "null", "-"])
    #expect(decoded.status == 0 && decoded.errors.isEmpty, "\(decoded.errors)")
    let video = try Self.probe(
      path, "v",
      "codec_name,profile,codec_tag_string,width,height,pix_fmt,color_range,color_space,color_transfer,color_primaries,r_frame_rate,nb_frames"
    )
    #expect(
      video == "h264,High,avc1,320,48,yuv420p,tv,bt709,bt709,bt709,24000/1001,\(Self.numbers.count)")
    #expect(
      try Self.probe(path, "a", "codec_name,sample_rate,channel_layout,duration_ts")
        == "aac,48000,stereo,\(Self.numbers.count * 2002)")
    // IDR pictures where groups begin: 10, 96, then the single frames go with the shot before.
    let keys = try Programs.run(
      "ffprobe",
      ["-v", "error", "-select_streams", "v", "-show_entries", "packet=flags", "-of", "csv=p=0", path]
    ).text.split(separator: "\n").enumerated().filter { $1.hasPrefix("K") }.map(\.offset)
    #expect(keys == [0, 86, 122, 128, 162])
    let chapters = try String(
      contentsOfFile: path.replacingOccurrences(of: ".mp4", with: ".chapters.vtt"), encoding: .utf8)
    #expect(
      chapters == """
        WEBVTT

        1
        00:00:00.000 --> 00:00:05.005
        OPENING

        2
        00:00:05.005 --> 00:00:08.050
        &lt;THE&gt; BIRD

        """)
    let inFile = try Programs.run(
      "ffprobe",
      ["-v", "error", "-show_chapters", "-show_entries", "chapter_tags=title", "-of", "csv=p=0", path])
    let titles = inFile.text.split(separator: "\n").compactMap { $0.split(separator: ",").last }
    #expect(titles == ["OPENING", "<THE> BIRD"])
    let verify = try fixture.interlock(["verify", "--rebuild", "--production", "out"])
    #expect(verify.status == 0, "\(verify.errors)")
    #expect(try fixture.run(pipeline).framesMade == 0, "a rebuilt ledger knows the groups by their results")
  }

  @Test func `one worker, two workers and the baseline CPU give the same file`() throws {
    let (fixture, pipeline) = try Self.production(Self.events)
    let digests = try [
      fixture.run(pipeline, production: "one", workers: 1),
      fixture.run(pipeline, production: "two", workers: 2),
      fixture.run(pipeline, production: "base", environment: ["INTERLOCK_CPU": "baseline"]),
    ].map { try fixture.digest(of: fixture.path + "/" + $0.master.path) }
    #expect(Set(digests).count == 1)
  }

  @Test func `a re-cut makes the groups that have changed and no others`() throws {
    let (fixture, pipeline) = try Self.production(Self.events)
    let first = try fixture.run(pipeline)
    #expect(first.framesMade == first.master.distinctFrames && first.master.frames == Self.numbers.count)
    // The last shot but one goes, the first loses its head: of it only the group up to frame 95 is made again,
    // and the single frame at the end goes with another shot.
    var events = Self.events
    events.remove(at: 4)
    events[0] = Self.event("A001", 20, 110)
    let second = try fixture.run(try Self.pipeline(fixture, "q", events))
    #expect(second.framesMade == 76 + 35)
    #expect(second.master.reusedFrames == second.master.frames - second.framesMade)
    let expected = Array(20..<130) + [1005, 200] + Array(1090..<1130) + [1249]
    #expect(try NumberedClip.read(fixture.path + "/" + second.master.path) == expected)
  }

  @Test func `a damaged movie is taken back with the groups that lie in it, and made again, byte for byte`()
    throws
  {
    let (fixture, pipeline) = try Self.production(Self.events)
    let first = try fixture.run(pipeline)
    let digest = try fixture.digest(of: fixture.path + "/" + first.master.path)
    try FileManager.default.removeItem(atPath: fixture.path + "/out/Deliverables")
    let movie = "\(fixture.path)/out/.interlock/objects/\(digest.prefix(2))/\(digest.dropFirst(2))"
    let size = try #require(
      try FileManager.default.attributesOfItem(atPath: movie)[.size] as? UInt64, "groups are stored in it")
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: movie)
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: movie))
    try file.seek(toOffset: size / 2)
    try file.write(contentsOf: Data("damaged".utf8))
    try file.close()
    let verify = try fixture.interlock(["verify", "--production", "out"])
    #expect(verify.status == 4, "\(verify.text)")
    let again = try fixture.run(pipeline)
    #expect(again.framesMade == first.framesMade)
    #expect(try fixture.digest(of: fixture.path + "/" + again.master.path) == digest)
    #expect(try fixture.interlock(["verify", "--production", "out"]).status == 0)
  }

  @Test func `its sound, decoded by FFmpeg, follows the recording best at an offset of nothing`() throws {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 120, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    // Frame 0 of the recording is that of the picture; it is noise, which is like itself at one offset only.
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "lavfi", "-i", "anoisesrc=color=pink:seed=7:sample_rate=48000:amplitude=0.4",
        "-t", "5.005", "-c:a", "pcm_s24le", "-write_bext", "1", "-metadata",
        "time_reference=\(86_400 * 2002)", "-metadata", "originator_reference=SR001",
        fixture.path + "/rushes/SR001-T01.wav",
      ])
    #expect(made.status == 0, "\(made.errors)")
    let pipeline = try Self.pipeline(fixture, "p", [])
    _ = try fixture.folder.write(
      """
      TITLE: SYNC
      FCM: NON-DROP FRAME

      001  A001     V     C        01:00:00:10 01:00:03:10 01:00:00:00 01:00:03:00
      002  SR001    A     C        01:00:00:10 01:00:03:10 01:00:00:00 01:00:03:00

      """, to: "p.edl")
    let report = try fixture.run(pipeline)
    func samples(_ arguments: [String]) throws -> [Float] {
      let decoded = try Programs.run("ffmpeg", ["-v", "error"] + arguments + ["-f", "f32le", "-"])
      return unsafe decoded.output.withUnsafeBytes { buffer in
        unsafe [Float](buffer.bindMemory(to: Float.self))
      }
    }
    let source = try samples(["-i", fixture.path + "/rushes/SR001-T01.wav"])
    let heard = try samples([
      "-i", fixture.path + "/" + report.master.path, "-map", "0:a:0", "-af", "pan=mono|c0=FL",
    ])
    let stretch = 60_000..<80_000
    func correlation(_ offset: Int) -> Double {
      stretch.reduce(0) { $0 + Double(source[$1 + 10 * 2002]) * Double(heard[$1 + offset]) }
    }
    let best = (-30...30).max { correlation($0) < correlation($1) }
    #expect(best.map { abs($0) <= 1 } == true, "best at \(best ?? -99)")
    let power = stretch.map { Double(source[$0 + 10 * 2002]) }.reduce(0) { $0 + $1 * $1 }
    #expect(correlation(0) > 0.6 * power, "to the sides at −3 dB")
  }

  @Test func `a textless master shares every frame that both show with the master`() throws {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 100, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    _ = try fixture.folder.write(
      ListWriter.edl([Self.event("A001", 0, 80)], base: 24, recordStart: 86_400), to: "cut.edl")
    let text = try String(contentsOfFile: fixture.pipeline("p.yaml", cut: "cut.edl"), encoding: .utf8)
    let pipeline = try fixture.folder.write(
      text + "  textless: {kind: delivery, picture: grade, profile: test}\n", to: "p.yaml")
    let report = try fixture.run(pipeline)
    #expect(report.framesMade == 80)
    #expect(report.deliverables.map(\.newFrames) == [80, 0])
    let files = report.deliverables.map { fixture.path + "/" + $0.path }
    #expect(files.map { $0.hasSuffix("textless_v001.mov") } == [false, true])
    #expect(try fixture.digest(of: files[0]) == fixture.digest(of: files[1]))
  }

  @Test(.enabled(if: Programs.isInstalled("chromium"), "chromium is not installed; `make test` installs it"))
  func `Chromium shows every frame and plays to the end`() throws {
    let (fixture, pipeline) = try Self.production(Self.events)
    let report = try fixture.run(pipeline)
    let played = try Programs.run(
      "python3",
      [
        Repository.root + "/Tests/EndToEndTests/Fixtures/chromium_play.py",
        fixture.path + "/" + report.master.path, "\(Self.numbers.count)", "24000", "1001", "300",
      ])
    struct Played: Decodable {
      var width: Int
      var height: Int
      var numbers: [Int]
      var ended: Bool
      var error: String?
    }
    let found = try JSONDecoder().decode(Played.self, from: played.output)
    #expect(found.error == nil)
    #expect(found.width == NumberedClip.width && found.height == NumberedClip.height)
    #expect(found.numbers == Self.numbers)
    #expect(found.ended)
  }

  private static func probe(_ path: String, _ stream: String, _ entries: String) throws -> String {
    try Programs.run(
      "ffprobe",
      [
        "-v", "error", "-select_streams", "\(stream):0", "-show_entries", "stream=\(entries)", "-of",
        "csv=p=0", path,
      ]
    ).text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
