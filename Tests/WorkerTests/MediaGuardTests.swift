import Foundation
import TaskKinds
import TestSupport
import Testing

/// A render is done only from the file that was probed, inside the folder it was declared in.
@Suite struct MediaGuardTests {
  private func attempt() throws -> Attempt {
    let attempt = try Attempt()
    try NumberedClip.make(
      attempt.folder.path + "/rushes/A001.mov", frames: 6, rate: "24000/1001", timecode: "01:00:00:00",
      reel: "A001",
      codec: Renders.prores)
    return attempt
  }

  private func run(_ attempt: Attempt, _ location: MediaLocation) throws -> (
    finished: Finished, ending: Ending
  ) {
    let input = Renders.input(media: location, segments: [(1, 3)])
    try attempt.write("render", key: RenderTask.key(input), input)
    return try attempt.run()
  }

  private func check(_ result: (finished: Finished, ending: Ending), _ attempt: Attempt, _ message: String)
    throws
  {
    #expect(result.finished.status == 3 && result.ending.exit == 3)
    #expect(result.ending.failure == "media")
    #expect(result.ending.diagnostics.map(\.message) == [message])
    #expect(try attempt.files().filter { $0.hasSuffix(".part") }.isEmpty)
  }

  @Test func `the file that was probed is rendered`() throws {
    let attempt = try attempt()
    let result = try run(attempt, try attempt.location("A001.mov"))
    #expect(result.finished.status == 0, "\(result.finished.text)")
    #expect(try attempt.files() == ["exit.json", "lock", "log.txt", "task.json"])
  }

  @Test func `a file that has gone is exit code 3`() throws {
    let attempt = try attempt()
    let location = try attempt.location("A001.mov")
    try FileManager.default.removeItem(atPath: location.path)
    try check(try run(attempt, location), attempt, "the file is no longer there")
  }

  @Test func `a file that has changed since its probe is exit code 3`() throws {
    let attempt = try attempt()
    let location = try attempt.location("A001.mov")
    var older = location
    older.modified -= 1
    try check(try run(attempt, older), attempt, "the file has changed since it was probed")
    let second = try self.attempt()
    var longer = try second.location("A001.mov")
    longer.byteCount += 1
    try check(try run(second, longer), second, "the file has changed since it was probed")
  }

  @Test func `a link out of the media folder is refused`() throws {
    let attempt = try attempt()
    let folder = attempt.folder.path
    try FileManager.default.createDirectory(atPath: folder + "/secret", withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: folder + "/rushes/A001.mov", toPath: folder + "/secret/A001.mov")
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/rushes/A001.mov", withDestinationPath: folder + "/secret/A001.mov")
    try check(
      try run(attempt, try attempt.location("A001.mov")), attempt, "the file lies outside its media folder")
  }

  @Test func `a folder whose name begins like the media folder's is outside`() throws {
    let attempt = try attempt()
    var location = try attempt.location("A001.mov")
    location.root = String(location.root.dropLast())
    try check(try run(attempt, location), attempt, "the file lies outside its media folder")
  }
}
