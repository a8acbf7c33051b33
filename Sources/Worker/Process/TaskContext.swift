import Diagnostics
import Digests
import Glibc
import ObjectStore
import Synchronization
import TaskGraph
import TaskKinds

/// What a running task may use: the store, its attempt's folder for scratch files, and someone to report to.
struct TaskContext {
  let store: ObjectStore
  let attempt: AttemptFolder
  let log: AttemptLog
  let reporter: any Reporter
  let notes = AttemptNotes()
  let usage: AttemptUsage
  let clock: WorkClock
  /// Of an attempt at several tasks: what is published together.
  var group: CommitGroup?
  /// Which frames of the task are asked for, from 1; nil for all.
  var frames: NumberRanges?

  /// A scratch file of this attempt. Its name says that it is unfinished; it is swept with a dead attempt.
  func part(_ name: String) -> String { "\(attempt.path)/\(name).part" }

  /// Makes a finished scratch file an object: at once, or with the result that refers to it. Not for what the task itself
  /// reads again.
  func keep(partFile: String, name: String) throws -> ObjectReference {
    if let group { return try group.add(partFile: partFile, name: name) }
    return try store.commitObject(partFile: partFile, name: name)
  }

  /// Makes bytes an object; as `keep(partFile:name:)`.
  func keep(bytes: [UInt8], name: String) throws -> ObjectReference {
    if let group { return try group.add(bytes: bytes, name: name) }
    return try store.commitObject(bytes: bytes, name: name, scratch: attempt.path)
  }

  /// Publishes the result of the task itself.
  ///
  /// - Returns: whether this attempt was the first with it; nil when it is published with those of others.
  func finish<Output: Codable & Sendable>(
    _ key: TaskKey, kind: String, version: Int, output: Output, objects: [ObjectReference]
  ) throws -> Bool? {
    guard let group else {
      return try commit(key, kind: kind, version: version, output: output, objects: objects)
    }
    try group.add(record(key, kind: kind, version: version, output: output, objects: objects))
    usage.writtenBytes.add(objects.reduce(0) { $0 + $1.byteCount }, ordering: .relaxed)
    return nil
  }

  /// Publishes the result of a step of this task under its own key.
  ///
  /// - Returns: false when another attempt was first.
  func commit<Output: Codable & Sendable>(
    _ key: TaskKey, kind: String, version: Int, output: Output, objects: [ObjectReference]
  ) throws -> Bool {
    let record = record(key, kind: kind, version: version, output: output, objects: objects)
    let isFirst = try store.commitResult(record, scratch: attempt.path)
    if isFirst { usage.writtenBytes.add(objects.reduce(0) { $0 + $1.byteCount }, ordering: .relaxed) }
    return isFirst
  }

  /// The result of a step of this task, as this attempt makes it.
  func record<Output: Codable & Sendable>(
    _ key: TaskKey, kind: String, version: Int, output: Output, objects: [ObjectReference]
  ) -> ResultRecord<Output> {
    ResultRecord(
      key: key, kind: kind, version: version, output: output, objects: objects, attempt: attempt.id,
      tool: WorkerIdentity.tool)
  }
}

/// What is worth telling of an attempt even if it succeeds, e.g. that a program left a daemon behind.
final class AttemptNotes {
  private(set) var diagnostics: [Diagnostic] = []

  func add(_ diagnostic: Diagnostic) { diagnostics.append(diagnostic) }
}

/// `log.txt` of an attempt: what it did and when, of a long story the first and the last part.
final class AttemptLog {
  /// None when it cannot be opened: the log is for people, and no reason to fail.
  private let file: CappedLog?

  /// - Parameter isSection: whether what others have written there stays as it is, however long this one's story is.
  init(path: String, isSection: Bool = false) {
    file = try? CappedLog(
      path: path, isSection: isSection, in: FileSystem(root: FileSystem.parent(of: path)))
  }

  /// Appends a line that starts with the wall-clock time in seconds.
  func write(_ text: String) {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    let fraction = String(now.tv_nsec / 1000 + 1_000_000).dropFirst()
    file?.write("\(now.tv_sec).\(fraction) \(text)\n".utf8)
  }
}
