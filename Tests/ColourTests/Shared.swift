import Foundation
import TestSupport
import Testing

/// The project's folder of specifications and samples, which lies beside the checkout and may be absent.
enum Shared {
  static let folder: URL? = {
    var folder = URL(filePath: #filePath)
    while folder.path.count > 1 {
      folder.deleteLastPathComponent()
      let candidate = folder.appending(path: "shared")
      if FileManager.default.fileExists(atPath: candidate.appending(path: "specs").path) { return candidate }
    }
    return nil
  }()

  /// Nil, with a line that says so, when the folder is absent.
  static func data(_ path: String) throws -> Data? {
    guard let folder else {
      print("skipped: no folder `shared` beside the checkout, wanted \(path)")
      return nil
    }
    return try Data(contentsOf: folder.appending(path: path))
  }
}

/// PyOpenColorIO of another release, in the environment that `make test` prepares.
enum PyOpenColorIO {
  static let python = Repository.root + "/.build/ocio/bin/python"
  static let isThere = FileManager.default.isExecutableFile(atPath: python)
  static let absence: Comment =
    "PyOpenColorIO is not in .build/ocio; `make test` installs it where the network allows"
}
