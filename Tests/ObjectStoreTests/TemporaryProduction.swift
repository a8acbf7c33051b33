import Foundation
import ObjectStore

/// A production in a folder that goes with the value.
final class TemporaryProduction: Sendable {
  let production: Production
  let store: ObjectStore
  let attempt: AttemptFolder

  /// - Parameter isInMemory: on a file system without a disk, for tests that sync ten thousand times.
  init(isInMemory: Bool = false) throws {
    let memory = "/dev/shm"
    let base =
      isInMemory && FileManager.default.isWritableFile(atPath: memory)
      ? memory : FileManager.default.temporaryDirectory.path
    let folder = base + "/store-\(UUID().uuidString)"
    production = try Production.create(at: folder)
    store = ObjectStore(production)
    attempt = try AttemptFolder.create(in: production)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: production.root)
  }

  var scratch: String { attempt.path }

  func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
  }

  /// Paths of all files under a folder, relative to the production, without lock files.
  func files(under folder: String = "") throws -> [String] {
    let root = folder.isEmpty ? production.root : "\(production.root)/\(folder)"
    var paths: [String] = []
    for case let path as String in FileManager.default.enumerator(atPath: root) ?? .init() {
      var isFolder: ObjCBool = false
      _ = unsafe FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isFolder)
      if !isFolder.boolValue, !path.contains("locks/") { paths.append(path) }
    }
    return paths.sorted()
  }

  var parts: [String] {
    get throws { try files().filter { $0.hasSuffix(".part") } }
  }

  var quarantined: [String] {
    get throws { try files(under: ".interlock/quarantine").map { String($0.dropFirst(27)) }.sorted() }
  }
}

/// The output of the tests' tasks.
struct Take: Codable, Equatable, Sendable {
  var name: String
  var frames: Int
}
