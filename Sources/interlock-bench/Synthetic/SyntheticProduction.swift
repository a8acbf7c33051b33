import Digests
import FoundationEssentials
import Ledger
import ObjectStore
import TaskGraph

/// A production in which every task of a graph has its result, in a file and on record.
struct SyntheticProduction {
  let path: String

  /// Results put on record in one transaction.
  private static let batch = 10_000

  func finish(_ graph: SyntheticGraph) throws {
    let production = try Production.create(at: path)
    let store = ObjectStore(production)
    let ledger = try Ledger.open(production)
    let keys = graph.keys()
    for folder in Set(keys.map { FileSystem.parent(of: store.resultPath(of: $0)) }) {
      try production.fileSystem.createFolder(folder)
    }
    for start in stride(from: 0, to: keys.count, by: Self.batch) {
      let part = Array(keys[start..<min(start + Self.batch, keys.count)])
      for key in part { try writeResult(of: key, in: store) }
      let recorded = try ledger.recordResults(of: part, in: store)
      guard recorded.count == part.count else {
        throw BenchError("only \(recorded.count) of \(part.count) results were read back")
      }
    }
    try ledger.close()
  }

  /// Writes a result file as the store does, but without syncing: a real commit takes a millisecond, and
  /// that is not what is measured.
  private func writeResult(of key: TaskKey, in store: ObjectStore) throws {
    let record = ResultRecord(
      key: key, kind: SyntheticTask.identifier, version: SyntheticTask.version,
      output: SyntheticTask.Output(frames: 48), attempt: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
      tool: "interlock-bench",
      made: "2026-01-01T00:00:00.000Z")
    let body = Array(try JSONEncoder().encode(record))
    let head = Array(#"{"sha256":"\#(Digest.sha256(body).hex)","body":"#.utf8)
    try store.fileSystem.writeNew(
      head + body + Array("}\n".utf8), at: store.resultPath(of: key), mode: 0o444, isDurable: false)
  }
}
