import Editorial
import Foundation
import MediaTime
import Planning
import TestSupport

/// `SampleMedia` by its README: reels, labels and lengths, without opening a file.
enum Sample {
  static let turnover = Repository.root + "/SampleMedia/turnover"

  private static let rushes = Repository.root + "/SampleMedia/rushes"
  private static let sound = Repository.root + "/SampleMedia/sound"

  private static func clip(
    _ reel: String, _ roll: String, _ start: String, _ frames: Int64, _ width: Int, _ height: Int,
    rate: FrameRate = film, labels: FrameRate? = nil
  )
    -> ProbedFile
  {
    var file = Facts.picture(
      reel, name: "\(reel)_\(roll).mov", start: start, frames: frames, width: width, height: height,
      rate: rate,
      folder: rushes)
    file.facts.timecodeRate = labels ?? rate
    return file
  }

  /// A take from a label, less `early` samples, for a number of frames of 2002 samples.
  private static func take(
    _ name: String, _ tape: String, _ start: String, _ frames: Int64, early: Int64 = 0, channels: Int = 1
  ) -> ProbedFile {
    Facts.sound(
      name, tape: tape, reference: Int64(frame(start)) * 2002 - early, samples: frames * 2002 + early,
      channels: channels, folder: sound)
  }

  static let files: [ProbedFile] = [
    clip("A001C001", "261103_R1AB", "09:12:04:08", 231, 1280, 720),
    clip("A001C002", "261103_R1AB", "09:31:47:15", 93, 1280, 720),
    clip("A001C003", "261103_R1AB", "09:44:10:02", 110, 1280, 720),
    clip("A001C004", "261103_R1AB", "10:02:33:19", 45, 1280, 720),
    clip("A002C001", "261103_R1AB", "10:26:51:11", 132, 1920, 1080),
    clip("B001C002", "261103_R1AB", "14:03:21:10", 46, 640, 272),
    clip("B001C003", "261103_R1AB", "14:22:10:05", 61, 960, 408),
    clip("B001C004", "261103_R1AB", "14:22:13:20", 50, 640, 272),
    clip("B001C005", "261103_R1AB", "14:22:17:01", 55, 640, 272),
    clip("C001C001", "261104_R2CD", "08:05:40:00", 50, 640, 360),
    clip("C001C002", "261104_R2CD", "08:11:02:17", 82, 640, 360),
    clip("C001C003", "261104_R2CD", "08:24:36:06", 55, 640, 360),
    clip("C001C004", "261104_R2CD", "08:40:19:21", 118, 640, 360),
    clip("C001C005", "261104_R2CD", "08:52:55:13", 82, 640, 360),
    clip("D001C001", "261105_R4EF", "16:47:30:18", 336, 1920, 1080),
    clip("E001C001", "261105_R4EF", "11:15:08:03", 142, 960, 540),
    clip("E001C002", "261105_R4EF", "11:22:41:14", 52, 640, 360),
    clip("E001C003", "261105_R4EF", "11:30:27:23", 150, 960, 540),
    clip("F001C001", "261103_R3GH", "15:10:03:19", 30, 640, 272, rate: FrameRate(25)),
    clip(
      "F002C001", "261104_R5JK", "08:02:16:12", 64, 640, 360, rate: FrameRate(30_000, 1001), labels: film),
    take("1A-T01.wav", "SR001", "09:12:03:08", 267), take("2A-T01.wav", "SR001", "09:31:46:15", 129),
    take("3A-T02.wav", "SR001", "09:44:09:06", 142), take("4A-T03.wav", "SR001", "10:26:50:17", 162),
    take("5A-T01.wav", "SR002", "14:22:09:05", 262), take("6-WT01.wav", "SR003", "08:58:10:04", 232),
    take("7A-T01.wav", "SR004", "16:47:29:12", 372, early: 731),
    take("8-WT01.wav", "SR004", "11:40:00:00", 196, channels: 2),
    take("9-WT01.wav", "SR005", "12:00:00:00", 96), take("10-WT01.wav", "SR005", "12:05:00:00", 192),
    take("1M1.wav", "MX01", "20:00:00:00", 360, channels: 2),
    take("1M2.wav", "MX02", "20:05:00:00", 360, channels: 2),
    take("1M3.wav", "MX03", "20:10:00:00", 720, channels: 2),
  ]

  /// The film's own timeline with stages whose plan needs no answers of workers.
  static func pipeline(cut: String) throws -> Pipeline {
    let path = Repository.root + "/Pipelines/short-film.yaml"
    let film = try String(contentsOfFile: path, encoding: .utf8)
    let head = film.components(separatedBy: "stages:")[0]
    return try PipelineLoader.parse(
      head + """
        stages:
          edit: {kind: editing, fit: letterbox}
          grade:
            {kind: color-grade, picture: edit, cdl: ../SampleMedia/turnover/short.ccc, look: ../SampleMedia/luts/show.cube}
          mix: {kind: sound-mix, sound: edit}
          master: {kind: delivery, picture: grade, sound: mix, profile: prores-422hq}

        """, path: path, absolute: path, overrides: [(key: "timeline.cut", value: "\(turnover)/\(cut)")])
  }

  static func plan(cut: String, library: FakeLibrary = FakeLibrary()) throws -> ProgrammePlan {
    try ProgrammePlanner.plan(try pipeline(cut: cut), files: files, tools: tools, library: library)
  }

  static func frame(_ label: String) -> Int {
    let parts = label.split(separator: ":").compactMap { Int($0) }
    return ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 24 + parts[3]
  }

  /// Different pictures that the cuts need, counted by a script that shares nothing with the program.
  struct Counts: Decodable {
    var first: Int
    var second: Int
    /// Those of the second cut that the first does not have.
    var new: Int
    /// Lengths of the cuts.
    var frames: [Int64]
  }

  /// How the pipeline declares the rolls of other rates, for the script.
  static let rates = ["F001C001=25:25:realtime", "F002C001=30000/1001:24:every-frame"]

  static func counts() throws -> Counts {
    let script = try Programs.run(
      "python3",
      [
        Repository.root + "/Tests/EndToEndTests/Fixtures/frames_made.py", "\(turnover)/short_v001.edl",
        "\(turnover)/short_v002.edl", "\(turnover)/short.ccc",
      ] + rates)
    return try JSONDecoder().decode(Counts.self, from: script.output)
  }
}
