package import Diagnostics
package import Digests
import Glibc
package import TaskGraph

/// A digest over what the file system says of some files: equal as long as nobody has written, replaced, renamed or
/// touched any of them.
///
/// What was once found out by reading the files holds while their seal is the same. A disk that loses bits by itself
/// breaks no seal; `interlock verify` reads.
package struct FileSeal {
  private let fileSystem: FileSystem
  private var encoder = CanonicalEncoder(domain: "interlock.file-seal", version: 1)
  /// A file was there for every path that was added, and old enough.
  private var isWhole = true
  private let moment: Int64

  /// - Parameter moment: when reading the files began: what changed after that may not have been read.
  init(in fileSystem: FileSystem, asOf moment: WallClock) {
    self.fileSystem = fileSystem
    self.moment = moment.milliseconds
  }

  /// The seal; `nil` when a file is missing, or has changed so lately that another change might carry the same time.
  var digest: Digest? { isWhole ? encoder.digest() : nil }

  /// Adds a file, or a folder by itself: the names in it.
  mutating func add(_ path: String) throws(Diagnostic) {
    guard let facts = try fileSystem.facts(path) else {
      isWhole = false
      return
    }
    add(facts)
  }

  /// Adds the folder of a version: every file in it by name. Decisions about it are in a folder of their own.
  mutating func add(filesIn folder: String) throws(Diagnostic) {
    for name in try fileSystem.names(in: folder) {
      guard let facts = try fileSystem.facts("\(folder)/\(name)"), !facts.isFolder else { continue }
      encoder.append(name)
      add(facts)
    }
  }

  /// Adds whatever a path names, links followed, or that it names nothing; it may lie anywhere.
  private mutating func add(anywhere path: String) {
    encoder.append(path)
    for isFollowed in [false, true] {
      var raw = Glibc.stat()
      let found = isFollowed ? unsafe stat(path, &raw) : unsafe lstat(path, &raw)
      encoder.appendPresence(found == 0)
      if found == 0 { add(FileSystem.Facts(raw)) }
    }
  }

  /// The seal of whatever some paths name, or of there being nothing.
  ///
  /// - Parameter moment: when reading them began.
  package static func digest(of paths: [String], asOf moment: WallClock = .now()) -> Digest? {
    var seal = FileSeal(in: FileSystem(root: "/"), asOf: moment)
    for path in paths { seal.add(anywhere: path) }
    return seal.digest
  }

  private mutating func add(_ facts: FileSystem.Facts) {
    encoder.append(Int64(bitPattern: facts.device))
    encoder.append(Int64(bitPattern: facts.inode))
    encoder.append(facts.byteCount)
    encoder.append(facts.modifiedSeconds)
    encoder.append(facts.modifiedNanoseconds)
    encoder.append(facts.changedSeconds)
    encoder.append(facts.changedNanoseconds)
    // Kernels stamp files by a clock that ticks every few milliseconds, some file systems by whole seconds.
    let tick: Int64 = facts.changedNanoseconds == 0 ? 2_000 : 20
    if facts.changedSeconds * 1_000 + facts.changedNanoseconds / 1_000_000 + tick > moment { isWhole = false }
  }
}

extension ObjectStore {
  /// The seal of a published version and of the results that it was made from.
  ///
  /// - Parameter moment: when reading them began.
  package func seal(
    of version: Int, of line: VersionLine, makers: [TaskKey], asOf moment: WallClock = .now()
  ) throws(Diagnostic) -> Digest? {
    var seal = FileSeal(in: fileSystem, asOf: moment)
    for maker in makers { try seal.add(resultPath(of: maker)) }
    try seal.add(filesIn: "\(line.folder(in: production))/\(VersionLine.folderName(version: version))")
    return seal.digest
  }

  /// The seal of what says which versions of a line there are.
  package func seal(of line: VersionLine) throws(Diagnostic) -> Digest? {
    let folder = line.folder(in: production)
    var seal = FileSeal(in: fileSystem, asOf: .now())
    for name in try fileSystem.names(in: folder) where VersionLine.version(folderName: name) != nil {
      let record = "\(folder)/\(name)/version.json"
      // Without it the folder is no version.
      if fileSystem.exists(record) { try seal.add(record) }
    }
    return seal.digest
  }
}
