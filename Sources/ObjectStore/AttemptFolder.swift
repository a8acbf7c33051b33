package import Diagnostics
import Glibc

/// The folder of one try at a task, or at several small ones, `attempts/<id>/`: what it was told, its lock, its log and
/// its scratch files.
///
/// The id is a ULID, unique for all machines, which is what fences a late finisher off. `.part` files are made
/// in attempt folders only, so what a killed attempt left behind is found and swept with it.
package struct AttemptFolder: Hashable, Sendable {
  package let production: Production
  package let id: String

  package var path: String { "\(production.attemptsFolder)/\(id)" }
  package var taskFilePath: String { path + "/task.json" }
  /// Of an attempt at several tasks: their task files, one a line, in the order they are done.
  package var batchFilePath: String { path + "/tasks.jsonl" }
  package var lockPath: String { path + "/lock" }
  package var logPath: String { path + "/log.txt" }
  package var exitPath: String { path + "/exit.json" }

  private init(production: Production, id: String) {
    self.production = production
    self.id = id
  }

  /// Makes the folder of a new attempt.
  ///
  /// It is not synced: after a power failure there is no attempt to continue, and syncing costs a
  /// millisecond per attempt.
  package static func create(
    in production: Production, id: ULID = .next()
  ) throws(Diagnostic) -> AttemptFolder {
    let attempt = AttemptFolder(production: production, id: id.description)
    let files = production.fileSystem
    guard try files.createNewFolder(attempt.path, isDurable: false) else {
      throw files.fault("create the attempt", attempt.path, EEXIST)
    }
    return attempt
  }

  /// The folder of an existing attempt, `nil` when there is none of this id.
  package static func open(id: String, in production: Production) -> AttemptFolder? {
    guard ULID(id) != nil else { return nil }
    let attempt = AttemptFolder(production: production, id: id)
    return production.fileSystem.exists(attempt.path) ? attempt : nil
  }

  /// The attempt a task file belongs to.
  ///
  /// - Throws: `usage` when the file does not lie in an attempt's folder.
  package static func containing(taskFile: String) throws(Diagnostic) -> AttemptFolder {
    let production = try Production.containing(taskFile: taskFile)
    var folder = FileSystem.parent(of: taskFile)
    // `task.json` or `./task.json`, given from inside the folder: only the real path has its name.
    if let real = unsafe realpath(folder, nil) {
      folder = unsafe String(cString: real)
      unsafe free(real)
    }
    return AttemptFolder(production: production, id: FileSystem.lastName(of: folder))
  }

  /// Ids of all attempts that have a folder, oldest first.
  package static func ids(in production: Production) throws(Diagnostic) -> [String] {
    try production.fileSystem.names(in: production.attemptsFolder).filter { ULID($0) != nil }
  }

  /// Writes `task.json` whole, before the task is dispatched; not synced, as the folder.
  package func writeTask(_ bytes: [UInt8]) throws(Diagnostic) {
    try publish(bytes, at: taskFilePath, isDurable: false)
  }

  /// Writes the task files of several tasks, each with its line feed; as `writeTask`.
  package func writeBatch(_ taskFiles: [[UInt8]]) throws(Diagnostic) {
    try publish(Array(taskFiles.joined()), at: batchFilePath, isDurable: false)
  }

  /// Whether a path that lies in this folder names its batch.
  package func isBatch(_ taskFile: String) -> Bool {
    FileSystem.lastName(of: taskFile) == FileSystem.lastName(of: batchFilePath)
  }

  /// Whether it covers several tasks.
  package var isShared: Bool { production.fileSystem.exists(batchFilePath) }

  /// Everything the attempt was told: the task files of its tasks, none when nothing was written.
  package func taskFiles() throws(Diagnostic) -> [[UInt8]] {
    let files = production.fileSystem
    if let task = try files.read(taskFilePath) { return [task.bytes] }
    let batch = try files.read(batchFilePath)?.bytes ?? []
    return batch.split(separator: UInt8(ascii: "\n")).map(Array.init)
  }

  /// Writes `exit.json` whole, when the attempt has ended.
  ///
  /// - Parameter isDurable: for attempts that others judge by this file; where the coordinator has heard the end, it
  ///   is only for people.
  package func writeExit(_ bytes: [UInt8], isDurable: Bool = true) throws(Diagnostic) {
    try publish(bytes, at: exitPath, isDurable: isDurable)
  }

  private func publish(_ bytes: [UInt8], at path: String, isDurable: Bool) throws(Diagnostic) {
    let files = production.fileSystem
    let isFirst = try files.publish(bytes, at: path, scratch: self.path, mode: 0o644, isDurable: isDurable)
    if !isFirst { throw files.fault("write", path, EEXIST) }
  }

  /// Takes the lock that shows the attempt is alive, if nobody holds it.
  package func tryLock() throws(Diagnostic) -> FileLock.State {
    try FileLock.tryLock(lockPath, in: production.fileSystem)
  }

  /// Removes the `.part` files and folders of a dead attempt; hold its lock while calling.
  ///
  /// - Returns: how many files, and their size in bytes.
  @discardableResult
  package func sweepParts() throws(Diagnostic) -> (count: Int, byteCount: Int64) {
    let files = production.fileSystem
    var swept = (count: 0, byteCount: Int64(0))
    for name in try files.names(in: path) where name.hasSuffix(".part") {
      let part = "\(path)/\(name)"
      guard let facts = try files.facts(part), facts.isRegularFile || facts.isFolder else { continue }
      if facts.isFolder {
        let inside = try files.removeTree(part)
        swept.count += inside.count
        swept.byteCount += inside.byteCount
        continue
      }
      try files.remove(part)
      swept.count += 1
      swept.byteCount += facts.byteCount
    }
    return swept
  }

  /// Removes the folder with all its files; for attempts whose story nobody needs any more.
  package func remove() throws(Diagnostic) {
    let files = production.fileSystem
    try files.removeTree(path)
  }
}
