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
    let production = try Production.create(at: path)
    if let own = try? AttemptFolder.containing(taskFile: order.taskFile), own.production == production {
      return .attempt(own)
    }
    let bytes = try bytes(of: order.taskFile)
    let (head, interpreter) = try interpreter(of: bytes, path: order.taskFile)
    let store = ObjectStore(production)
    if interpreter.isAnsweredByResult, try store.storedResult(head.key) != nil { return .done(head) }
    let folder = try AttemptFolder.create(in: production)
    try folder.writeTask(naming(folder.id, in: bytes))
    return .attempt(folder)
  }

  /// What a task file says of itself; nil when there is none or it says nothing that can be read.
  static func head(_ path: String) -> TaskFileHead? {
    (try? bytes(of: path)).flatMap { try? JSONDecoder().decode(TaskFileHead.self, from: Data($0)) }
  }

  /// Who does the task of a file.
  ///
  /// - Parameter found: told the key as soon as it is known.
  /// - Throws: `WorkerFailure` with exit code 2 for what is no task file, or one of another build.
  static func interpreter(
    of bytes: [UInt8], path: String, found: (TaskKey) -> Void = { _ in }
  ) throws -> (TaskFileHead, any TaskInterpreter.Type) {
    let head: TaskFileHead
    do {
      head = try JSONDecoder().decode(TaskFileHead.self, from: Data(bytes))
    } catch {
      throw refused("task.unreadable", "\(path) is not a task file: \(error)")
    }
    found(head.key)
    guard head.schema == taskFileSchema, let interpreter = InterpreterRegistry.interpreter(for: head.kind),
      interpreter.version == head.version
    else {
      throw refused(
        "task.otherVersion",
        "this worker does not know \(head.kind) tasks of version \(head.version) (file schema \(head.schema))",
        remedy: "Run coordinator and workers of one build.")
    }
    try checkTools(head)
    return (head, interpreter)
  }

  /// Other libraries make other bytes, and the key says which libraries they are of.
  private static func checkTools(_ head: TaskFileHead) throws {
    guard let wanted = head.tools else { return }
    let others = wanted.filter { WorkerIdentity.tool($0.key) != $0.value }.sorted { $0.key < $1.key }
    guard let first = others.first else { return }
    let here = WorkerIdentity.tool(first.key) ?? "nothing of it"
    throw refused(
      "worker.otherBuild", "the task is to be made with \(first.value), and this machine has \(here)",
      remedy:
        "Install on this machine what is on the one that planned, or export the job again on one like this.")
  }

  private static func bytes(of path: String) throws -> [UInt8] {
    let files = FileSystem(root: FileSystem.parent(of: path))
    guard let file = try files.read(path) else {
      throw refused("task.missing", "there is no task file \(path)")
    }
    return file.bytes
  }

  /// An exported file leaves the name of its attempt open.
  private static func naming(_ attempt: String, in bytes: [UInt8]) -> [UInt8] {
    let open = Array("{\"attempt\":\"\"".utf8)
    guard bytes.starts(with: open) else { return bytes }
    return Array("{\"attempt\":\"\(attempt)\"".utf8) + bytes.dropFirst(open.count)
  }

  private static func refused(_ code: String, _ message: String, remedy: String? = nil) -> WorkerFailure {
    WorkerFailure(
      exit: 2, failure: .user,
      diagnostics: [Diagnostic(family: .usage, code: code, message: message, remedy: remedy)])
  }
}
