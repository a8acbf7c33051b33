import Digests
import Farm
import Foundation
import TaskGraph
import TestSupport
import Testing

/// A small plan with all that farms have to be told of: shots, a licence, a time limit, joins, a publication.
enum SampleJob {
  static func key(_ name: String) -> TaskKey { Digest.sha256(Array(name.utf8)) }

  static func node(
    _ name: String, kind: String, stage: String, after: [String] = [], frames: Int = 0,
    commits: [String] = [],
    place: TaskPlace = .worker, needs: TaskNeeds = TaskNeeds(), payload: String = "{}"
  ) -> TaskNode {
    TaskNode(
      key: key(name), kind: kind, version: 1, stage: stage, label: name, dependencies: after.map(key),
      payload: Array(payload.utf8), frames: frames, commits: commits.map(key), place: place,
      reason: "new", needs: needs)
  }

  static let nodes = [
    node(
      "shot 1", kind: "render", stage: "master", frames: 24, commits: ["s1"],
      needs: .init(memoryBytes: 100 << 20)),
    node(
      "shot \"2\" & $3: <café>", kind: "render", stage: "master", frames: 48, commits: ["s2", "s3"],
      needs: .init(memoryBytes: 110 << 20), payload: #"{"builtBy":"x264 - core 164"}"#),
    node(
      "8K shot", kind: "render", stage: "master", frames: 24, commits: ["s4"],
      needs: .init(memoryBytes: 3 << 30),
      payload:
        #"{"library":"OpenColorIO 2.1.2","media":{"a":{"root":"/show/rushes/day 2"},"b":{"root":"/show/comps \"v2\""}},"#
        + #""note":"\"root\":\"/etc\""}"#),
    node(
      "denoise", kind: "external", stage: "denoise", needs: .init(cores: 4, tokens: ["nuke": 1], timeout: 600)
    ),
    node("mix", kind: "mix", stage: "mix"),
    node(
      "assemble", kind: "assemble", stage: "master",
      after: ["shot 1", "shot \"2\" & $3: <café>", "8K shot", "mix"]),
    node("publish", kind: "publish", stage: "master", after: ["assemble"], place: .coordinator),
  ]

  static func job(production: String = "/show/Out put", folder: String = "/show/job 1") throws -> FarmJob {
    FarmJob(
      try Plan(nodes), name: "short-film",
      places: .init(
        program: "/opt/inter lock/interlock", production: production, media: ["/show/rushes", "/show/sound"],
        folder: folder), tokens: ["nuke": 3],
      tools: ToolInventory([
        "libraries": "FFmpeg 5.1", "kernels": "kernels 1", "libx264": "x264 - core 164", "drawing": "",
        "colour": "OpenColorIO 2.1.2",
      ]))
  }

  /// Compares with a file in `Goldens`; `RECORD_GOLDENS=1` writes it and fails.
  static func check(_ text: String, against name: String) throws {
    let path = "\(Repository.root)/Tests/FarmTests/Goldens/\(name)"
    if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] != nil {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      Issue.record("\(name) was recorded; run again without RECORD_GOLDENS")
      return
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == text, "\(name)")
  }
}
