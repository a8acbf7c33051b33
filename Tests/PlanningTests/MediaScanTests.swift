import Diagnostics
import Foundation
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

@Suite struct MediaScanTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for name in [
      "rushes/day1/B.MOV", "rushes/A.mov", "rushes/notes.txt", "rushes/.A.mov", "rushes/.cache/C.mov",
      "other/D.mov",
    ] {
      _ = try folder.write(name, to: name)
    }
  }

  private func root(_ name: String) throws -> Pipeline.MediaRoot {
    let text = try PipelineText()
    let pipeline = try text.load(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, media: ["\(folder.path)/\(name)"]}
      raster: 640x360
      stages: {edit: {kind: editing}}
      """)
    return try #require(pipeline.timeline.mediaRoots.first)
  }

  private func names(_ files: [ScannedFile]) throws -> [String] {
    let real = try #require(FilePaths.real(folder.path))
    return files.map { String($0.location.path.dropFirst(real.count + 1)) }
  }

  @Test func `media is found in folders inside folders, nothing hidden and nothing else`() throws {
    let (files, diagnostics) = MediaScan.scan([try root("rushes")])
    #expect(try names(files) == ["rushes/A.mov", "rushes/day1/B.MOV"])
    #expect(diagnostics.isEmpty)
    #expect(files.map(\.location.byteCount) == [12, 17])
  }

  @Test func `a link that leaves the root is not followed and is reported`() throws {
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/rushes/out.mov", withDestinationPath: folder.path + "/other/D.mov")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/rushes/in.mov", withDestinationPath: folder.path + "/rushes/A.mov")
    let root = try root("rushes")
    let (files, diagnostics) = MediaScan.scan([root])
    #expect(try names(files) == ["rushes/A.mov", "rushes/day1/B.MOV", "rushes/in.mov"])
    #expect(
      diagnostics.map(\.description) == [
        "warning: \(root.typed)/out.mov is a link that leads out of the media folder and is not followed\n"
          + "  Name the folder it leads to under `media:`."
      ])
  }

  @Test func `a folder that is named twice is listed once`() throws {
    let root = try root("rushes")
    #expect(MediaScan.scan([root, root]).files.count == 2)
  }

  @Test func `a file that changes has another probe`() throws {
    let root = try root("rushes")
    let before = MediaScan.scan([root]).files
    #expect(MediaScan.scan([root]).files == before)
    _ = try folder.write("longer than it was", to: "rushes/A.mov")
    let after = MediaScan.scan([root]).files
    #expect(after[0].probeKey != before[0].probeKey)
    #expect(after[1].probeKey == before[1].probeKey)
  }

  @Test func `a probe is a task of its own`() throws {
    let file = try #require(MediaScan.scan([try root("rushes")]).files.first)
    let node = try file.probe()
    #expect(
      node.key == file.probeKey && node.kind == "probe" && node.label == "A.mov" && node.stage == "probe")
    let input = try JSONDecoder().decode(ProbeTask.Input.self, from: Data(node.payload))
    #expect(input.media == file.location)
  }

  @Test func `a link to a folder above does not list files again`() throws {
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/rushes/day1/again", withDestinationPath: folder.path + "/rushes")
    // `real.hasPrefix(root + "/")` refuses the root itself; a folder inside it goes round up to 16 times.
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/rushes/day1/self", withDestinationPath: folder.path + "/rushes/day1")
    let files = MediaScan.scan([try root("rushes")]).files
    #expect(files.count == 2)
  }
}
