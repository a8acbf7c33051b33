import Diagnostics
import GRDB
import Glibc
package import ObjectStore

/// The index over results, frames and attempts of one production, in `ledger.sqlite`.
///
/// The result files are the truth; the ledger answers questions about many of them at once. Losing it loses
/// nothing: it is made again from the files. Commits are durable on return (`synchronous=FULL`), because an
/// attempt must be on record before it starts. Any thread may call; calls block.
package final class Ledger: Sendable {
  let database: DatabaseQueue
  let fileSystem: FileSystem
  let commitTimes = CommitTimes()

  private init(database: DatabaseQueue, fileSystem: FileSystem) {
    self.database = database
    self.fileSystem = fileSystem
  }

  /// Opens the ledger of a production; one that is missing, unfinished or damaged is built from the results.
  ///
  /// - Throws: `failed`: `ledger.newerSchema`, `ledger.busy`, `storage.…`.
  package static func open(_ production: Production) throws -> Ledger {
    let ledger: Ledger
    do {
      ledger = try connect(production)
    } catch let error as DatabaseError where error.isDamage {
      try setAside(production)
      ledger = try translating(production.fileSystem) { try connect(production) }
    } catch {
      throw Ledger.diagnostic(error, production.fileSystem)
    }
    if try !ledger.isComplete() { _ = try ledger.rebuild(from: ObjectStore(production)) }
    return ledger
  }

  private static func connect(_ production: Production) throws -> Ledger {
    let fileSystem = production.fileSystem
    // Another process may read the board while a run writes; SQLite's locks are held for milliseconds.
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    configuration.label = "ledger"
    // The WAL index is shared memory: between machines only the rollback journal is safe (sqlite.org/wal.html).
    let isShared = fileSystem.isShared(production.interlockFolder)
    configuration.journalMode = isShared ? .default : .wal
    let database = try DatabaseQueue(path: production.ledgerPath, configuration: configuration)
    try database.writeWithoutTransaction { db in
      if isShared { try db.execute(sql: "PRAGMA journal_mode = DELETE") }
      // GRDB sets NORMAL while it opens a WAL database, so this comes after, and is read back.
      try db.execute(sql: "PRAGMA synchronous = FULL")
    }
    let ledger = Ledger(database: database, fileSystem: fileSystem)
    database.add(transactionObserver: ledger.commitTimes, extent: .databaseLifetime)
    let level = try ledger.synchronousLevel()
    precondition(level == 2, "the ledger must commit with synchronous=FULL")
    try LedgerSchema.migrate(database, production)
    return ledger
  }

  /// SQLite's `synchronous` level of the connection: 2 is FULL.
  package func synchronousLevel() throws -> Int {
    try translating { try database.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") ?? -1 } }
  }

  /// SQLite's journal mode of the connection: `wal`, or `delete` on shared storage.
  package func journalMode() throws -> String {
    try translating { try database.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") ?? "" } }
  }

  /// Writes everything into the database file and closes it; the ledger cannot be used afterwards.
  package func close() throws {
    try translating { try database.close() }
  }

  /// Moves a damaged database out of the way, with its journals, which belong to it alone.
  private static func setAside(_ production: Production) throws(Diagnostic) {
    let files = production.fileSystem
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
    try Ledger.translating(fileSystem, work)
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
      return files.fault("open", path, EACCES)
    case .SQLITE_IOERR: return files.fault("read or write", path, EIO)
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      return Diagnostic(
        family: .failed, code: "ledger.busy", location: SourceLocation(file: files.relative(path)),
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
