import Ledger
import ObjectStore
import TaskGraph

/// Keeps the ledger's index in step with the results that appear in the store during a run.
struct ResultIndex {
  private let store: ObjectStore
  private let ledger: Ledger
  private var indexed: Set<TaskKey> = []
  private var claimed: [TaskKey] = []

  init(store: ObjectStore, ledger: Ledger) {
    self.store = store
    self.ledger = ledger
  }

  /// Notes what a worker says it published; looked at in `catchUp`, many together.
  mutating func claim(_ key: TaskKey) { claimed.append(key) }

  mutating func catchUp() throws {
    guard !claimed.isEmpty else { return }
    let keys = claimed
    claimed.removeAll()
    _ = try results(among: keys)
  }

  /// The keys whose results exist and are whole; all of these are on record when this returns.
  mutating func results(among keys: [TaskKey]) throws -> Set<TaskKey> {
    let new = keys.filter { !indexed.contains($0) && store.hasResult($0) }
    if !new.isEmpty { indexed.formUnion(try ledger.recordResults(of: new, in: store)) }
    return indexed.intersection(keys)
  }

  /// What exists of a task: its own result and those it publishes on the way.
  mutating func results(of node: TaskNode) throws -> Set<TaskKey> {
    try results(among: node.commits + [node.key])
  }
}
