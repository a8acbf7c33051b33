package import Diagnostics
import FoundationEssentials
package import ObjectStore

/// The runs that a production has on record, found by name and read one at a time.
///
/// A run that found nothing to do leaves no record.
package struct RunArchive: Sendable {
  private let production: Production

  package init(_ production: Production) { self.production = production }

  /// Every run, the oldest first.
  package func names() throws(Diagnostic) -> [String] {
    try RunFolder.all(in: production).reversed().map(\.id)
  }

  /// Nil for a run without a plan that this program can read: one killed as it began, or made by a newer program.
  package func plan(of run: String) throws(Diagnostic) -> PlanRecord? {
    let path = RunFolder(run, in: production).planPath
    guard let file = try production.fileSystem.read(path),
      let plan = try? JSONDecoder().decode(PlanRecord.self, from: Data(file.bytes)),
      plan.schema <= PlanRecord.currentSchema
    else { return nil }
    return plan
  }

  package func log(of run: String) throws(Diagnostic) -> RunLog {
    let path = RunFolder(run, in: production).eventsPath
    guard let file = try production.fileSystem.read(path) else { return RunLog() }
    return RunLog(events: file.bytes)
  }

  /// The run that a user means: its name, the beginning of it or its end as `run list` prints it, `latest`, or
  /// `previous`, the one before the latest. The last two count runs that did what was planned, not probes before them.
  ///
  /// - Throws: usage, `runs.none` or `runs.unknown`; ambiguous, `runs.ambiguous`.
  package func resolve(_ text: String) throws(Diagnostic) -> String {
    let all = try names()
    let back = ["latest": 0, "previous": 1][text]
    if let back { return try counted(back, all, text) }
    let wanted = text.uppercased()
    let found = all.filter { $0 == wanted || $0.hasPrefix(wanted) || $0.hasSuffix(wanted) }
    switch found.count {
    case 1: return found[0]
    case 0:
      throw Diagnostic(
        family: .usage, code: "runs.unknown", message: "there is no run `\(text)` on record",
        remedy: "`interlock run list` lists them. A run that found nothing to do leaves no record.")
    default:
      throw Diagnostic(
        family: .ambiguous, code: "runs.ambiguous",
        message: "`\(text)` is part of the names of \(found.count) runs",
        remedy: "Give more of the name, e.g. \(found.suffix(2).joined(separator: " or ")).")
    }
  }

  /// The folder of the run that a user means, see `resolve`.
  package func find(_ text: String) throws(Diagnostic) -> RunFolder {
    RunFolder(try resolve(text), in: production)
  }

  private func counted(_ back: Int, _ all: [String], _ text: String) throws(Diagnostic) -> String {
    var left = back
    for run in all.reversed() {
      guard let plan = try plan(of: run), plan.purpose?.phase ?? .main == .main else { continue }
      if left == 0 { return run }
      left -= 1
    }
    throw Diagnostic(
      family: .usage, code: "runs.none",
      message: left == 0 && back > 0
        ? "only one run is on record, so none is `\(text)`" : "no run is on record",
      remedy: "A run that found nothing to do leaves no record.")
  }
}
