package import Diagnostics
import Digests
import FoundationEssentials
import Glibc
import Synchronization
package import TaskGraph

/// Makes objects visible as numbered, immutable versions.
///
/// A version exists from the moment its `version.json` has its name, which is linked last. A folder without it
/// is what a killed publisher left; the next one reuses it. Publishers of one line wait for each other.
package struct VersionPublisher: Sendable {
  let production: Production
  private let store: ObjectStore
  let fileSystem: FileSystem
  /// How files may be placed, in order of preference.
  private let placements: [VersionRecord.File.Placement]

  package init(_ store: ObjectStore) {
    self.init(store, placements: [.reflink, .hardLink, .copy])
  }

  /// - Parameter placements: ways to place files, tried in this order; for file systems where one of them
  ///   is not wanted.
  package init(_ store: ObjectStore, placements: [VersionRecord.File.Placement]) {
    self.store = store
    production = store.production
    fileSystem = store.fileSystem
    self.placements = placements
  }

  /// What is said about a version besides its files.
  package struct Provenance: Sendable {
    package var madeFrom: [TaskKey]
    package var facts: JSONValue
    package var verification: JSONValue
    package var tool: String

    package init(madeFrom: [TaskKey], facts: JSONValue, verification: JSONValue, tool: String) {
      self.madeFrom = madeFrom
      self.facts = facts
      self.verification = verification
      self.tool = tool
    }
  }

  package struct Publication: Sendable {
    package var record: VersionRecord
    /// `false` when an existing version has the same files; then nothing was made.
    package var isNew: Bool
  }

  /// Publishes the next version of a line, unless a version with the same files exists.
  ///
  /// - Throws: `usage` `name.notPortable` or `version.sameName`; `verification` `version.objectMissing`;
  ///   `failed` `storage.…`.
  package func publish(
    _ files: [PublishedFile], as line: VersionLine, provenance: Provenance
  ) throws(Diagnostic) -> Publication {
    try check(files, line)
    let lock = try FileLock.lock(lockPath(of: line), in: fileSystem)
    defer { withExtendedLifetime(lock) {} }

    let present = try survey(line)
    let contents = files.map { Content(fileExtension: $0.fileExtension, digest: $0.object) }.sorted()
    if let same = present.versions.first(where: { self.contents(of: $0) == contents }) {
      try restore(same)
      return Publication(record: same, isNew: false)
    }
    let number = (present.occupied.max() ?? 0) + 1
    let folder = "\(line.folder(in: production))/\(VersionLine.folderName(version: number))"
    try fileSystem.createFolder(folder)
    var placed: [VersionRecord.File] = []
    for file in files {
      placed.append(
        try place(file, in: folder, as: line.fileName(version: number, fileExtension: file.fileExtension)))
    }
    try fileSystem.syncFolder(folder)
    let record = VersionRecord(
      schema: versionSchema, line: line, version: number, made: WallClock.now().iso8601,
      madeFrom: provenance.madeFrom, files: placed, facts: provenance.facts,
      verification: provenance.verification, tool: provenance.tool)
    let path = "\(folder)/\(Self.recordName)"
    guard try fileSystem.publish(try encoded(record, path), at: path, scratch: folder) else {
      throw fileSystem.fault("publish", path, EEXIST)
    }
    return Publication(record: record, isNew: true)
  }

  /// The lock of a line: one publisher at a time.
  func lockPath(of line: VersionLine) -> String {
    let name = "\(line.shelf.rawValue)-\(line.programme)-\(line.name)"
    // Two long names may not fit into one; a digest of both always does.
    return "\(production.locksFolder)/version-\(Digest.sha256(Array(name.utf8)))"
  }

  /// The folder of a version.
  package func folder(of version: some PublishedVersion) -> String {
    "\(version.line.folder(in: production))/\(VersionLine.folderName(version: version.version))"
  }

  /// Whether the files of a version are there and, by their stat, untouched.
  ///
  /// A hard link has the object's own stamp; of a copy only the size is known.
  package func isIntact(_ version: some PublishedVersion) -> Bool {
    version.files.allSatisfy { file in
      guard let facts = try? fileSystem.facts(version.path(of: file, in: production)), facts.isRegularFile,
        facts.byteCount == file.byteCount
      else { return false }
      return file.placement != .hardLink
        || facts.modifiedNanoseconds == ObjectStamp.nanoseconds(of: file.digest)
    }
  }

  /// Whether files that were placed as names of objects still are: of an object that was damaged and made again they
  /// name the damaged one.
  private func isOfObjects(_ version: some PublishedVersion) -> Bool {
    version.files.allSatisfy { file in
      guard file.placement == .hardLink else { return true }
      guard let published = try? fileSystem.facts(version.path(of: file, in: production)),
        let object = try? fileSystem.facts(store.path(of: file.digest))
      else { return false }
      return published.device == object.device && published.inode == object.inode
    }
  }

  /// Puts back files of a version that are missing or were changed, from their objects.
  private func restore(_ version: VersionRecord) throws(Diagnostic) {
    guard !isIntact(version) || !isOfObjects(version) else { return }
    let folder = "\(version.line.folder(in: production))/\(VersionLine.folderName(version: version.version))"
    for file in version.files {
      let path = version.path(of: file, in: production)
      if fileSystem.exists(path) { try fileSystem.remove(path) }
      let stem = version.line.fileName(version: version.version, fileExtension: "")
      _ = try place(
        PublishedFile(object: file.digest, fileExtension: String(file.name.dropFirst(stem.count))),
        in: folder,
        as: file.name)
    }
    try fileSystem.syncFolder(folder)
  }

  /// What makes two versions the same, whatever their numbers are.
  private struct Content: Hashable, Comparable {
    var fileExtension: String
    var digest: Digest

    static func < (left: Content, right: Content) -> Bool {
      (left.fileExtension, left.digest) < (right.fileExtension, right.digest)
    }
  }

  private func contents(of record: VersionRecord) -> [Content] {
    let stem = record.line.fileName(version: record.version, fileExtension: "")
    return record.files.map {
      Content(fileExtension: String($0.name.dropFirst(stem.count)), digest: $0.digest)
    }
    .sorted()
  }

  // MARK: Writing

  private func check(_ files: [PublishedFile], _ line: VersionLine) throws(Diagnostic) {
    try checkNames(line)
    var seen: Set<String> = []
    for file in files {
      try PortableName.check(file.fileExtension, as: "the type of a file of '\(line.name)'")
      // Names that differ in case only are one file on the disks these versions are copied to.
      guard seen.insert(file.fileExtension.lowercased()).inserted, file.fileExtension != "part" else {
        throw Diagnostic(
          family: .usage, code: "version.sameName",
          message: "two files of '\(line.name)' would have the name '\(line.name).\(file.fileExtension)'",
          remedy: "Give each file of a version its own extension, other than 'part'.")
      }
      let longest = line.fileName(version: 999_999, fileExtension: file.fileExtension)
      try PortableName.check(longest, as: "a file of '\(line.name)'")
      guard store.contains(file.object) else {
        throw Diagnostic(
          family: .verification, code: "version.objectMissing",
          message: "the object \(file.object) of '\(line.name)' is not in the store, or was damaged",
          remedy: "Run again: the task that makes it will run.")
      }
    }
  }

  func checkNames(_ line: VersionLine) throws(Diagnostic) {
    try PortableName.check(line.programme, as: "the programme")
    try PortableName.check(line.name, as: line.shelf == .asset ? "the asset" : "the deliverable")
  }

  private func place(
    _ file: PublishedFile, in folder: String, as name: String
  ) throws(Diagnostic) -> VersionRecord.File {
    let object = store.path(of: file.object)
    let target = "\(folder)/\(name)"
    guard let facts = try fileSystem.facts(object) else { throw fileSystem.fault("publish", object, ENOENT) }
    for placement in placements {
      let isPlaced: Bool
      switch placement {
      case .reflink: isPlaced = try clone(object, to: target, folder: folder)
      case .hardLink: isPlaced = try hardLink(object, to: target)
      case .copy:
        try copy(file.object, from: object, to: target, folder: folder)
        isPlaced = true
      }
      if isPlaced {
        return VersionRecord.File(
          name: name, digest: file.object, byteCount: facts.byteCount, placement: placement)
      }
    }
    throw fileSystem.fault("publish", target, EOPNOTSUPP)
  }

  private func hardLink(_ object: String, to target: String) throws(Diagnostic) -> Bool {
    let code = fileSystem.tryLink(object, to: target)
    switch code {
    case 0: return true
    // Another file system; another user's object (fs.protected_hardlinks); too many names; no hard links.
    case EXDEV, EPERM, EMLINK, EOPNOTSUPP, ENOSYS: return false
    default: throw fileSystem.fault("publish", target, code)
    }
  }

  private func clone(_ object: String, to target: String, folder: String) throws(Diagnostic) -> Bool {
    try withPart(for: target, in: folder) { (part) throws(Diagnostic) in
      let source = try OpenFile(object, O_RDONLY | O_NOFOLLOW, in: fileSystem)
      let file = try OpenFile(part, O_WRONLY | O_CREAT | O_EXCL, in: fileSystem)
      let code = file.clone(from: source)
      switch code {
      case 0: break
      case ENOSPC, EDQUOT, EIO: throw fileSystem.fault("publish", target, code)
      default: return false
      }
      try file.setMode(0o444)
      try file.sync()
      return true
    }
  }

  private func copy(
    _ digest: Digest, from object: String, to target: String, folder: String
  ) throws(Diagnostic) {
    _ = try withPart(for: target, in: folder) { (part) throws(Diagnostic) in
      let source = try OpenFile(object, O_RDONLY | O_NOFOLLOW, in: fileSystem)
      let file = try OpenFile(part, O_WRONLY | O_CREAT | O_EXCL, in: fileSystem)
      guard try file.copy(from: source) == digest else {
        throw Diagnostic(
          family: .verification, code: "version.objectDamaged",
          location: SourceLocation(file: fileSystem.relative(object)),
          message: "the object changed while it was copied, or is damaged",
          remedy: "Run 'interlock verify'.")
      }
      try file.setMode(0o444)
      try file.sync()
      return true
    }
  }

  /// Fills a `.part` file beside the target and, when `fill` says so, links it there.
  ///
  /// Beside the target because `Assets` and `Deliverables` may be on another disk than the attempts.
  private func withPart(
    for target: String, in folder: String, _ fill: (_ part: String) throws(Diagnostic) -> Bool
  ) throws(Diagnostic) -> Bool {
    let part = "\(folder)/\(ULID.next()).part"
    defer { fileSystem.discard(part) }
    guard try fill(part) else { return false }
    guard try fileSystem.link(part, to: target) else { throw fileSystem.fault("publish", target, EEXIST) }
    return true
  }

  private func encoded(_ record: VersionRecord, _ path: String) throws(Diagnostic) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(record)) + [UInt8(ascii: "\n")]
    } catch {
      throw Diagnostic(
        family: .failed, code: "version.notEncodable",
        location: SourceLocation(file: fileSystem.relative(path)),
        message: "the facts of this version cannot be written as JSON: \(error)")
    }
  }
}
