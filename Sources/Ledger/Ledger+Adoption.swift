import Digests
import GRDB
package import ObjectStore
package import TaskGraph

extension Ledger {
  /// Puts on record what others have made: results that workers of a farm published, or that were copied here, with nobody
  /// of ours at work.
  ///
  /// The folders of `results/` say by their times whether anything can be new in them; only those are listed. Where nothing
  /// has changed it costs a look at each of 256 folders.
  /// - Returns: the keys that were not on record before.
  @discardableResult
  package func adoptResults(from store: ObjectStore) throws -> [TaskKey] {
    let shards = try store.resultFolders()
    let seen = try translating { try database.read { try Self.seenFolders($0) } }
    let changed = shards.filter { seen[$0.name] != $0.modified }
    guard !changed.isEmpty else { return [] }
    let present = try changed.flatMap { try store.resultKeys(in: $0.name) }
    let new = try missingResults(among: present)
    // What cannot be read goes to quarantine, as ever.
    let adopted = try recordResults(of: new, in: store)
    // A folder that changed just now may change again within the same tick of its clock.
    let now = WallClock.now().milliseconds
    let settled = changed.filter { now - $0.modified / 1_000_000 > Self.settlingMilliseconds }
    try translating {
      try database.write { db in
        for folder in settled {
          try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO seenResultFolders (name, modified) VALUES (?, ?)"
          ).execute(arguments: [folder.name, folder.modified])
        }
      }
    }
    return adopted.sorted()
  }

  /// Longer than the clock of any file system ticks.
  private static let settlingMilliseconds: Int64 = 3_000

  private static func seenFolders(_ db: Database) throws -> [String: Int64] {
    var seen: [String: Int64] = [:]
    for row in try Row.fetchAll(db, sql: "SELECT name, modified FROM seenResultFolders") {
      seen[row[0]] = row[1]
    }
    return seen
  }
}
