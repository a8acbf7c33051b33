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
    let lockName = "\(line.shelf.rawValue)-\(line.programme)-\(line.name)"
    // Two long names may not fit into one; a digest of both always does.
    let lock = try FileLock.lock(
      "\(production.locksFolder)/version-\(Digest.sha256(Array(lockName.utf8)))", in: fileSystem)
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

  /// The versions of a line in order, and what is wrong with those that cannot be read.
  package func versions(
    of line: VersionLine
  ) throws(Diagnostic) -> (versions: [VersionRecord], findings: [Diagnostic]) {
    try checkNames(line)
    var versions: [VersionRecord] = []
    var findings: [Diagnostic] = []
    for number in try numbers(in: line.folder(in: production)) {
      switch try record(number, of: line) {
      case .none: continue
      case .good(let record): versions.append(record)
      case .bad(let finding): findings.append(finding)
      }
    }
    return (versions, findings)
  }

  /// Whether a line has any folder of a version.
  package func hasVersions(_ line: VersionLine) -> Bool {
    (try? numbers(in: line.folder(in: production)).isEmpty) == false
  }

  /// What is wrong with the versions of a line that cannot be read.
  package func findings(of line: VersionLine) throws(Diagnostic) -> [Diagnostic] {
    try checkNames(line)
    var findings: [Diagnostic] = []
    for number in try numbers(in: line.folder(in: production)) {
      if case .bad(let finding) = try head(number, of: line) { findings.append(finding) }
    }
    return findings
  }

  /// The newest version of a line that can be read and is what is looked for.
  package func newest(
    of line: VersionLine, where isWanted: (VersionHead) -> Bool = { _ in true }
  ) throws(Diagnostic) -> VersionHead? {
    try checkNames(line)
    for number in try numbers(in: line.folder(in: production)).reversed() {
      if case .good(let head) = try head(number, of: line), isWanted(head) { return head }
    }
    return nil
  }

  /// One version; `nil` when it cannot be read.
  package func version(_ number: Int, of line: VersionLine) throws(Diagnostic) -> VersionRecord? {
    if case .good(let record) = try record(number, of: line) { record } else { nil }
  }

  /// The numbers of a line that have a folder, in order.
  package func numbers(of line: VersionLine) throws(Diagnostic) -> [Int] {
    try checkNames(line)
    return try numbers(in: line.folder(in: production))
  }

  /// One version in few words; `nil` when it cannot be read.
  package func head(of number: Int, in line: VersionLine) throws(Diagnostic) -> VersionHead? {
    if case .good(let head) = try head(number, of: line) { head } else { nil }
  }

  /// One version with its evidence; `nil` when it cannot be read.
  package func checked(_ number: Int, of line: VersionLine) throws(Diagnostic) -> CheckedVersion? {
    let reading: Reading<CheckedVersion> = try read(number, of: line) { bytes throws(Diagnostic) in
      Self.decoded(bytes, as: CheckedVersion.self)
    }
    if case .good(let version) = reading { return version }
    return nil
  }

  /// The facts of a version as a type that encodes to them; nil where it has none such.
  ///
  /// Of the rest of its record nothing is decoded or kept: that of a long programme takes a hundred megabytes.
  package func facts<Facts: Decodable>(
    of version: some PublishedVersion, as type: Facts.Type
  ) throws(Diagnostic) -> Facts? {
    guard let (bytes, _) = try fileSystem.read("\(folder(of: version))/\(Self.recordName)") else {
      return nil
    }
    return Self.decoded(bytes, as: FactsOnly<Facts>.self)?.facts
  }

  private struct FactsOnly<Facts: Decodable>: Decodable { var facts: Facts }

  /// All lines that have a folder, in order of their names.
  package func lines() throws(Diagnostic) -> [VersionLine] {
    var lines: [VersionLine] = []
    for (shelf, folder) in [
      (VersionLine.Shelf.asset, production.assetsFolder), (.deliverable, production.deliverablesFolder),
    ] {
      for programme in try folders(in: folder) {
        for name in try folders(in: "\(folder)/\(programme)") {
          lines.append(VersionLine(shelf, programme: programme, name: name))
        }
      }
    }
    return lines
  }

  /// Removes what killed publishers left in every line.
  ///
  /// - Returns: folders that were cleaned, relative to the production.
  package func sweepUnfinished() throws(Diagnostic) -> [String] {
    var cleaned: [String] = []
    for line in try lines() where try !numbers(in: line.folder(in: production)).isEmpty {
      let lockName = "\(line.shelf.rawValue)-\(line.programme)-\(line.name)"
      let path = "\(production.locksFolder)/version-\(Digest.sha256(Array(lockName.utf8)))"
      guard case .acquired(let lock) = try FileLock.tryLock(path, in: fileSystem) else { continue }
      cleaned += try survey(line).cleaned.map(fileSystem.relative)
      withExtendedLifetime(lock) {}
    }
    return cleaned
  }

  // MARK: Reading

  private static let recordName = "version.json"

  private struct Schema: Codable { var schema: Int }

  private enum Reading<Version> {
    case none
    case good(Version)
    case bad(Diagnostic)
  }

  private func record(_ number: Int, of line: VersionLine) throws(Diagnostic) -> Reading<VersionRecord> {
    try read(number, of: line) { bytes throws(Diagnostic) in
      let digest = Digest.sha256(bytes)
      if let known = RecordCache.record(of: digest) { return known }
      guard let record = Self.decoded(bytes, as: VersionRecord.self) else { return nil }
      RecordCache.keep(record, byteCount: bytes.count, of: digest)
      return record
    }
  }

  private func head(_ number: Int, of line: VersionLine) throws(Diagnostic) -> Reading<VersionHead> {
    try read(number, of: line) { bytes throws(Diagnostic) in Self.decoded(bytes, as: VersionHead.self) }
  }

  private static func decoded<Version: Decodable>(_ bytes: [UInt8], as type: Version.Type) -> Version? {
    try? JSONDecoder().decode(type, from: Data(bytes))
  }

  /// - Parameter decode: nil for bytes that are not a whole version file.
  private func read<Version: PublishedVersion>(
    _ number: Int, of line: VersionLine, _ decode: ([UInt8]) throws(Diagnostic) -> Version?
  ) throws(Diagnostic) -> Reading<Version> {
    let folder = "\(line.folder(in: production))/\(VersionLine.folderName(version: number))"
    let path = "\(folder)/\(Self.recordName)"
    guard let (bytes, _) = try fileSystem.read(path) else { return .none }
    func bad(_ message: String) -> Reading<Version> {
      .bad(
        Diagnostic(
          family: .verification, code: "version.unreadable",
          location: SourceLocation(file: fileSystem.relative(path)), message: message,
          remedy: "Restore the file from a backup; the number is not used again meanwhile."))
    }
    guard let version = try decode(bytes), version.schema <= versionSchema else {
      guard let schema = Self.decoded(bytes, as: Schema.self)?.schema else {
        return bad("this is not a version file")
      }
      guard schema <= versionSchema else {
        return bad("the version file has schema \(schema), this program reads up to \(versionSchema)")
      }
      return bad("this is not a complete version file")
    }
    guard version.version == number, version.line == line else {
      return bad("the file describes \(version.line.name) v\(padded(version.version, 3)), not this version")
    }
    return .good(version)
  }

  /// Version files never change and are asked for again and again: each is decoded once, as long as it is among those
  /// asked for lately.
  ///
  /// Two generations: what nobody asked for while one was filled goes with it.
  private struct RecordCache {
    private static let shared = Mutex(RecordCache())
    /// Bytes of version files in one generation; decoded they take some times as much.
    private static let largestGeneration = 8 << 20

    private var young: [Digest: (record: VersionRecord, byteCount: Int)] = [:]
    private var old: [Digest: (record: VersionRecord, byteCount: Int)] = [:]
    private var youngBytes = 0

    static func record(of digest: Digest) -> VersionRecord? {
      shared.withLock { cache in
        if let known = cache.young[digest] { return known.record }
        guard let known = cache.old.removeValue(forKey: digest) else { return nil }
        cache.keep(known, of: digest)
        return known.record
      }
    }

    static func keep(_ record: VersionRecord, byteCount: Int, of digest: Digest) {
      shared.withLock { $0.keep((record, byteCount), of: digest) }
    }

    private mutating func keep(_ entry: (record: VersionRecord, byteCount: Int), of digest: Digest) {
      if youngBytes + entry.byteCount > Self.largestGeneration, !young.isEmpty {
        (old, young, youngBytes) = (young, [:], 0)
      }
      if young.updateValue(entry, forKey: digest) == nil { youngBytes += entry.byteCount }
    }
  }

  private func numbers(in folder: String) throws(Diagnostic) -> [Int] {
    try fileSystem.names(in: folder).compactMap { VersionLine.version(folderName: $0) }.sorted()
  }

  private func folders(in folder: String) throws(Diagnostic) -> [String] {
    var names: [String] = []
    for name in try fileSystem.names(in: folder) where PortableName.isValid(name) {
      if let facts = try fileSystem.facts("\(folder)/\(name)"), facts.isFolder { names.append(name) }
    }
    return names
  }

  private struct Survey {
    var versions: [VersionRecord] = []
    /// Numbers that cannot be given to a new version.
    var occupied: [Int] = []
    /// Folders of killed publishers, emptied.
    var cleaned: [String] = []
  }

  /// Reads a line and empties what killed publishers left; only under the line's lock.
  private func survey(_ line: VersionLine) throws(Diagnostic) -> Survey {
    var survey = Survey()
    for number in try numbers(in: line.folder(in: production)) {
      switch try record(number, of: line) {
      case .good(let record):
        survey.versions.append(record)
        survey.occupied.append(number)
        try sweepParts("\(line.folder(in: production))/\(VersionLine.folderName(version: number))")
      case .bad:
        survey.occupied.append(number)
      case .none:
        let folder = "\(line.folder(in: production))/\(VersionLine.folderName(version: number))"
        if try clean(folder, of: line, version: number) {
          survey.cleaned.append(folder)
        } else {
          survey.occupied.append(number)
        }
      }
    }
    return survey
  }

  /// Removes what is left when a publisher was killed after linking `version.json`, before removing its part.
  ///
  /// A decision that was being written is none, and its part is older than any that could be written now: those
  /// of people who decide at this moment are a minute old at most.
  private func sweepParts(_ folder: String) throws(Diagnostic) {
    for name in try fileSystem.names(in: folder) where name.hasSuffix(".part") {
      try fileSystem.remove("\(folder)/\(name)")
    }
    let decisions = "\(folder)/decisions"
    for name in try fileSystem.names(in: decisions) where name.hasSuffix(".part") {
      let made = ULID(name.dropLast(5))?.time.milliseconds ?? 0
      if WallClock.now().milliseconds - made > 60_000 { try fileSystem.remove("\(decisions)/\(name)") }
    }
  }

  /// Removes our own files from an unfinished version and, when nothing else is in it, the folder.
  ///
  /// - Returns: `false` when somebody else's files are in it: then it is left alone for good.
  private func clean(_ folder: String, of line: VersionLine, version: Int) throws(Diagnostic) -> Bool {
    let names = try fileSystem.names(in: folder)
    let ours = line.fileName(version: version, fileExtension: "")
    guard names.allSatisfy({ $0.hasPrefix(ours) || $0.hasSuffix(".part") }) else { return false }
    for name in names { try fileSystem.remove("\(folder)/\(name)") }
    try fileSystem.removeFolder(folder)
    return true
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

  private func checkNames(_ line: VersionLine) throws(Diagnostic) {
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
