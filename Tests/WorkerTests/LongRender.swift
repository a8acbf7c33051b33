import Foundation
import TaskKinds
import TestSupport

/// A render whose second segment takes long enough to be met in the middle.
enum LongRender {
  static func attempt() throws -> (attempt: Attempt, input: RenderTask.Input) {
    let attempt = try Attempt()
    try NumberedClip.make(
      attempt.folder.path + "/rushes/A001.mov", frames: 480, rate: "24000/1001", timecode: "01:00:00:00",
      reel: "A001", codec: Renders.prores)
    let input = Renders.input(
      media: try attempt.location("A001.mov"), segments: [(0, 4), (4, 60), (64, 24)],
      encoding: Renders.encoding(width: 1920, height: 1080))
    try attempt.write("render", key: RenderTask.key(input), input)
    return (attempt, input)
  }

  /// How lines of progress begin, in the dialects that are lines of words.
  static let percent = #"^(openjd_progress:|TR_PROGRESS|Progress:)"#

  static func isInSecondSegment(_ text: String) -> Bool {
    guard let commit = text.range(of: "Committed ") else { return false }
    return text[commit.upperBound...].range(
      of: percent.replacing("^", with: "\n"), options: .regularExpression) != nil
  }
}
