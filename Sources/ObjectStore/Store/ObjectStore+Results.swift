package import Diagnostics
import Digests
import FoundationEssentials
import Glibc
package import TaskGraph

/// A result file whose digest was found right.
package struct StoredResult: Sendable {
  package let head: ResultHead
  let body: Data
  private let path: String

  init(head: ResultHead, body: Data, path: String) {
    self.head = head
    self.body = body
    self.path = path
  }

  /// A result as it will be read once it is published.
  package init<Output>(_ record: ResultRecord<Output>) throws {
    head = ResultHead(
      schema: record.schema, key: record.key, kind: record.kind, version: record.version,
      objects: record.objects, attempt: record.attempt, tool: record.tool, made: record.made)
    body = try JSONEncoder().encode(record)
    path = "\(record.key).json"
  }

  /// The record with its output.
  ///
  /// - Throws: `failed`, code `result.otherType`, when the output is not of this type.
  package func decoded<Output>(as type: Output.Type) throws(Diagnostic) -> ResultRecord<Output> {
    do {
      return try JSONDecoder().decode(ResultRecord<Output>.self, from: body)
    } catch {
      throw Diagnostic(
        family: .failed, code: "result.otherType", location: SourceLocation(file: path),
        message: "the output of this \(head.kind) result (version \(head.version)) is not \(type): \(error)",
        remedy: "Run with the program that made it, or move the file away to have it made again.")
    }
  }
}

extension ObjectStore {
  /// Publishes a result: from this moment the task is done.
  ///
  /// - Parameter scratch: the attempt's folder, for the `.part` file.
  /// - Returns: `false` when another attempt was first; ours is discarded.
  /// - Throws: `verification`, code `result.objectMissing`, when an object it names is not in the store.
  package func commitResult<Output>(
    _ record: ResultRecord<Output>, scratch: String
  ) throws(Diagnostic) -> Bool {
    let path = resultPath(of: record.key)
    do {
      try requireObjects(of: record)
    } catch {
      // What another attempt has committed may lie elsewhere by now, see `moveSegment`: then ours is late.
      if let other = try storedResult(record.key), try !isIncomplete(other) { return false }
      throw error
    }
    let bytes = ResultEnvelope.sealed(try encoded(record, path))
    try fileSystem.createFolder(FileSystem.parent(of: path))
    // Each round either publishes, finds a good result, or removes a damaged one.
    while true {
      if try fileSystem.publish(bytes, at: path, scratch: scratch) { return true }
      if try storedResult(record.key) != nil { return false }
    }
  }

  /// Puts a result in the place of another of the same task, whose output lies elsewhere from now on.
  ///
  /// A reader finds one or the other, whole; what only the old one names may be removed afterwards.
  func replaceResult<Output>(
    _ record: ResultRecord<Output>, scratch: String
  ) throws(Diagnostic) {
    let path = resultPath(of: record.key)
    try requireObjects(of: record)
    let part = "\(scratch)/\(ULID.next()).part"
    try fileSystem.writeNew(ResultEnvelope.sealed(try encoded(record, path)), at: part, mode: 0o444)
    guard try fileSystem.move(part, to: path) else { throw fileSystem.fault("store", part, ENOENT) }
    try fileSystem.syncFolder(FileSystem.parent(of: path))
  }

  /// Whether objects that a result names are missing or damaged, also at a second look: what it names may move while it
  /// is looked at, see `replaceResult`.
  package func isIncomplete(_ result: StoredResult) throws(Diagnostic) -> Bool {
    guard !missingObjects(of: result.head.objects).isEmpty else { return false }
    guard let now = try storedResult(result.head.key) else { return true }
    return !missingObjects(of: now.head.objects).isEmpty
  }

  /// - Parameter pending: objects that will be in the store before the result.
  func requireObjects<Output>(
    of record: ResultRecord<Output>, except pending: Set<Digest> = []
  ) throws(Diagnostic) {
    guard let missing = missingObjects(of: record.objects.filter { !pending.contains($0.digest) }).first
    else {
      return
    }
    throw Diagnostic(
      family: .verification, code: "result.objectMissing",
      location: SourceLocation(file: fileSystem.relative(resultPath(of: record.key))),
      message: "the object '\(missing.name)' (\(missing.digest)) is not in the store")
  }

  /// Whether a result file of this name is there; says nothing about its contents.
  package func hasResult(_ key: TaskKey) -> Bool {
    if fileSystem.exists(resultPath(of: key)) { return true }
    // A quarantine that cannot be read has nothing for us.
    return (try? QuarantineRecall.recall(result: key, to: self)) ?? false
  }

