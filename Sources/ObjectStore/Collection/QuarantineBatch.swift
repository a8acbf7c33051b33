package import Diagnostics
package import Digests
import FoundationEssentials
import Glibc
package import TaskGraph

/// Results and objects that were set aside together because nothing needs them: `quarantine/<ulid>/`.
///
/// They are files of their own names until a later collection deletes them. Whatever is asked for meanwhile is taken
/// back by the store. The manifest is written before the first file is moved and removed after the last is deleted,
/// so that a batch is known for what it is whenever its maker is killed.
package struct QuarantineBatch: Sendable {
  package struct Manifest: Codable, Hashable, Sendable {
    package struct Object: Codable, Hashable, Sendable {
      package var digest: Digest
      package var byteCount: Int64

      package init(digest: Digest, byteCount: Int64) {
        self.digest = digest
        self.byteCount = byteCount
      }
    }

    package struct Result: Codable, Hashable, Sendable {
      package var key: TaskKey
      package var kind: String

      package init(key: TaskKey, kind: String) {
        self.key = key
        self.kind = kind
      }
    }

    package var schema: Int
    /// ISO 8601, UTC.
    package var made: String
    package var results: [Result]
    package var objects: [Object]

    package init(results: [Result], objects: [Object]) {
      schema = 1
      made = WallClock.now().iso8601
      self.results = results
      self.objects = objects
    }
  }

  package let id: String
  private let store: ObjectStore

  fileprivate init(id: String, store: ObjectStore) {
    self.id = id
    self.store = store
  }

  /// When its files were set aside.
  package var time: WallClock { ULID(id)?.time ?? WallClock(milliseconds: 0) }
  package var path: String { "\(store.production.quarantineFolder)/\(id)" }
  var manifestPath: String { path + "/manifest.json" }
  func path(ofObject digest: Digest) -> String { "\(path)/\(digest.hex)" }
  func path(ofResult key: TaskKey) -> String { "\(path)/\(key.hex).json" }

  // MARK: Setting aside

  /// Moves results and then objects out of the store.
  ///
  /// Results go first and durably, so that none is ever left that names a missing object. What an attempt committed
  /// meanwhile gets its objects back.
  ///
  /// - Parameters:
  ///   - forget: takes keys off the ledger, before their files go.
  ///   - afterStep: called after each change on disk; throwing leaves everything as it is then, as a kill would.
  package static func setAside(
    _ manifest: Manifest, from store: ObjectStore, forget: ([TaskKey]) throws -> Void,
    afterStep: () throws -> Void = {}
  ) throws -> QuarantineBatch {
    let files = store.fileSystem
    let began = WallClock.now()
    let batch = QuarantineBatch(id: ULID.next().description, store: store)
    try files.createFolder(batch.path)
    try afterStep()
    try batch.write(manifest)
    try afterStep()
    try forget(manifest.results.map(\.key))
    try afterStep()
    for result in manifest.results {
      _ = try files.move(store.resultPath(of: result.key), to: batch.path(ofResult: result.key))
      try afterStep()
    }
    try sync(manifest.results.map { store.resultPath(of: $0.key) }, files)
    for object in manifest.objects {
      _ = try files.move(store.path(of: object.digest), to: batch.path(ofObject: object.digest))
      try afterStep()
    }
    try sync(manifest.objects.map { store.path(of: $0.digest) }, files)
    try files.syncFolder(batch.path)
    try batch.giveBack(to: began)
    return batch
  }

  /// Gives results that were committed since a time the objects that were taken from under them.
  private func giveBack(to began: WallClock) throws {
    let files = store.fileSystem
    let results = store.production.resultsFolder
    for folder in try files.names(in: results) {
      for name in try files.names(in: "\(results)/\(folder)") {
        guard name.hasSuffix(".json"), let key = Digest(hex: name.dropLast(5)),
          let facts = try files.facts("\(results)/\(folder)/\(name)"),
          // A clock tick of the file system may lie before ours.
          facts.modified.milliseconds >= began.milliseconds - 2_000,
          let result = try store.storedResult(key)
        else { continue }
        for object in result.head.objects { _ = try takeBack(object: object.digest) }
      }
    }
  }

  private func write(_ manifest: Manifest) throws(Diagnostic) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let body = try? encoder.encode(manifest) else { preconditionFailure("a manifest is plain values") }
    let files = store.fileSystem
    let bytes = ResultEnvelope.sealed(Array(body))
    guard try files.publish(bytes, at: manifestPath, scratch: path) else {
      throw files.fault("publish", manifestPath, EEXIST)
    }
  }

  private static func sync(_ paths: [String], _ files: FileSystem) throws(Diagnostic) {
    for folder in Set(paths.map { FileSystem.parent(of: $0) }) { try files.syncFolder(folder) }
  }

  // MARK: Reading

  /// - Throws: `verification`, code `quarantine.unreadable`.
  package func manifest() throws(Diagnostic) -> Manifest {
    let files = store.fileSystem
    if !files.exists(manifestPath) {
      // Its maker was killed before it had moved anything, or after it had deleted everything.
      let (results, objects) = try contents()
      if results.isEmpty, objects.isEmpty { return Manifest(results: [], objects: []) }
    }
    guard let (bytes, _) = try files.read(manifestPath), let body = ResultEnvelope.opened(bytes),
      let manifest = try? JSONDecoder().decode(Manifest.self, from: Data(body)), manifest.schema == 1
    else {
      throw Diagnostic(
        family: .verification, code: "quarantine.unreadable",
        location: SourceLocation(file: files.relative(manifestPath)),
        message: "this is not a whole manifest of what was set aside",
        remedy: "Its files have their own names: `interlock gc --restore \(id)` takes them back without it.")
    }
    return manifest
  }

  /// Names and sizes of what is still in it.
  package func contents() throws(Diagnostic) -> (
    results: [TaskKey], objects: [(Digest, StoreInventory.Space)]
  ) {
    let files = store.fileSystem
    var results: [TaskKey] = []
    var objects: [(Digest, StoreInventory.Space)] = []
    for name in try files.names(in: path) {
      if name.hasSuffix(".json"), let key = Digest(hex: name.dropLast(5)) {
        results.append(key)
      } else if let digest = Digest(hex: name), let facts = try files.facts("\(path)/\(name)") {
        objects.append((digest, StoreInventory.Space(facts)))
      }
    }
    return (results, objects)
  }

  // MARK: Taking back

  /// Puts an object back under its name.
  ///
  /// - Returns: `false` when it is not in here.
  func takeBack(object digest: Digest) throws(Diagnostic) -> Bool {
    try takeBack(path(ofObject: digest), to: store.path(of: digest))
  }

  /// Puts a result back, and before it what it made, from this batch or another.
  ///
  /// - Returns: `false` when it is not in here, is damaged, or what it made is gone.
  func takeBack(result key: TaskKey) throws(Diagnostic) -> Bool {
    guard let (bytes, _) = try store.fileSystem.read(path(ofResult: key)),
      let body = ResultEnvelope.opened(bytes),
      let head = try? JSONDecoder().decode(ResultHead.self, from: Data(body)), head.key == key
    else { return false }
    for object in head.objects where !store.contains(object.digest) { return false }
    return try takeBack(path(ofResult: key), to: store.resultPath(of: key))
  }

  private func takeBack(_ aside: String, to path: String) throws(Diagnostic) -> Bool {
    let files = store.fileSystem
    guard files.exists(aside) else { return false }
    try files.createFolder(FileSystem.parent(of: path))
    // Linked and not moved: if another was made meanwhile, that one stays.
    _ = try files.link(aside, to: path)
    try files.syncFolder(FileSystem.parent(of: path))
    try files.remove(aside)
    return true
  }

  /// Puts everything back and removes the batch.
  ///
  /// - Returns: the results that are in the store again.
  package func restore() throws -> [TaskKey] {
    let (results, objects) = try contents()
    for (digest, _) in objects { _ = try takeBack(object: digest) }
    var restored: [TaskKey] = []
    for key in results where try takeBack(result: key) { restored.append(key) }
    try delete()
    return restored
  }

  // MARK: Deleting

  /// Deletes the batch for good, its manifest last.
  package func delete(afterStep: () throws -> Void = {}) throws {
    let files = store.fileSystem
    for name in try files.names(in: path) where name != FileSystem.lastName(of: manifestPath) {
      try files.remove("\(path)/\(name)")
      try afterStep()
    }
    try files.remove(manifestPath)
    try afterStep()
    if unsafe rmdir(path) != 0, errno != ENOENT { throw files.fault("remove", path, errno) }
  }
}

extension ObjectStore {
  /// What was set aside and not deleted yet, oldest first.
  package func quarantineBatches() throws(Diagnostic) -> [QuarantineBatch] {
    let folder = production.quarantineFolder
    var batches: [QuarantineBatch] = []
    for name in try fileSystem.names(in: folder) where ULID(name) != nil {
      if let facts = try fileSystem.facts("\(folder)/\(name)"), facts.isFolder {
        batches.append(QuarantineBatch(id: name, store: self))
      }
    }
    return batches
  }

  /// Files moved to quarantine because they were not what their names say, with their sizes.
  package func damagedFiles() throws(Diagnostic) -> [(path: String, space: StoreInventory.Space)] {
    let folder = production.quarantineFolder
    var damaged: [(path: String, space: StoreInventory.Space)] = []
    for name in try fileSystem.names(in: folder) {
      let path = "\(folder)/\(name)"
      if let facts = try fileSystem.facts(path), facts.isRegularFile {
        damaged.append((path, StoreInventory.Space(facts)))
      }
    }
    return damaged
  }
}
