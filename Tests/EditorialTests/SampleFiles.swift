import Editorial
import Foundation
import MediaTime
import Testing

/// Real cut files of `shared/samples/editorial`, which lie beside the project and not in it.
enum SampleFiles {
  static let editorial: String? = {
    var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    while folder.path.count > 1 {
      let candidate = folder.deletingLastPathComponent().appendingPathComponent("shared/samples/editorial")
      if FileManager.default.fileExists(atPath: candidate.path) { return candidate.path }
      folder.deleteLastPathComponent()
    }
    return nil
  }()

  static func bytes(_ name: String) throws -> [UInt8] {
    let folder = try #require(editorial)
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)))
  }

  static func timeline(_ name: String, rate: FrameRate? = nil, start: Timecode? = nil) throws -> Timeline {
    try Cut.read(path: name, bytes: try bytes(name)).timeline(rate: rate, start: start)
  }
}

let film = FrameRate(24_000, 1001)

func edl(_ text: String, rate: FrameRate = FrameRate(24), start: Timecode? = nil) throws -> Timeline {
  try Cut.read(path: "cut.edl", bytes: Array(text.utf8)).timeline(rate: rate, start: start)
}
