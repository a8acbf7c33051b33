import Ledger
import ObjectStore
import Synchronization
import TaskGraph

/// Which results there are, by the names of their files.
///
/// A few are looked for one by one. Once a good part of all is asked for, the folders of the store are listed instead:
/// on a cold disk that is a hundred times cheaper. Several plans may share one, at a moment when nothing is made.
final class ResultSurvey: Sendable {
  private struct State {
    var asked = 0
    var listed: Set<TaskKey>?
  }

  private let store: ObjectStore
  /// Results on record.
  private let recorded: Int
  private let state = Mutex(State())

  init(_ store: ObjectStore, ledger: Ledger) throws {
    self.store = store
    recorded = try ledger.resultCount()
  }

  func contains(_ key: TaskKey) throws -> Bool { try !results(among: [key]).isEmpty }

  func results(among keys: [TaskKey]) throws -> Set<TaskKey> {
    let listed = try state.withLock { state in
      state.asked += keys.count
      // Measured: a look at a file costs four times an entry of a list, when both are in memory.
      if state.listed == nil, state.asked > max(1_000, recorded / 4) {
        state.listed = Set(try store.resultKeys(inFolders: 0..<ObjectStore.resultFolders))
      }
      return state.listed
    }
    // What is not in a list may be in quarantine, from where it is taken back.
    return Set(keys.filter { listed?.contains($0) == true || store.hasResult($0) })
  }
}
