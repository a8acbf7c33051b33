import Diagnostics
import Digests
import FoundationEssentials
import ObjectStore
import TaskGraph

/// Task files as they come to a worker: in an attempt's folder, or from a job that was exported, where every run of a file
/// is an attempt of its own.
enum ForeignTask {
  enum Opened {
    case attempt(AttemptFolder)
    /// The result is there; no attempt is needed to see that.
    case done(TaskFileHead)
  }

  static func open(_ order: AttemptRunner.Order) throws -> Opened {
    guard let path = order.production else { return .attempt(try .containing(taskFile: order.taskFile)) }
    let production = try seen(at: path)
    if let own = try? AttemptFolder.containing(taskFile: order.taskFile), own.production == production {
      return .attempt(own)
    }
    let bytes = try bytes(of: order.taskFile)
    let head = try TaskFileHead(file: bytes, path: order.taskFile)
    let interpreter = try InterpreterRegistry.interpreter(for: head)
    let store = ObjectStore(production)
    if interpreter.isAnsweredByResult, try store.storedResult(head.key) != nil { return .done(head) }
    let folder = try AttemptFolder.create(in: production)
    try folder.writeTask(naming(folder.id, in: bytes))
    return .attempt(folder)
  }

  /// Made by whoever wrote the job. A machine that does not see it would do the work into a folder of its own, and nobody
  /// would find it.
  private static func seen(at path: String) throws -> Production {
    let isThere = FileSystem(root: path).exists(path + "/.interlock")
    guard isThere else {
      throw Diagnostic(
        family: .transient, code: "production.notSeen", location: SourceLocation(file: path),
        message: "this machine sees no production there",
        remedy:
          "Mount its disk, or correct the folder, which is the --production that the job was exported with.")
    }
    return try Production.create(at: path)
  }

  /// What a task file says of itself; nil when there is none or it says nothing that can be read.
  static func head(_ path: String) -> TaskFileHead? {
    try? TaskFileHead(file: bytes(of: path), path: path)
  }

  private static func bytes(of path: String) throws -> [UInt8] {
    let files = FileSystem(root: FileSystem.parent(of: path))
    guard let file = try files.read(path) else {
      throw Diagnostic.noTaskFile(path)
    }
    return file.bytes
  }

  /// An exported file leaves the name of its attempt open.
  private static func naming(_ attempt: String, in bytes: [UInt8]) -> [UInt8] {
    let open = Array("{\"attempt\":\"\"".utf8)
    guard bytes.starts(with: open) else { return bytes }
    return Array("{\"attempt\":\"\(attempt)\"".utf8) + bytes.dropFirst(open.count)
  }
}
