import Foundation
import TestSupport
import Testing

/// 30 s of 60 fps with a burnt-in timecode, cut into six pieces of 300 frames by the projects.
private let filmOfPieces: String? = {
  guard let shared = Repository.shared else { return nil }
  let path = shared + "/samples/media/video/60fps.mp4"
  return FileManager.default.isReadableFile(atPath: path) ? path : nil
}()

/// A Final Cut project against its real media, from the command line.
@Suite(.enabled(if: filmOfPieces != nil, "no `shared/samples` beside the project"))
struct FCPXMLConformTests {
  private func fixture() throws -> Fixture {
    let fixture = try Fixture()
    let media = try #require(filmOfPieces)
    try FileManager.default.copyItem(atPath: media, toPath: fixture.path + "/rushes/60fps.mp4")
    return fixture
  }

  private func sample(_ name: String, in fixture: Fixture) throws -> String {
    let shared = try #require(Repository.shared)
    let text = try String(contentsOfFile: shared + "/samples/editorial/fcpxml/" + name, encoding: .utf8)
    return text.replacingOccurrences(of: "__VIDEO_DIR_PLACEHOLDER__", with: fixture.path + "/rushes")
  }

  /// First source frame and count of every event, from the report.
  private func sources(_ fixture: Fixture) throws -> [[Int]] {
    let data = try Data(contentsOf: URL(fileURLWithPath: fixture.path + "/report.json"))
    let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let events = try #require(report["events"] as? [[String: Any]])
    return try events.map { event in
      let range = try #require(event["sourceRange"] as? [String: Any])
      return [try #require(range["start"] as? Int), try #require(range["count"] as? Int)]
    }
  }

  @Test(arguments: ["60fps-clips.fcpxml", "60fps-compound-clips.fcpxml"])
  func `six pieces of a film are found at their frames`(_ project: String) throws {
    let fixture = try fixture()
    _ = try fixture.folder.write(try sample(project, in: fixture), to: "cut.fcpxml")
    let result = try fixture.interlock(
      ["conform", "cut.fcpxml", "--media", "rushes", "--report", "report.json"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(try sources(fixture) == (0..<6).map { [$0 * 300, 300] })
  }

  @Test func `a bundle is read by its folder`() throws {
    let fixture = try fixture()
    _ = try fixture.folder.write(
      try sample("60fps-rubric-clips.fcpxmld/Info.fcpxml", in: fixture), to: "cut.fcpxmld/Info.fcpxml")
    let result = try fixture.interlock(
      ["conform", "cut.fcpxmld", "--media", "rushes", "--report", "report.json"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(try sources(fixture) == (0..<6).map { [$0 * 300, 300] })
  }
}
