import Foundation
import TestSupport
import Testing

/// The README's pipeline on the real turnover, in a small raster so that it takes seconds.
@Suite struct `Short film` {
  private let small = ["--set", "raster=320x180"]

  private func run(_ folder: TemporaryFolder, cut: String) throws -> RunReport {
    let finished = try Programs.run(
      Repository.product("interlock"),
      [
        "run", "Pipelines/short-film.yaml", "--production", folder.path, "--json", "--set",
        "timeline.cut=SampleMedia/turnover/\(cut)",
      ] + small,
      folder: Repository.root)
    guard finished.status == 0 else {
      throw FixtureError(text: "exit \(finished.status): \(finished.errors)")
    }
    return try JSONDecoder().decode(RunReport.self, from: finished.output)
  }

  /// The editor's own reference was made from the data of the cut by a program that shares nothing with this one.
  @Test func `every frame of the cut is the one that the offline reference shows`() throws {
    let folder = try TemporaryFolder()
    let output = folder.path + "/conformed.mov"
    let made = try Programs.run(
      Repository.product("interlock"),
      [
        "conform", "SampleMedia/turnover/short_v001.edl", "--media", "SampleMedia/rushes", "--media",
        "SampleMedia/sound", "--rate", "24000/1001", "--rates", "F001*=realtime", "--rates",
        "F002*=every-frame",
        "--raster", "320x180", "--output", output,
      ], folder: Repository.root)
    #expect(made.status == 0, "\(made.errors)")
    let conformed = try luma(output)
    let offline = try luma(Repository.root + "/SampleMedia/turnover/short_v001_offline.mp4")
    #expect(conformed.count == offline.count && conformed.count == 2320)
    func difference(_ one: [UInt8], _ other: [UInt8]) -> Double {
      Double(zip(one, other).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }) / Double(one.count)
    }
    let worst = zip(conformed, offline).map(difference).enumerated().max { $0.element < $1.element }
    #expect((worst?.element ?? 99) < 2.5, "frame \(worst?.offset ?? 0)")
    // Moving pictures of the neighbours are further away: a slip by a frame would be seen.
    for frame in [6, 484, 520, 531, 846, 950, 1080, 1111, 1200, 1360, 1630, 1690] {
      let own = difference(conformed[frame], offline[frame])
      #expect(own < difference(conformed[frame], offline[frame + 1]), "frame \(frame)")
      #expect(own < difference(conformed[frame], offline[frame - 1]), "frame \(frame)")
    }
    // In slow motion a frame is seen twice; the still pictures of the lab tell direction and speed over longer.
    #expect(difference(conformed[1112], conformed[1113]) < 0.5)
    #expect(difference(conformed[1428], offline[1428]) < difference(conformed[1428], offline[1467]))
    #expect(difference(conformed[1500], offline[1500]) < difference(conformed[1500], offline[1490]))
  }

  /// Luma of every frame at 80x45, without the strip that holds the burnt-in timecode.
  private func luma(_ path: String) throws -> [[UInt8]] {
    let decoded = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-vf",
        "crop=320:160:0:0,scale=80:40:flags=area", "-f", "rawvideo", "-pix_fmt", "gray", "-",
      ])
    #expect(decoded.status == 0, "\(decoded.errors)")
    let bytes = [UInt8](decoded.output)
    return stride(from: 0, to: bytes.count, by: 3200).map { Array(bytes[$0..<min($0 + 3200, bytes.count)]) }
  }

  private struct Counts: Decodable {
    var first: Int
    var second: Int
    var new: Int
  }

  @Test func `frames made for both cuts are the set difference that an independent script computes`() throws {
    let script = try Programs.run(
      "python3",
      [
        "Tests/EndToEndTests/Fixtures/frames_made.py", "SampleMedia/turnover/short_v001.edl",
        "SampleMedia/turnover/short_v002.edl", "SampleMedia/turnover/short.ccc",
        "F001C001=25:25:realtime", "F002C001=30000/1001:24:every-frame",
      ], folder: Repository.root)
    let counts = try JSONDecoder().decode(Counts.self, from: script.output)
    let folder = try TemporaryFolder()
    let first = try run(folder, cut: "short_v001.edl")
    // Without titles the frames are the script's; the titled master shares all that lie outside the titles.
    let textless = try #require(first.deliverable("textless"))
    #expect(textless.newFrames == counts.first)
    #expect(first.master.version == "v001")
    #expect(first.master.reusedFrames + first.master.newFrames == first.master.distinctFrames)
    let second = try run(folder, cut: "short_v002.edl")
    let next = try #require(second.deliverable("textless"))
    #expect(next.newFrames == counts.new)
    #expect(next.reusedFrames == counts.second - counts.new)
    #expect(second.master.newFrames == 0, "titles whose text is unchanged are not made again")
    #expect(second.master.version == "v002")
    // The review copy is reused by groups of pictures: more than the new frames, less than all.
    let review = try #require(second.deliverable("review"))
    #expect((counts.new..<counts.second / 2).contains(review.newFrames))

    // The same cut as OpenTimelineIO asks for the same frames and the same mix: the same version.
    let timeline = try run(folder, cut: "short_v001.otio")
    #expect(timeline.framesMade == 0)
    #expect(timeline.master.version == "v001")
    let later = try run(folder, cut: "short_v002.otio")
    #expect(later.framesMade == 0)
    #expect(later.master.version == "v002")

    try expectMaster(first.master.path, frames: first.master.frames)
    try expectTrace(first.master.path)
  }

  /// Judged by ffprobe, which shares no code with what wrote it.
  private func expectMaster(_ path: String, frames: Int) throws {
    func probe(_ stream: String, _ entries: String) throws -> String {
      try Programs.run(
        "ffprobe",
        [
          "-v", "error", "-select_streams", stream, "-show_entries", "stream=\(entries)", "-of", "csv=p=0",
          path,
        ]
      ).text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    #expect(
      try probe(
        "v",
        "codec_name,profile,codec_tag_string,width,height,pix_fmt,color_range,color_space,color_transfer,color_primaries,r_frame_rate,nb_frames"
      )
        == "prores,HQ,apch,320,180,yuv422p10le,tv,bt709,bt709,bt709,24000/1001,\(frames)")
    #expect(
      try probe("a", "codec_name,sample_rate,channels,channel_layout,nb_frames").split(separator: "\n") == [
        "pcm_s24le,48000,2,stereo,\(frames * 2002)", "pcm_s24le,48000,6,5.1,\(frames * 2002)",
      ])
    let timecode = try Programs.run(
      "ffprobe", ["-v", "error", "-show_entries", "stream_tags=timecode", "-of", "csv=p=0", path])
    #expect(timecode.text.contains("01:00:00:00"))
    let decoded = try Programs.run("ffmpeg", ["-v", "warning", "-xerror", "-i", path, "-f", "null", "-"])
    #expect(decoded.status == 0 && decoded.errors.isEmpty, "\(decoded.errors)")
  }

  private func expectTrace(_ path: String) throws {
    let trace = try Programs.run(Repository.product("interlock"), ["trace", path, "--frame", "468"])
    #expect(trace.text.contains("A001C001_261103_R1AB.mov, frame 194, 09:12:12:10, reel A001C001"))
    #expect(trace.text.contains("shot       MEADOW_010, event 019"))
    // Frame 19 of the shot at 25 frames a second in real time: ⌊19·1001/960⌋ after its frame 5.
    let tram = try Programs.run(Repository.product("interlock"), ["trace", path, "--frame", "531"])
    #expect(tram.text.contains("F001C001_261103_R3GH.mov, frame 24, 15:10:04:18, reel F001C001"))
    let outside = try Programs.run(Repository.product("interlock"), ["trace", path, "--frame", "2320"])
    #expect(outside.status == 2)
  }
}
