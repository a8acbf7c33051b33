import Foundation
import Planning
import TestSupport

/// `SampleMedia` by its README: reels, labels and lengths, without opening a file.
enum Sample {
  static let turnover = Repository.root + "/SampleMedia/turnover"

  private static let rushes = Repository.root + "/SampleMedia/rushes"
  private static let sound = Repository.root + "/SampleMedia/sound"

  private static func clip(
    _ reel: String, _ roll: String, _ start: String, _ frames: Int64, _ width: Int, _ height: Int
  )
    -> ProbedFile
  {
    Facts.picture(
      reel, name: "\(reel)_\(roll).mov", start: start, frames: frames, width: width, height: height,
      folder: rushes)
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
    take("1A-T01.wav", "SR001", "09:12:03:08", 267), take("2A-T01.wav", "SR001", "09:31:46:15", 129),
    take("3A-T02.wav", "SR001", "09:44:09:06", 142), take("4A-T03.wav", "SR001", "10:26:50:17", 162),
    take("5A-T01.wav", "SR002", "14:22:09:05", 262), take("6-WT01.wav", "SR003", "08:58:10:04", 232),
    take("7A-T01.wav", "SR004", "16:47:29:12", 372, early: 731),
    take("8-WT01.wav", "SR004", "11:40:00:00", 196, channels: 2),
  ]

  static func pipeline(cut: String) throws -> Pipeline {
    try PipelineLoader.load(
      Repository.root + "/Pipelines/short-film.yaml",
      overrides: [(key: "timeline.cut", value: "\(turnover)/\(cut)")])
  }

  static func plan(cut: String, library: FakeLibrary = FakeLibrary()) throws -> ProgrammePlan {
    try ProgrammePlanner.plan(try pipeline(cut: cut), files: files, tools: tools, library: library)
  }

  static func frame(_ label: String) -> Int {
    let parts = label.split(separator: ":").compactMap { Int($0) }
    return ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 24 + parts[3]
  }

  /// A picture event of a list, read by columns: nothing of the program's own reading is used.
  struct Event {
    var reel: String
    var name = ""
    var number: String
    var source: Int
    var record: Int
    var count: Int
    var grade = ""
  }

  static func events(_ cut: String) throws -> [Event] {
    let text = try String(contentsOfFile: "\(turnover)/\(cut)", encoding: .utf8)
    var events: [Event] = []
    var isPicture = false
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ").map(String.init)
      if words.count == 8, Int(words[0]) != nil {
        isPicture = words[2] == "V"
        guard isPicture else { continue }
        events.append(
          Event(
            reel: words[1], number: words[0], source: frame(words[4]), record: frame(words[6]) - hour,
            count: frame(words[7]) - frame(words[6])))
      } else if isPicture, line.hasPrefix("* FROM CLIP NAME:") {
        events[events.count - 1].name = words.last ?? ""
      } else if isPicture, line.hasPrefix("* ASC_") {
        events[events.count - 1].grade += words.dropFirst().joined(separator: " ")
      }
    }
    return events
  }

  /// Different pictures that a cut needs: reel, source label and where its grade comes from.
  static func distinctFrames(_ cut: String) throws -> Set<String> {
    let collection = try String(contentsOfFile: "\(turnover)/short.ccc", encoding: .utf8)
    var frames: Set<String> = []
    for event in try events(cut) {
      let ids = [event.name, event.number].filter { collection.contains("id=\"\($0)\"") }
      let grade = ids.first.map { "collection \($0)" } ?? event.grade
      for offset in 0..<event.count { frames.insert("\(event.reel) \(event.source + offset) \(grade)") }
    }
    return frames
  }
}
