import ObjectStore
import TaskGraph

/// Finds the results that appear in the store during a run, each once, and keeps them until they are put on record
/// together.
struct ResultIndex {
  private let store: ObjectStore
  private var found: Set<TaskKey> = []
  private var claimed: [TaskKey] = []
  private var unrecorded: [StoredResult] = []

  init(store: ObjectStore) { self.store = store }

  /// Notes what a worker says it published; looked at in `takeUnrecorded`, many together.
  mutating func claim(_ key: TaskKey) { claimed.append(key) }

  /// What was found since this was asked last.
  mutating func takeUnrecorded() throws -> [StoredResult] {
    let keys = claimed
    claimed.removeAll()
    _ = try results(among: keys)
    defer { unrecorded.removeAll() }
    return unrecorded
  }

  /// The keys whose results exist and are whole.
  mutating func results(among keys: [TaskKey]) throws -> Set<TaskKey> {
    var known: Set<TaskKey> = []
    for key in keys {
      if !found.contains(key) {
        guard let result = try store.storedResult(key) else { continue }
        found.insert(key)
        unrecorded.append(result)
      }
      known.insert(key)
    }
    return known
  }

  /// What exists of a task: its own result and those it publishes on the way.
  mutating func results(of node: TaskNode) throws -> Set<TaskKey> {
    try results(among: node.commits + [node.key])
  }
}
