package import Diagnostics
import FoundationEssentials
import Glibc
package import ObjectStore

/// The folder of one run, `runs/<ulid>/`, as somebody reads it who is not the run.
package struct RunFolder: Sendable, Hashable {
  package let production: Production
  /// ULID of the run.
  package let id: String

  package var path: String { "\(production.runsFolder)/\(id)" }
  package var planPath: String { path + "/plan.json" }
  package var eventsPath: String { path + "/events.jsonl" }
  package var headingPath: String { path + "/heading.json" }

  /// What a worker process wrote to standard error, counted from 1.
  package func workerLogPath(_ worker: Int) -> String { "\(path)/worker-\(worker).log" }

  package init(_ id: String, in production: Production) {
    self.id = id
    self.production = production
  }

  /// Runs on record, oldest first.
  package static func all(in production: Production) throws(Diagnostic) -> [RunFolder] {
    try production.fileSystem.names(in: production.runsFolder).filter { ULID($0) != nil }.sorted()
      .map { RunFolder($0, in: production) }
  }

  /// The run that a person means.
  ///
  /// - Parameter name: the beginning or the end of its name, as far as only one run has it; `nil` for the latest.
  /// - Throws: `usage`: `run.none`, `run.unknown`; `ambiguous`: `run.ambiguous`.
  package static func find(_ name: String?, in production: Production) throws(Diagnostic) -> RunFolder {
    let runs = try all(in: production)
    guard let latest = runs.last else {
      throw Diagnostic(
        family: .usage, code: "run.none", message: "there is no run on record in this production",
        remedy: "Runs that have nothing to do leave no record; start one with `interlock run PIPELINE`.")
    }
    guard let name else { return latest }
    let wanted = name.uppercased()
    let found = runs.filter { $0.id.hasPrefix(wanted) || $0.id.hasSuffix(wanted) }
    if found.count == 1 { return found[0] }
    if found.isEmpty {
      throw Diagnostic(
        family: .usage, code: "run.unknown", message: "no run is called `\(name)`",
        remedy: "The latest is \(latest.id); all are in .interlock/runs.")
    }
    throw Diagnostic(
      family: .ambiguous, code: "run.ambiguous", message: "\(found.count) runs are called `\(name)`",
      remedy: "Give more of the name: \(found.suffix(5).map(\.id).joined(separator: ", ")).")
  }

  /// What the command said about the run when it began; `nil` where it said nothing.
  package func heading() throws -> RunHeading? {
    guard let file = try production.fileSystem.read(headingPath) else { return nil }
    return try JSONDecoder().decode(RunHeading.self, from: Data(file.bytes))
  }
}
