import Diagnostics
import GRDB
import Glibc
package import ObjectStore
import Synchronization

/// The index over results, frames and attempts of one production, in `ledger.sqlite`.
///
/// The result files are the truth; the ledger answers questions about many of them at once. Losing it loses
/// nothing: it is made again from the files. Commits are durable on return (`synchronous=FULL`), because an
/// attempt must be on record before it starts. Any thread may call; calls block.
package final class Ledger: Sendable {
  let commitTimes = CommitTimes()
  /// The connection; another one after damage was repaired.
  private let connection: Mutex<DatabaseQueue>
  private let production: Production
  private let isOwner: Bool
  /// What was found damaged and made again.
  package let losses = LossLog()

  var database: DatabaseQueue { connection.withLock { $0 } }
  var fileSystem: FileSystem { production.fileSystem }

  private init(_ database: DatabaseQueue, _ production: Production, isOwner: Bool) {
    connection = Mutex(database)
    self.production = production
    self.isOwner = isOwner
    database.add(transactionObserver: commitTimes, extent: .databaseLifetime)
  }

  /// Opens the ledger of a production; one that is missing, unfinished or damaged is built from the results.
  ///
  /// - Parameter isOwner: whether the caller is the production's one coordinator. Then damage that is found later is
  ///   repaired in place, too; nobody else may replace a database that another process writes to.
  /// - Throws: `failed`: `ledger.newerSchema`, `ledger.damaged`; `transient`: `ledger.busy`; `storage.…`.
  package static func open(_ production: Production, isOwner: Bool = false) throws -> Ledger {
    let ledger: Ledger
    let isNew = !production.fileSystem.exists(production.ledgerPath)
    var isDamaged = false
    do {
      ledger = Ledger(try connect(production, isOwner: isOwner), production, isOwner: isOwner)
    } catch let error as DatabaseError where error.isDamage {
      try setAside(production, isOwner: isOwner, error)
      isDamaged = true
      ledger = try translating(production.fileSystem) {
        Ledger(try connect(production, isOwner: isOwner), production, isOwner: isOwner)
      }
    } catch {
      throw Ledger.diagnostic(error, production.fileSystem)
    }
    if try !ledger.isComplete() {
      let rebuilt = try ledger.rebuild(from: ObjectStore(production))
      if isDamaged || (isNew && rebuilt.added > 0) {
        ledger.noteRepair(isDamaged ? "damaged" : "gone", rebuilt)
      }
    }
    return ledger
  }

  private func noteRepair(_ state: String, _ rebuilt: Rebuild) {
    losses.note(
      "ledger.repaired", at: fileSystem.relative(production.ledgerPath),
      "the ledger was \(state); it was made again from \(rebuilt.added) results, and nothing is lost")
  }

  /// Replaces a damaged database by a new one, made from the results.
  private func repair(_ damaged: DatabaseQueue, _ error: DatabaseError) throws {
    let isOurs = try connection.withLock { current in
      // Another thread may have been first.
      guard current === damaged else { return false }
      try? damaged.close()
      try Self.setAside(production, isOwner: true, error)
      current = try Self.connect(production, isOwner: true)
      current.add(transactionObserver: commitTimes, extent: .databaseLifetime)
      return true
    }
    if isOurs { noteRepair("damaged", try rebuild(from: ObjectStore(production))) }
  }

  /// The pages of more than 400,000 results.
  private static let cacheKibibytes = 48 << 10
  /// 32 MiB; who opens the ledger after a crash reads them once.
  private static let pagesInLog = 8192

  private static func connect(_ production: Production, isOwner: Bool) throws -> DatabaseQueue {
    let fileSystem = production.fileSystem
    // Another process may read the board while a run writes; SQLite's locks are held for milliseconds.
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    configuration.label = "ledger"
    // The WAL index is shared memory: between machines only the rollback journal is safe (sqlite.org/wal.html).
    let isShared = fileSystem.storage(at: production.interlockFolder).isShared
    // Made by us and not by SQLite, so that its mode follows the umask: a group may share a production. The journals
    // take the mode of the database.
    if !fileSystem.exists(production.ledgerPath) {
      _ = try OpenFile(production.ledgerPath, O_RDWR | O_CREAT, in: fileSystem)
    }
    configuration.journalMode = isShared ? .default : .wal
    let database = try DatabaseQueue(path: production.ledgerPath, configuration: configuration)
    try database.writeWithoutTransaction { db in
      if isShared { try db.execute(sql: "PRAGMA journal_mode = DELETE") }
      if isOwner {
        // Keys come in no order, so every result that is put on record changes a page of its own. Pages are kept, and
        // copied from the log to the database when many results have changed them, not once for each: with SQLite's own
        // 2 MB and 1000 pages a task cost half as much again among 200,000 as among 1,000.
        try db.execute(sql: "PRAGMA cache_size = -\(Self.cacheKibibytes)")
        try db.execute(sql: "PRAGMA wal_autocheckpoint = \(Self.pagesInLog)")
      }
      // GRDB sets NORMAL while it opens a WAL database, so this comes after, and is read back.
      try db.execute(sql: "PRAGMA synchronous = FULL")
    }
    let level = try database.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
    precondition(level == 2, "the ledger must commit with synchronous=FULL")
    try LedgerSchema.migrate(database, production)
    return database
  }

  /// SQLite's `synchronous` level of the connection: 2 is FULL.
  package func synchronousLevel() throws -> Int {
    try translating { try database.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") ?? -1 } }
  }

  /// SQLite's journal mode of the connection: `wal`, or `delete` on shared storage.
  package func journalMode() throws -> String {
    try translating { try database.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") ?? "" } }
  }

  /// Writes everything into the database file and empties SQLite's log, for those who open the ledger next. While another
  /// process reads it, that is left to later.
  package func checkpoint() throws {
    try translating {
      try database.writeWithoutTransaction { db in
        do {
          _ = try db.checkpoint(.truncate)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {}
      }
    }
  }

  /// Writes everything into the database file and closes it; the ledger cannot be used afterwards.
  package func close() throws {
    try translating { try database.close() }
  }

  /// Moves a damaged database out of the way, with its journals, which belong to it alone.
  private static func setAside(
    _ production: Production, isOwner: Bool, _ error: DatabaseError
  ) throws {
    let files = production.fileSystem
    if !isOwner {
      guard case .acquired = try FileLock.tryLock(production.coordinatorLockPath, in: files) else {
        throw diagnostic(error, files)
      }
    }
    try files.createFolder(production.quarantineFolder)
    let name = "\(production.quarantineFolder)/\(ULID.next())-ledger.sqlite"
    for suffix in ["-wal", "-shm", "-journal", ""] {
      _ = try files.move(production.ledgerPath + suffix, to: name + suffix)
    }
  }
}

extension Ledger {
  /// Runs database work and turns what it throws into a `Diagnostic`.
  func translating<Value>(_ work: () throws -> Value) throws -> Value {
    let used = database
    do {
      return try work()
    } catch let error as DatabaseError where error.isDamage && isOwner {
      try Ledger.translating(fileSystem) { try repair(used, error) }
      return try Ledger.translating(fileSystem, work)
    } catch {
      throw Ledger.diagnostic(error, fileSystem)
    }
  }

  private static func translating<Value>(_ files: FileSystem, _ work: () throws -> Value) throws -> Value {
    do { return try work() } catch { throw diagnostic(error, files) }
  }

  private static func diagnostic(_ error: any Error, _ files: FileSystem) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    let path = "\(files.root)/.interlock/ledger.sqlite"
    switch error.resultCode {
    case .SQLITE_FULL: return files.fault("write", path, ENOSPC)
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN, .SQLITE_AUTH:
      return files.fault("open", path, files.refusal(at: path))
    case .SQLITE_IOERR:
      // SQLite tells no more of what the system said; a full disk comes as this, too, e.g. while its log grows.
      return files.fault("read or write", path, files.isFull(at: path) ? ENOSPC : EIO)
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      return Diagnostic(
        family: .transient, code: "ledger.busy", location: SourceLocation(file: files.relative(path)),
        message: "another process keeps the ledger busy for more than 10 seconds",
        remedy: "Wait until it has ended, or end it, then run again.")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      return Diagnostic(
        family: .failed, code: "ledger.damaged", location: SourceLocation(file: files.relative(path)),
        message: "the ledger is damaged: \(error.message ?? "\(error.resultCode)")",
        remedy: "Run 'interlock verify --rebuild': it is made again from the results.")
    default:
      return Diagnostic(
        family: .failed, code: "ledger.failed", location: SourceLocation(file: files.relative(path)),
        message: "\(error.resultCode): \(error.message ?? "no message")")
    }
  }
}

extension DatabaseError {
  fileprivate var isDamage: Bool {
    resultCode == .SQLITE_CORRUPT || resultCode == .SQLITE_NOTADB
  }
}
