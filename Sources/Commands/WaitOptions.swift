import ArgumentParser
import Engine
import ObjectStore

/// What a verb does while another command works in the production.
struct WaitOptions: ParsableArguments {
  @Option(
    name: .customLong("wait"), defaultAsFlag: Self.longest,
    help: ArgumentHelp(
      "If another command works in the production, wait until it is done, at most so many seconds (default: as long "
        + "as it takes). Without it the verb says who that is and ends with exit code 75.",
      valueName: "seconds"))
  var wait: Int?

  /// A year; nobody waits longer.
  private static let longest = 31_536_000

  func validate() throws {
    if let wait, !(0...Self.longest).contains(wait) {
      throw ValidationError("--wait takes a number of seconds, 0 or more")
    }
  }

  var limit: Duration { .seconds(wait ?? 0) }

  /// The production for this command alone, as a run has it.
  func claim(_ production: Production) async throws -> ProductionClaim {
    StorageNote.tell(of: production)
    return try await ProductionClaim.take(of: production, waiting: limit) { Outcome.printError($0) }
  }
}

/// Says aloud that a production lies on storage which other machines write to.
enum StorageNote {
  static func text(_ storage: StorageKind) -> String {
    "network file system (\(storage.type)): the ledger keeps a rollback journal instead of a write-ahead log, and a "
      + "lease says who works here"
  }

  static func tell(of production: Production) {
    let storage = production.fileSystem.storage(at: production.interlockFolder)
    if storage.isShared { Outcome.printError("note: the production is on a \(text(storage))") }
  }
}
