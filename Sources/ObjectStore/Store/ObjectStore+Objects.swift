package import Diagnostics
package import Digests
import Glibc

/// The nanoseconds an object's modification time carries: a number made from its digest.
///
/// Published versions may be hard links of objects, so somebody may write into an object. Whoever does that
/// leaves another time behind; one `stat` then shows that the contents must be digested before they are used
/// again. On file systems without nanoseconds every use digests, which is slow but right.
enum ObjectStamp {
  static func nanoseconds(of digest: Digest) -> Int64 {
    let head = digest.bytes.prefix(4).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int64(head % 1_000_000_000)
  }
}

extension ObjectStore {
  /// Whether an object is there and unchanged, by its stat; a changed one is digested and, when damaged,
  /// moved to quarantine.
  package func contains(_ digest: Digest) -> Bool {
    // An object that cannot be looked at cannot be used either; committing it again tells the reason.
    (try? verifiedFacts(of: digest)) != nil
  }

  /// Digests the whole object, whatever its stat says; a damaged one is moved to quarantine.
  ///
  /// - Returns: `false` when it is missing or was damaged.
  package func verifyObject(_ digest: Digest) throws(Diagnostic) -> Bool {
    try verifiedFacts(of: digest, isThorough: true) != nil
  }

  /// All bytes of an object, digested on the way: damage that no stat shows is found before it is used.
  ///
  /// - Returns: `nil` when it is missing or was damaged; then it is in quarantine.
  package func readObject(_ digest: Digest) throws(Diagnostic) -> [UInt8]? {
    let path = path(of: digest)
    guard let (bytes, facts) = try fileSystem.read(path) else { return nil }
    if Digest.sha256(bytes) == digest { return bytes }
    try quarantine(path, seen: facts)
    return nil
  }

  /// The objects of a result that are missing or damaged: its task has to run again.
  package func missingObjects(of objects: [ObjectReference]) -> [ObjectReference] {
    objects.filter { !contains($0.digest) }
  }

  private func verifiedFacts(
    of digest: Digest, isThorough: Bool = false
  ) throws(Diagnostic) -> FileSystem.Facts? {
    let path = path(of: digest)
    guard let facts = try fileSystem.facts(path) else {
      guard try QuarantineRecall.recall(object: digest, to: self) else { return nil }
      return try verifiedFacts(of: digest, isThorough: isThorough)
    }
    guard facts.isRegularFile else {
      try quarantine(path, seen: facts)
      return nil
    }
    let stamp = ObjectStamp.nanoseconds(of: digest)
    if !isThorough && facts.modifiedNanoseconds == stamp { return facts }
    let file = try OpenFile(path, O_RDONLY | O_NOFOLLOW, in: fileSystem)
    let read = try file.facts()
    if try file.digest() == digest {
      // Somebody touched it (or restored a backup) without changing it. Another user's file stays unstamped.
      try? file.setModified(seconds: read.modifiedSeconds, nanoseconds: stamp)
      return read
    }
    try quarantine(path, seen: read)
    return nil
  }

  /// Makes a finished `.part` file an object and removes the part.
  ///
  /// - Parameters:
  ///   - partFile: complete, closed by its writer, in a folder of the same file system.
  ///   - name: what the task calls it; without one, the file's name without `.part`.
  ///   - digest: the SHA-256 if the writer has taken it over exactly these bytes; without it the file is read.
  package func commitObject(
    partFile: String, name: String? = nil, digest: Digest? = nil
  ) throws(Diagnostic) -> ObjectReference {
    let prepared = try prepareObject(partFile: partFile, digest: digest, isDurable: true)
    let folder = try nameObject(partFile: partFile, prepared.digest, byteCount: prepared.byteCount)
    // Also when another was first: it may not have come to this line before a power failure.
    try fileSystem.syncFolder(folder)
    try fileSystem.remove(partFile)
    return ObjectReference(
      digest: prepared.digest, byteCount: prepared.byteCount, name: name ?? Self.nameWithoutPart(partFile))
  }

  /// Gives a `.part` file everything that an object has but its name.
  func prepareObject(
    partFile: String, digest: Digest?, isDurable: Bool
  ) throws(Diagnostic) -> (digest: Digest, byteCount: Int64) {
    let file = try OpenFile(partFile, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, in: fileSystem)
    let facts = try file.facts()
    guard facts.isRegularFile else { throw fileSystem.fault("store", partFile, EINVAL) }
    let digest: Digest = if let digest { digest } else { try file.digest() }
    try file.setModified(
      seconds: WallClock.now().milliseconds / 1_000, nanoseconds: ObjectStamp.nanoseconds(of: digest))
    try file.setMode(0o444)
    if isDurable { try file.sync() }
    return (digest, facts.byteCount)
  }

  /// Gives a prepared and durable `.part` file its name, unless there is a good object already.
  ///
  /// - Returns: the folder, whose names are not durable yet.
  func nameObject(
    partFile: String, _ digest: Digest, byteCount: Int64
  ) throws(Diagnostic) -> String {
    let path = path(of: digest)
    let folder = FileSystem.parent(of: path)
    try fileSystem.createFolder(folder)
    // Each round either names the object, finds it good, or removes a damaged one.
    while try !fileSystem.link(partFile, to: path) {
      if let existing = try verifiedFacts(of: digest) {
        if existing.byteCount == byteCount { break }
        try quarantine(path, seen: existing)
      }
    }
    return folder
  }

  /// Makes bytes an object.
  ///
  /// - Parameter scratch: the attempt's folder, for the `.part` file.
  package func commitObject(
    bytes: [UInt8], name: String, scratch: String
  ) throws(Diagnostic) -> ObjectReference {
    let digest = Digest.sha256(bytes)
    if contains(digest) {
      try fileSystem.syncFolder(FileSystem.parent(of: path(of: digest)))
      return ObjectReference(digest: digest, byteCount: Int64(bytes.count), name: name)
    }
    let part = "\(scratch)/\(ULID.next()).part"
    // Synced by the commit below.
    try fileSystem.writeNew(bytes, at: part, isDurable: false)
    do {
      return try commitObject(partFile: part, name: name, digest: digest)
    } catch {
      try? fileSystem.remove(part)
      throw error
    }
  }

  static func nameWithoutPart(_ path: String) -> String {
    let name = FileSystem.lastName(of: path)
    return name.hasSuffix(".part") ? String(name.dropLast(5)) : name
  }
}
