import Diagnostics
import Digests
import Synchronization
package import TaskGraph

/// Takes back from quarantine what is asked for again, instead of having it made again.
enum QuarantineRecall {
  private struct Known {
    /// The quarantine folder at the time it was listed.
    var folder: FileSystem.Facts?
    var batches: [QuarantineBatch] = []
    var recalled: [TaskKey] = []
  }

  private static let productions = Mutex<[String: Known]>([:])

  /// The batches of a production; listed again when the folder has changed, because every miss asks.
  private static func batches(of store: ObjectStore) throws(Diagnostic) -> [QuarantineBatch] {
    let root = store.production.root
    let folder = try store.fileSystem.facts(store.production.quarantineFolder)
    if let known = productions.withLock({ $0[root] }), known.folder == folder { return known.batches }
    let batches = try store.quarantineBatches()
    productions.withLock {
      $0[root, default: Known()].folder = folder
      $0[root]?.batches = batches
    }
    return batches
  }

  static func recall(object digest: Digest, to store: ObjectStore) throws(Diagnostic) -> Bool {
    for batch in try batches(of: store).reversed() where try batch.takeBack(object: digest) { return true }
    return false
  }

  static func recall(result key: TaskKey, to store: ObjectStore) throws(Diagnostic) -> Bool {
    for batch in try batches(of: store).reversed() where try batch.takeBack(result: key) {
      productions.withLock { $0[store.production.root, default: Known()].recalled.append(key) }
      return true
    }
    return false
  }

  static func takeRecalled(from store: ObjectStore) -> [TaskKey] {
    productions.withLock { known in
      defer { known[store.production.root]?.recalled = [] }
      return known[store.production.root]?.recalled ?? []
    }
  }
}

extension ObjectStore {
  /// Results that this process took back from quarantine since it was last asked: they are not on the ledger.
  package func takeRecalledResults() -> [TaskKey] { QuarantineRecall.takeRecalled(from: self) }
}
