import Diagnostics
package import Digests
package import TaskGraph

/// What lies in a store, found by one walk over its folders and its result files.
package struct StoreInventory: Sendable {
  /// The size of a file and what removing it gives back.
  package struct Space: Hashable, Sendable {
    package var byteCount: Int64
    /// Bytes on the disk that go with this name; 0 while the file has another one, such as a published version's.
    package var freedBytes: Int64
    package var modified: WallClock

    init(_ facts: FileSystem.Facts) {
      byteCount = facts.byteCount
      freedBytes = facts.linkCount > 1 ? 0 : facts.allocatedBytes
      // Of an object's time only the whole seconds are a time: the rest is a number made from its digest.
      modified = WallClock(milliseconds: facts.modified.milliseconds / 1_000 * 1_000)
    }
  }

  package struct Result: Sendable {
    package var kind: String
    /// What it made.
    package var objects: [ObjectReference]
    /// Every digest its text names, whatever it is the digest of.
    package var mentions: [Digest]
    package var space: Space
  }

  package private(set) var objects: [Digest: Space] = [:]
  package private(set) var results: [TaskKey: Result] = [:]
  /// Files that have no business where they are, relative to the production.
  package private(set) var strangers: [String] = []
  /// Result files that were not what they should be; they are in quarantine now.
  package private(set) var damagedResults: [TaskKey] = []

  /// Damaged results are moved to quarantine by the walk.
  package init(_ store: ObjectStore) throws {
    try readObjects(store)
    let walk = try store.forEachResult { result in
      guard let facts = try store.fileSystem.facts(store.resultPath(of: result.head.key)) else { return }
      results[result.head.key] = Result(
        kind: result.head.kind, objects: result.head.objects, mentions: DigestText.digests(in: result.body),
        space: Space(facts))
    }
    strangers += walk.strangers
    damagedResults = walk.damaged
  }

  private mutating func readObjects(_ store: ObjectStore) throws(Diagnostic) {
    let files = store.fileSystem
    let root = store.production.objectsFolder
    for folder in try files.names(in: root) {
      guard try files.facts("\(root)/\(folder)")?.isFolder == true else {
        strangers.append(files.relative("\(root)/\(folder)"))
        continue
      }
      for name in try files.names(in: "\(root)/\(folder)") {
        let path = "\(root)/\(folder)/\(name)"
        guard let facts = try files.facts(path) else { continue }
        if folder.utf8.count == 2, facts.isRegularFile, let digest = Digest(hex: folder + name) {
          objects[digest] = Space(facts)
        } else {
          strangers.append(files.relative(path))
        }
      }
    }
  }
}

/// Digests in the text of a document.
package enum DigestText {
  /// Every run of exactly 64 lower-case hexadecimal digits.
  package static func digests(in text: some Sequence<UInt8>) -> [Digest] {
    var found: [Digest] = []
    var run: [UInt8] = []
    run.reserveCapacity(64)
    var length = 0
    func close() {
      if length == 64, let digest = Digest(hex: String(decoding: run, as: UTF8.self)) { found.append(digest) }
    }
    for byte in text {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"):
        length += 1
        if length <= 64 { run.append(byte) }
      default:
        if length > 0 {
          close()
          run.removeAll(keepingCapacity: true)
          length = 0
        }
      }
    }
    close()
    return found
  }
}
