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
      ], folder: Repository.root)
    let counts = try JSONDecoder().decode(Counts.self, from: script.output)
    let folder = try TemporaryFolder()
    let first = try run(folder, cut: "short_v001.edl")
    #expect(first.framesMade == counts.first)
    #expect(first.master.version == "v001")
    let second = try run(folder, cut: "short_v002.edl")
    #expect(second.framesMade == counts.new)
    #expect(second.master.reusedFrames == counts.second - counts.new)
    #expect(second.master.version == "v002")

    // The same cut as OpenTimelineIO asks for the same frames and the same mix: the same version.
    let timeline = try run(folder, cut: "short_v001.otio")
    #expect(timeline.framesMade == 0)
    #expect(timeline.master.version == "v001")
    let next = try run(folder, cut: "short_v002.otio")
    #expect(next.framesMade == 0)
    #expect(next.master.version == "v002")

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
      try probe("a", "codec_name,sample_rate,channels,nb_frames") == "pcm_s24le,48000,2,\(frames * 2002)")
    let timecode = try Programs.run(
      "ffprobe", ["-v", "error", "-show_entries", "stream_tags=timecode", "-of", "csv=p=0", path])
    #expect(timecode.text.contains("01:00:00:00"))
    let decoded = try Programs.run("ffmpeg", ["-v", "warning", "-xerror", "-i", path, "-f", "null", "-"])
    #expect(decoded.status == 0 && decoded.errors.isEmpty, "\(decoded.errors)")
  }

  private func expectTrace(_ path: String) throws {
    let trace = try Programs.run(Repository.product("interlock"), ["trace", path, "--frame", "432"])
    #expect(trace.text.contains("A001C001_261103_R1AB.mov, frame 194, 09:12:12:10, reel A001C001"))
    #expect(trace.text.contains("shot       MEADOW_010, event 015"))
    let outside = try Programs.run(Repository.product("interlock"), ["trace", path, "--frame", "1530"])
    #expect(outside.status == 2)
  }
}
