package import Diagnostics
package import Digests
import Glibc
import Synchronization
package import TaskGraph

/// Objects and results of many small tasks, published together.
///
/// What holds for one commit holds for each of these: no name before the bytes are durable, no result before its
/// objects are. But the disk is waited for two or three times in all instead of several times for each task.
/// Until `commit()` nothing is visible; what is lost with the process are tasks nobody was told of.
package final class CommitGroup: Sendable {
  /// What waits to be published.
  private struct Pending {
    var objects: [(part: String, reference: ObjectReference)] = []
    var digests: Set<Digest> = []
    var results: [(part: String, key: TaskKey)] = []

    var parts: [String] { objects.map(\.part) + results.map(\.part) }
  }

  private let store: ObjectStore
  private let scratch: String
  private let barrier: DurabilityBarrier
  private let pending = Mutex(Pending())

  /// - Parameter scratch: the attempt's folder, for `.part` files.
  package init(_ store: ObjectStore, scratch: String) throws(Diagnostic) {
    self.store = store
    self.scratch = scratch
    barrier = try DurabilityBarrier(around: scratch, in: store.fileSystem)
  }

  /// Results that wait to be published.
  package var count: Int { pending.withLock { $0.results.count } }

  // MARK: Collecting

  /// Takes over a finished `.part` file of the attempt's folder; see `ObjectStore.commitObject(partFile:)`.
  package func add(
    partFile: String, name: String? = nil, digest: Digest? = nil
  ) throws(Diagnostic) -> ObjectReference {
    let prepared = try store.prepareObject(partFile: partFile, digest: digest, isDurable: false)
    // The next task may use the name again.
    let part = "\(scratch)/\(ULID.next()).part"
    guard try store.fileSystem.move(partFile, to: part) else {
      throw store.fileSystem.fault("store", partFile, ENOENT)
    }
    let reference = ObjectReference(
      digest: prepared.digest, byteCount: prepared.byteCount,
      name: name ?? ObjectStore.nameWithoutPart(partFile))
    pending.withLock {
      $0.objects.append((part, reference))
      $0.digests.insert(prepared.digest)
    }
    return reference
  }

  /// Takes bytes that are to be an object.
  package func add(bytes: [UInt8], name: String) throws(Diagnostic) -> ObjectReference {
    let part = "\(scratch)/\(ULID.next()).part"
    try store.fileSystem.writeNew(bytes, at: part, isDurable: false)
    do {
      return try add(partFile: part, name: name, digest: Digest.sha256(bytes))
    } catch {
      store.fileSystem.discard(part)
      throw error
    }
  }

  /// Takes over the result of a task, whose objects are in the store or in this group.
  package func add<Output>(_ record: ResultRecord<Output>) throws(Diagnostic) {
    let path = store.resultPath(of: record.key)
    try store.requireObjects(of: record, except: pending.withLock { $0.digests })
    let bytes = ResultEnvelope.sealed(try store.encoded(record, path))
    let part = "\(scratch)/\(ULID.next()).part"
    let file = try OpenFile(part, O_WRONLY | O_CREAT | O_EXCL, in: store.fileSystem)
    do {
      try file.write(bytes)
      try file.setMode(0o444)
    } catch {
      store.fileSystem.discard(part)
      throw error
    }
    pending.withLock { $0.results.append((part, record.key)) }
  }

  // MARK: Publishing

  /// Publishes everything in the group, which is empty afterwards.
  ///
  /// - Returns: the keys in the order they were added, and whether this attempt was the first with each.
  package func commit() throws(Diagnostic) -> [(key: TaskKey, isFirst: Bool)] {
    let taken = take()
    let (objects, results) = (taken.objects, taken.results)
    guard !objects.isEmpty || !results.isEmpty else { return [] }
    do {
      try barrier.wait(files: taken.parts)
      var folders: Set<String> = []
      for (part, reference) in objects {
        folders.insert(try store.nameObject(partFile: part, reference.digest, byteCount: reference.byteCount))
      }
      try barrier.wait(folders: folders)
      var published: [(key: TaskKey, isFirst: Bool)] = []
      folders = []
      for (part, key) in results {
        let path = store.resultPath(of: key)
        folders.insert(FileSystem.parent(of: path))
        try store.fileSystem.createFolder(FileSystem.parent(of: path))
        published.append((key, try publish(part, at: path, key)))
      }
      try barrier.wait(folders: folders)
      remove(taken.parts)
      return published
    } catch {
      remove(taken.parts)
      throw error
    }
  }

  /// Drops what was added and not published.
  package func abandon() { remove(take().parts) }

  private func take() -> Pending {
    pending.withLock { pending in
      defer { pending = Pending() }
      return pending
    }
  }

  /// Each round either names the result, finds a good one, or removes a damaged one.
  private func publish(_ part: String, at path: String, _ key: TaskKey) throws(Diagnostic) -> Bool {
    while true {
      if try store.fileSystem.link(part, to: path) { return true }
      if try store.storedResult(key) != nil { return false }
    }
  }

  private func remove(_ parts: [String]) {
    for part in parts { store.fileSystem.discard(part) }
  }
}
