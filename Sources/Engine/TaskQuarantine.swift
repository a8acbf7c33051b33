import Digests
import FoundationEssentials
import ObjectStore
import TaskGraph

/// A task whose attempts kept ending in crashes.
struct QuarantinedTask: Codable, Sendable {
  var schema = 1
  var key: TaskKey
  var kind: String
  var stage: String
  var label: String
  var cause: LossCause
  /// Attempts without a new result, in all runs.
  var attempts: Int
  /// How the last one ended.
  var message: String
  /// The run that gave it up last.
  var run: String
  /// ISO 8601, UTC.
  var since: String
}

/// What is known of tasks that are poison, in `.interlock/poisoned/<key>.json`: a file each, which outlives the run
/// and the ledger.
///
/// A later run tries such a task once instead of as often as a new one, so that a decoder that crashes costs one
/// worker a night. When its attempt succeeds it is an ordinary task again; another input is another key.
struct TaskQuarantine: Sendable {
  private let folder: String
  private let files: FileSystem

  init(_ production: Production) {
    folder = "\(production.interlockFolder)/poisoned"
    files = production.fileSystem
  }

  /// The tasks of a plan that are quarantined, by index.
  func tasks(of plan: Plan) throws -> [Int: QuarantinedTask] {
    let keys = Set(try files.names(in: folder).compactMap { TaskKey(hex: String($0.prefix { $0 != "." })) })
    guard !keys.isEmpty else { return [:] }
    var found: [Int: QuarantinedTask] = [:]
    for (index, node) in plan.nodes.enumerated() where keys.contains(node.key) {
      guard let file = try files.read(path(of: node.key)) else { continue }
      // A damaged record says only that there was one, which is not enough to hold anything against the task.
      guard let task = try? JSONDecoder().decode(QuarantinedTask.self, from: Data(file.bytes)) else {
        try files.remove(path(of: node.key))
        continue
      }
      found[index] = task
    }
    return found
  }

  /// Puts a task on record, durably.
  func add(_ task: QuarantinedTask) throws {
    try files.createFolder(folder)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let part = "\(folder)/\(ULID.next()).part"
    try files.writeNew(Array(try encoder.encode(task)) + [UInt8(ascii: "\n")], at: part)
    do {
      _ = try files.move(part, to: path(of: task.key))
    } catch {
      try? files.remove(part)
      throw error
    }
    try files.syncFolder(folder)
  }

  func release(_ key: TaskKey) throws { try files.remove(path(of: key)) }

  private func path(of key: TaskKey) -> String { "\(folder)/\(key.hex).json" }
}
