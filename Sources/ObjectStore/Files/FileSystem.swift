package import Diagnostics
import Glibc

/// The file operations of one production, with the guarantees the store is built on.
///
/// Every call restarts after a signal (`EINTR`), opens with `O_CLOEXEC`, and turns a failure into a
/// `Diagnostic` that names the path relative to the production. Nothing here replaces an existing file:
/// `link(2)` is the one way a file gets its final name, because it fails when the name is taken, on local
/// disks and on NFS alike. The calls block; keep them off the cooperative thread pool.
package struct FileSystem: Sendable {
  /// Absolute path that messages are relative to, without a slash at the end.
  package let root: String
  private let faults: (any FileFaults)?

  /// Faults for every file system that a test makes while this is bound; nobody else binds it.
  @TaskLocal package static var injected: (any FileFaults)?

  package init(root: String) {
    self.root = root
    faults = Self.injected
  }

  /// Makes one call that changes the disk, again after a signal.
  ///
  /// - Returns: 0, or the `errno`.
  func perform(_ operation: FileOperation, _ path: String, _ call: () -> Int32) -> Int32 {
    if let fault = fault(in: operation, on: path) { return fault.code }
    while call() < 0 {
      let code = errno
      if code != EINTR { return code }
    }
    return 0
  }

  /// How a test wants an operation to fail; always `nil` outside tests.
  func fault(in operation: FileOperation, on path: String) -> FileFault? {
    faults?.fault(in: operation, on: path)
  }

  /// What `stat(2)` says about a path; links are not followed.
  package struct Facts: Hashable, Sendable {
    package var device: UInt64
    package var inode: UInt64
    package var byteCount: Int64
    package var mode: UInt32
    package var modifiedSeconds: Int64
    package var modifiedNanoseconds: Int64
    /// When anything about it changed last: contents, names, mode. Nobody can set it back.
    package var changedSeconds: Int64
    package var changedNanoseconds: Int64
    /// How many names it has.
    package var linkCount: UInt64
    /// Bytes on the disk, which a sparse or compressed file has less of than its size.
    package var allocatedBytes: Int64

    package var isRegularFile: Bool { mode & S_IFMT == S_IFREG }
    package var isFolder: Bool { mode & S_IFMT == S_IFDIR }

    init(_ raw: stat) {
      device = UInt64(raw.st_dev)
      inode = UInt64(raw.st_ino)
      byteCount = Int64(raw.st_size)
      mode = raw.st_mode
      modifiedSeconds = Int64(raw.st_mtim.tv_sec)
      modifiedNanoseconds = Int64(raw.st_mtim.tv_nsec)
      changedSeconds = Int64(raw.st_ctim.tv_sec)
      changedNanoseconds = Int64(raw.st_ctim.tv_nsec)
      linkCount = UInt64(raw.st_nlink)
      allocatedBytes = Int64(raw.st_blocks) * 512
    }

    /// When its contents changed last.
    package var modified: WallClock {
      WallClock(milliseconds: modifiedSeconds * 1_000 + modifiedNanoseconds / 1_000_000)
    }

    /// Whether two facts are about one file, whatever its names are.
    package func isSameFile(as other: Facts) -> Bool {
      device == other.device && inode == other.inode
    }
  }

  // MARK: Looking

  /// What a path names, `nil` when nothing is there.
  package func facts(_ path: String) throws(Diagnostic) -> Facts? {
    var raw = stat()
    if unsafe lstat(path, &raw) == 0 { return Facts(raw) }
    let code = errno
    if code == ENOENT || code == ENOTDIR { return nil }
    throw fault("inspect", path, code)
  }

  /// Whether a path names something; `false` too when that cannot be found out.
  package func exists(_ path: String) -> Bool {
    unsafe faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0
  }

  /// Names in a folder, sorted, without `.` and `..`; empty when the folder does not exist.
  package func names(in folder: String) throws(Diagnostic) -> [String] {
    guard let stream = unsafe opendir(folder) else {
      let code = errno
      if code == ENOENT { return [] }
      throw fault("list", folder, code)
    }
    defer { _ = unsafe closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else {
        let code = errno
        if code == 0 { return names.sorted() }
        throw fault("list", folder, code)
      }
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
  }

  // MARK: Folders

  /// Makes a folder and those above it, each made durable in the folder that holds it.
  package func createFolder(_ path: String) throws(Diagnostic) {
    if try makeFolder(path) != .parentMissing { return }
    try createFolder(Self.parent(of: path))
    if try makeFolder(path) == .parentMissing { throw fault("create folder", path, ENOENT) }
  }

  /// Makes a folder in an existing one.
  ///
  /// - Parameter isDurable: `false` skips the syncing: after a power failure the folder may be gone.
  /// - Returns: `false` when a folder of this name was there.
  package func createNewFolder(_ path: String, isDurable: Bool = true) throws(Diagnostic) -> Bool {
    switch try makeFolder(path, isDurable: isDurable) {
    case .made: true
    case .wasThere: false
    case .parentMissing: throw fault("create folder", path, ENOENT)
    }
  }

  private enum FolderOutcome { case made, wasThere, parentMissing }

  private func makeFolder(_ path: String, isDurable: Bool = true) throws(Diagnostic) -> FolderOutcome {
    let code = perform(.makeFolder, path) { unsafe mkdir(path, 0o777) }
    switch code {
    case 0:
      if isDurable { try syncFolder(Self.parent(of: path)) }
      return .made
    case EEXIST:
      var raw = stat()
      // A folder may stand behind a symbolic link: `Deliverables` on another disk is usual.
      guard unsafe stat(path, &raw) == 0, raw.st_mode & S_IFMT == S_IFDIR else {
        throw fault("create folder", path, ENOTDIR)
      }
      return .wasThere
    case ENOENT: return .parentMissing
    default: throw fault("create folder", path, code)
    }
  }

  /// Removes an empty folder; one that is not there is no error.
  package func removeFolder(_ path: String) throws(Diagnostic) {
    let code = perform(.removeFolder, path) { unsafe rmdir(path) }
    if code != 0, code != ENOENT { throw fault("remove", path, code) }
  }

  /// Makes the names in a folder durable.
  package func syncFolder(_ path: String) throws(Diagnostic) {
    let folder = try OpenFile(path, O_RDONLY | O_DIRECTORY, in: self)
    try folder.sync()
  }

  // MARK: Whole files

  /// All bytes of a regular file and the facts of the file that was read; `nil` when nothing is there.
  package func read(_ path: String) throws(Diagnostic) -> (bytes: [UInt8], facts: Facts)? {
    guard exists(path) else { return nil }
    let file: OpenFile
    do {
      file = try OpenFile(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, in: self)
    } catch {
      // It may have been moved away between the two calls.
      if exists(path) { throw error }
      return nil
    }
    let facts = try file.facts()
    guard facts.isRegularFile else { throw fault("read", path, facts.isFolder ? EISDIR : EINVAL) }
    return (try file.readAll(), facts)
  }

  /// Writes a new file: created exclusively, and durable on return when `isDurable`.
  ///
  /// Its name is not durable before `syncFolder`. A file that could not be written whole is removed.
  package func writeNew(
    _ bytes: [UInt8], at path: String, mode: UInt32 = 0o666, isDurable: Bool = true
  ) throws(Diagnostic) {
    let file = try OpenFile(path, O_WRONLY | O_CREAT | O_EXCL, mode: mode, in: self)
    do {
      try file.write(bytes)
      if isDurable { try file.sync() }
    } catch {
      discard(path)
      throw error
    }
  }

  /// Gives complete bytes a final name that must be free: written as `.part`, synced, linked.
  ///
  /// - Parameters:
  ///   - scratch: folder for the `.part` file, on the same file system.
  ///   - isDurable: `false` skips all syncing: after a power failure the file may be empty.
  /// - Returns: `false` when the name was taken; then nothing changed.
  package func publish(
    _ bytes: [UInt8], at path: String, scratch: String, mode: UInt32 = 0o444, isDurable: Bool = true
  ) throws(Diagnostic) -> Bool {
    let part = "\(scratch)/\(ULID.next()).part"
    try writeNew(bytes, at: part, isDurable: false)
    defer { discard(part) }
    let file = try OpenFile(part, O_RDONLY, in: self)
    try file.setMode(mode)
    if isDurable { try file.sync() }
    let isFirst = try link(part, to: path)
    if isDurable { try syncFolder(Self.parent(of: path)) }
    return isFirst
  }

  // MARK: Names

  /// Gives a file one more name.
  ///
  /// - Returns: `false` when the name is taken by another file.
  package func link(_ existing: String, to path: String) throws(Diagnostic) -> Bool {
    let code = tryLink(existing, to: path)
    switch code {
    case 0: return true
    case EEXIST: return false
    default: throw fault("link", path, code)
    }
  }

  /// As `link`, with the `errno` instead of an error: 0, `EEXIST`, or why this file system cannot.
  func tryLink(_ existing: String, to path: String) -> Int32 {
    let code = perform(.link, path) { unsafe Glibc.link(existing, path) }
    // An NFS client that repeats a lost request sees the name it has just made itself.
    if code == EEXIST {
      var ours = stat()
      var theirs = stat()
      if unsafe lstat(existing, &ours) == 0, unsafe lstat(path, &theirs) == 0,
        Facts(ours).isSameFile(as: Facts(theirs))
      {
        return 0
      }
    }
    return code
  }

  /// Removes a file; one that is not there is no error.
  package func remove(_ path: String) throws(Diagnostic) {
    let code = perform(.remove, path) { unsafe unlink(path) }
    if code != 0, code != ENOENT { throw fault("remove", path, code) }
  }

  /// Removes a scratch file of ours on a way that ends anyway; what cannot be removed is swept later.
  func discard(_ path: String) {
    _ = perform(.remove, path) { unsafe unlink(path) }
  }

  /// Moves a file aside.
  ///
  /// - Returns: `false` when it was not there any more.
  package func move(_ path: String, to target: String) throws(Diagnostic) -> Bool {
    let code = perform(.move, path) { unsafe rename(path, target) }
    if code == 0 { return true }
    if code == ENOENT, !exists(path) { return false }
    throw fault("move", path, code)
  }

  /// The folder that holds a path, by its text.
  package static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The part of a path after its last slash.
  package static func lastName(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return path }
    return String(path[path.index(after: slash)...])
  }
}
