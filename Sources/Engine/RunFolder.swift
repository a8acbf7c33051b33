package import Diagnostics
import FoundationEssentials
import Glibc
package import ObjectStore

/// The record of one run, `runs/<ulid>/`, as others see it: who does it, whether it is over, and how to ask it to stop.
///
/// A request to stop is a file: it reaches the coordinator on whatever machine and as whatever user it runs, and can
/// reach nobody else.
package struct RunFolder: Hashable, Sendable {
  package let production: Production
  /// ULID of the run.
  package let id: String

  package init(_ id: String, in production: Production) {
    self.id = id
    self.production = production
  }

  package var path: String { "\(production.runsFolder)/\(id)" }
  package var planPath: String { path + "/plan.json" }
  package var eventsPath: String { path + "/events.jsonl" }

  /// What a worker process wrote to standard error, counted from 1.
  package func workerLogPath(_ worker: Int) -> String { "\(path)/worker-\(worker).log" }

  /// Every run that left a record, the newest first.
  package static func all(in production: Production) throws(Diagnostic) -> [RunFolder] {
    try production.fileSystem.names(in: production.runsFolder).filter { ULID($0) != nil }.sorted(by: >)
      .map { RunFolder($0, in: production) }
  }

  // MARK: Who and how

  package var presence: RunPresence? { read("coordinator.json") }
  package var ending: RunEnding? { read("end.json") }

  /// Whether somebody works on it, as far as can be seen from here.
  package var isUnderWay: Bool { ending == nil && presence?.isAlive != false && presence != nil }

  /// Whether the command that did it, on this machine, goes on: it may be between two runs.
  package var isCommandAlive: Bool { presence?.isAlive == true }

  func write(_ presence: RunPresence) throws { try write(presence, "coordinator.json") }
  func write(_ ending: RunEnding) throws { try write(ending, "end.json") }

  // MARK: Asking it to stop

  /// How often it was asked to stop: twice is at once.
  package var requests: Int {
    if production.fileSystem.exists("\(path)/cancel-now.json") { return 2 }
    return production.fileSystem.exists("\(path)/cancel.json") ? 1 : 0
  }

  /// Asks the run to stop; asking again for the same changes nothing.
  package func cancel(isNow: Bool) throws {
    guard requests < (isNow ? 2 : 1) else { return }
    let request = CancelRequest(by: RunPresence.here(run: id, began: WallClock.now().iso8601))
    do {
      try write(request, isNow ? "cancel-now.json" : "cancel.json")
    } catch {
      // Somebody else was faster.
      if requests < (isNow ? 2 : 1) { throw error }
    }
  }

  // MARK: Files

  private func read<Record: Decodable>(_ name: String) -> Record? {
    guard let file = try? production.fileSystem.read("\(path)/\(name)") else { return nil }
    return try? JSONDecoder().decode(Record.self, from: Data(file.bytes))
  }

  private func write(_ record: some Encodable, _ name: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let bytes = Array(try encoder.encode(record)) + [UInt8(ascii: "\n")]
    // After a power failure there is no run to ask about.
    try production.fileSystem.writeNew(bytes, at: "\(path)/\(name)", isDurable: false)
  }
}

/// The process that does a run.
package struct RunPresence: Codable, Hashable, Sendable, CustomStringConvertible {
  package var schema = 1
  package var run: String
  package var host: String
  /// Changes with every start of the host.
  package var boot: String
  package var user: String
  package var process: Int32
  /// When the process started, in ticks since its host did: tells it from a later one with the same id.
  package var started: UInt64
  /// ISO 8601, UTC.
  package var began: String

  /// This process.
  package static func here(run: String, began: String) -> RunPresence {
    RunPresence(
      run: run, host: Machine.hostName, boot: Machine.bootID, user: Machine.userName, process: getpid(),
      started: ProcessFacts(of: getpid())?.started ?? 0, began: began)
  }

  /// Whether that very process runs; nil when it is on another machine, where we cannot look.
  package var isAlive: Bool? {
    guard host == Machine.hostName else { return nil }
    guard boot == Machine.bootID, let facts = ProcessFacts(of: process) else { return false }
    return facts.started == started && !facts.isZombie
  }

  package var description: String { "\(user) on \(host), process \(process), since \(began)" }
}

/// How a run ended.
package struct RunEnding: Codable, Sendable {
  package var schema = 1
  package var run: String
  /// ISO 8601, UTC.
  package var ended: String
  package var seconds: Double
  /// What the run came to, as an exit code of the command line.
  package var exit: Int
  package var isCancelled: Bool
  package var done: Int
  package var failed: Int
  package var undone: Int
  /// Processes that did not end although they were killed.
  package var stillAlive: [String]
}

/// Somebody's wish that a run stops.
struct CancelRequest: Codable {
  var schema = 1
  var by: RunPresence
}
