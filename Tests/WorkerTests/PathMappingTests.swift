import Foundation
import TaskKinds
import Testing

/// The rules by which farms say where folders are on another machine.
@Suite struct PathMappingTests {
  private static let posix = PathMapping([
    .init(source: "/show", destination: "/mnt/show"),
    .init(source: "/show/rushes/", destination: "/fast/rushes/"),
    .init(source: "/show/rushes", destination: "/slow"), .init(source: "relative", destination: "/never"),
  ])

  @Test(
    arguments: [
      ("/show/a.mov", "/mnt/show/a.mov"), ("/show", "/mnt/show"), ("/show/", "/mnt/show"),
      // The longest source, in whatever order; a source is whole names.
      ("/show/rushes/day 1/b.mov", "/fast/rushes/day 1/b.mov"),
      ("/show/rushes2/c.mov", "/mnt/show/rushes2/c.mov"),
      ("/showreel/d.mov", nil), ("/other", nil), ("relative/e.mov", nil), ("", nil),
    ] as [(String, String?)])
  func `the longest source that contains a path wins`(path: String, expected: String?) {
    #expect(Self.posix.destination(of: path) == expected)
    #expect(Self.posix.mapped(path) == expected ?? path)
  }

  @Test func `of two sources that are as long the first wins`() {
    let mapping = PathMapping([
      .init(source: "/show", destination: "/first"), .init(source: "/show", destination: "/second"),
    ])
    #expect(mapping.mapped("/show/a") == "/first/a")
  }

  @Test(
    arguments: [
      (#"Z:\Show\a.mov"#, "/mnt/show/a.mov"), (#"z:/show\Day 1\b.mov"#, "/mnt/show/Day 1/b.mov"),
      (#"Z:\Showreel\c.mov"#, nil), ("/show/d.mov", nil),
    ] as [(String, String?)])
  func `sources of Windows have other separators, and letters of either case`(path: String, expected: String?)
  {
    let mapping = PathMapping([.init(format: "WINDOWS", source: #"Z:\show"#, destination: "/mnt/show")])
    #expect(mapping.destination(of: path) == expected)
  }

  @Test func `media is found in the new place, whole sequences too, and is known to be a copy`() throws {
    let decoder = JSONDecoder()
    decoder.userInfo[PathMapping.userInfoKey] = PathMapping([.init(source: "/show", destination: "/mnt")])
    func moved<Value: Codable>(_ value: Value) throws -> Value {
      try decoder.decode(Value.self, from: JSONEncoder().encode(value))
    }
    let file = try moved(
      MediaLocation(path: "/show/rushes/a.mov", root: "/show/rushes", byteCount: 1, modified: 2))
    #expect(file.path == "/mnt/rushes/a.mov" && file.root == "/mnt/rushes" && file.isMapped)
    let other = try moved(MediaLocation(path: "/else/a.mov", root: "/else", byteCount: 1, modified: 2))
    #expect(other.path == "/else/a.mov" && other.root == "/else" && !other.isMapped)
    let stills = try moved(
      StillSequence(
        prefix: "/show/rushes/s.", suffix: ".png", digits: 4, root: "/show/rushes",
        members: [.init(number: 7, byteCount: 1, modified: 2)]))
    let still = stills.location(ofFrame: 0)
    #expect(still.path == "/mnt/rushes/s.0007.png" && still.root == "/mnt/rushes" && still.isMapped)
  }

  @Test(
    arguments: [
      (#"{}"#, 0), (#"{"version": "pathmapping-1.0"}"#, 0),
      (
        #"{"version": "pathmapping-1.0", "path_mapping_rules": [{"source_path_format": "POSIX", "source_path": "/a", "destination_path": "/b"}]}"#,
        1
      ), (#"{"version": "pathmapping-2.0"}"#, nil), (#"{"path_mapping_rules": []}"#, nil), (#"[]"#, nil),
    ] as [(String, Int?)])
  func `a file of another kind is refused`(text: String, count: Int?) {
    let mapping = try? JSONDecoder().decode(PathMapping.self, from: Data(text.utf8))
    #expect(mapping?.rules.count == count)
  }
}