  /// The result of a task, `nil` when there is none; a damaged file is moved to quarantine first.
  package func result<Output>(
    _ key: TaskKey, as type: Output.Type
  ) throws(Diagnostic) -> ResultRecord<Output>? {
    // A good one is decoded once; whatever else there is, is looked at again to be told.
    if let body = try fileSystem.read(resultPath(of: key)).flatMap({ ResultEnvelope.opened($0.bytes) }),
      let record = try? JSONDecoder().decode(ResultRecord<Output>.self, from: Data(body)),
      record.schema == resultSchema, record.key == key
    {
      return record
    }
    return try storedResult(key)?.decoded(as: type)
  }

  /// The result of a task of any kind; a damaged file is moved to quarantine and counts as none.
  ///
  /// - Throws: `failed`, code `result.newerSchema`, when a newer program wrote it.
  package func storedResult(_ key: TaskKey) throws(Diagnostic) -> StoredResult? {
    let path = resultPath(of: key)
    guard let (bytes, facts) = try fileSystem.read(path) else {
      return try QuarantineRecall.recall(result: key, to: self) ? try storedResult(key) : nil
    }
    if let result = try opened(bytes, key: key, path: path) { return result }
    try quarantine(path, seen: facts)
    return nil
  }

  /// Takes a result back, so that its task runs again: its objects are gone or were found wrong.
  ///
  /// The file goes to quarantine.
  package func withdrawResult(_ key: TaskKey) throws(Diagnostic) {
    let path = resultPath(of: key)
    guard let facts = try fileSystem.facts(path) else { return }
    try quarantine(path, seen: facts, because: "what it names is missing or damaged")
  }

  /// Takes back every result that names an object which is missing or, by its stat, damaged.
  ///
  /// - Returns: their keys, and those of results that were damaged themselves.
  /// - Complexity: reads every result; for when something is known to be lost.
  package func withdrawIncompleteResults() throws -> [TaskKey] {
    var incomplete: [TaskKey] = []
    let walk = try forEachResult { result in
      if try isIncomplete(result) { incomplete.append(result.head.key) }
    }
    for key in incomplete { try withdrawResult(key) }
    return incomplete + walk.damaged
  }

  /// What a walk over all results found besides the good ones.
  package struct ResultWalk: Hashable, Sendable {
    package var resultCount = 0
    /// Result files moved to quarantine.
    package var damaged: [TaskKey] = []
    /// Paths, relative to the production, of files that are not results by their name.
    package var strangers: [String] = []
  }

  /// Reads every result file in order of keys and hands on the good ones.
  package func forEachResult(_ body: (StoredResult) throws -> Void) throws -> ResultWalk {
    var walk = ResultWalk()
    for folder in try fileSystem.names(in: production.resultsFolder) {
      for name in try fileSystem.names(in: "\(production.resultsFolder)/\(folder)") {
        guard name.hasSuffix(".json"), let key = Digest(hex: name.dropLast(5)), name.hasPrefix(folder) else {
          walk.strangers.append(fileSystem.relative("\(production.resultsFolder)/\(folder)/\(name)"))
          continue
        }
        if let result = try storedResult(key) {
          walk.resultCount += 1
          try body(result)
        } else {
          walk.damaged.append(key)
        }
      }
    }
    return walk
  }

  func encoded<Output>(_ record: ResultRecord<Output>, _ path: String) throws(Diagnostic) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(record))
    } catch {
      // JSON has no infinity and no NaN: an output that holds one is a fault of the task.
      throw Diagnostic(
        family: .failed, code: "result.notEncodable",
        location: SourceLocation(file: fileSystem.relative(path)),
        message: "the output of this \(record.kind) cannot be written as JSON: \(error)")
    }
  }

  private func opened(_ bytes: [UInt8], key: TaskKey, path: String) throws(Diagnostic) -> StoredResult? {
    guard let slice = ResultEnvelope.opened(bytes) else { return nil }
    let body = Data(slice)
    guard let head = try? JSONDecoder().decode(ResultHead.self, from: body) else {
      return try refuseNewer(body, path)
    }
    if head.schema != resultSchema { return try refuseNewer(body, path) }
    // A whole file under a wrong name must not answer for another task.
    guard head.key == key else { return nil }
    return StoredResult(head: head, body: body, path: fileSystem.relative(path))
  }

  private func refuseNewer(_ body: Data, _ path: String) throws(Diagnostic) -> StoredResult? {
    struct Schema: Codable { var schema: Int }
    guard let schema = try? JSONDecoder().decode(Schema.self, from: body).schema, schema > resultSchema else {
      return nil
    }
    throw Diagnostic(
      family: .failed, code: "result.newerSchema",
      location: SourceLocation(file: fileSystem.relative(path)),
      message: "the result has schema \(schema), this program reads up to \(resultSchema)",
      remedy: "Use the newer program for this production.")
  }
}
