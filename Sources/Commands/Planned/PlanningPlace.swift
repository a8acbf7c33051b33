import Foundation
import Ledger
import ObjectStore
import Synchronization

/// Where plans are made that are only looked at: in the production if there is one, else in a folder that goes away again.
final class PlanningPlace: Sendable {
  let production: Production
  let ledger: Ledger
  private let temporary: PrivateFolder?
  /// More connections to the ledger, for plans that are made at the same time.
  private let idle = Mutex<[Ledger]>([])

  init(_ options: ProductionOptions) throws {
    if let existing = try options.existing() {
      temporary = nil
      production = existing
    } else {
      let folder = try PrivateFolder()
      temporary = folder
      production = try Production.create(at: folder.path)
    }
    ledger = try Ledger.open(production)
    idle.withLock { $0 = [ledger] }
  }

  /// Whether it is outside of any production.
  var isTemporary: Bool { temporary != nil }

  /// Lends a connection that nobody else uses meanwhile: one connection answers one question at a time.
  func withLedger<Value>(_ body: (Ledger) async throws -> Value) async throws -> Value {
    let ledger = try idle.withLock { $0.popLast() } ?? Ledger.open(production)
    defer { idle.withLock { $0.append(ledger) } }
    return try await body(ledger)
  }
}

/// A folder for one command, removed with it.
final class PrivateFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/interlock-\(ULID.next())"
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
