import Diagnostics
import Glibc

/// Makes many small files durable together, where the file system can.
///
/// One `fsync` for each costs milliseconds on a busy disk, as each of them waits for the journal; `syncfs(2)` waits
/// once for everything. It is used on local file systems, where it fails when any file could not be written since
/// the folder was opened (Linux 5.8); elsewhere every file is synced by itself.
struct DurabilityBarrier: ~Copyable {
  private let fileSystem: FileSystem
  private let folder: OpenFile?

  /// - Parameter path: an existing folder, opened before anything is written that is waited for.
  init(around path: String, in fileSystem: FileSystem) throws(Diagnostic) {
    self.fileSystem = fileSystem
    let isUsable = Self.syncfs != nil && Self.localTypes.contains(fileSystem.storage(at: path).type)
    folder = isUsable ? try OpenFile(path, O_RDONLY | O_DIRECTORY, in: fileSystem) : nil
  }

  /// Returns when the contents of files, or the names in folders, are durable.
  borrowing func wait(files: [String] = [], folders: Set<String> = []) throws(Diagnostic) {
    guard !files.isEmpty || !folders.isEmpty else { return }
    if let syncfs = Self.syncfs, folder != nil {
      try folder?.syncFileSystem(syncfs)
      return
    }
    for path in files {
      let file = try OpenFile(path, O_RDONLY, in: fileSystem)
      try file.sync()
    }
    for path in folders { try fileSystem.syncFolder(path) }
  }

  private static let localTypes: Set<String> = ["btrfs", "ext4", "tmpfs", "xfs"]

  /// The call, where it tells of failures; Swift's Glibc lacks it, as it is an extension of GNU.
  private static let syncfs: (@convention(c) (Int32) -> Int32)? = {
    guard reportsFailures, let symbol = unsafe dlsym(nil, "syncfs") else { return nil }
    return unsafe unsafeBitCast(symbol, to: (@convention(c) (Int32) -> Int32).self)
  }()

  private static var reportsFailures: Bool {
    var system = utsname()
    guard unsafe uname(&system) == 0 else { return false }
    let release = unsafe withUnsafeBytes(of: &system.release) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    let numbers = release.split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) }
    return numbers.count == 2 && (numbers[0], numbers[1]) >= (5, 8)
  }
}
