package import Diagnostics
import Digests
import Engine
import FoundationEssentials
package import ObjectStore

/// Finds attempts by what a person has at hand: a stage, a label, a key, or the name of the attempt.
package struct AttemptSearch {
  /// An attempt and where its logs are, for people and programs; fields are added, never renamed.
  package struct Found: Encodable, Sendable, Hashable {
    package var attempt: String
    package var run: String?
    package var stage: String?
    package var kind: String?
    package var label: String?
    package var key: String?
    package var worker: Int?
    /// Missing while the attempt goes on.
    package var outcome: String?
    /// Its length so far.
    package var seconds: Double?
    /// Path below the production.
    package var log: String
    package var byteCount: Int64?
    /// What its worker process wrote to standard error, with that of other attempts.
    package var workerLog: String?

    /// Whether a name stands for the attempt, rather than for its task.
    package func isNamed(by name: String) -> Bool {
      let name = name.uppercased()
      return name.utf8.count >= 4 && (attempt.hasPrefix(name) || attempt.hasSuffix(name))
    }

    /// One line for people.
    package var heading: String {
      var text = [stage, label].compactMap(\.self).map(TerminalText.printable).joined(separator: "  ")
      text += text.isEmpty ? "Attempt \(attempt)" : ", attempt \(attempt)"
      if let seconds { text += ", \(outcome ?? "going on") after \(DisplayTime.exact(seconds))" }
      return text + ": \(log)\(byteCount.map { ", \(PageText.bytes($0))" } ?? ", nothing written yet")"
    }
  }

  private let production: Production

  /// Runs that are searched, newest first, when none is named.
  private static let runsSearched = 50
  private static let listed = 12

  package init(_ production: Production) { self.production = production }

  /// Everything that fits, oldest first: attempts of one name, or those of the latest run that knows the target.
  ///
  /// - Throws: `usage`: `logs.unknown`, and what finding a run throws.
  package func find(_ target: String, run name: String?) throws -> [Found] {
    if name == nil, let found = try attempts(named: target.uppercased()), !found.isEmpty { return found }
    let runs =
      try name.map { [try RunArchive(production).find($0)] }
      ?? Array(RunFolder.all(in: production).prefix(Self.runsSearched))
    for run in runs {
      // A run without a plan that can be read has no labels to search.
      guard let history = try? RunHistory(run) else { continue }
      let found = history.spans.filter { matches($0, history, target) }.compactMap { self.found($0, history) }
      if !found.isEmpty { return found }
    }
    throw Diagnostic(
      family: .usage, code: "logs.unknown",
      message:
        "no attempt of \(name.map { "run \($0)" } ?? "the latest \(runs.count) runs") is called `\(target)`",
      remedy:
        "Name a stage, a part of a label, the beginning of a key, or an attempt as `interlock report` prints it."
    )
  }

  /// The one attempt that is meant: of one task the latest.
  ///
  /// - Throws: `ambiguous`, `logs.ambiguous`, with a note for each of the latest, when several tasks fit.
  package static func one(of found: [Found], _ target: String) throws(DiagnosticList) -> Found {
    let tasks = Dictionary(grouping: found) { $0.key ?? $0.attempt }
    if tasks.count == 1, let latest = found.last { return latest }
    let latest = tasks.values.compactMap(\.last).sorted { $0.attempt < $1.attempt }
    let others = latest.count > listed ? "the latest \(listed) are" : "they are"
    let error = Diagnostic(
      family: .ambiguous, code: "logs.ambiguous", message: "\(latest.count) tasks are called `\(target)`",
      remedy: "Name one attempt; \(others):")
    throw DiagnosticList(
      [error]
        + latest.suffix(listed).map { one in
          Diagnostic(
            severity: .note, family: .ambiguous, code: error.code,
            message: [one.attempt, one.outcome ?? "going on", one.stage ?? "", one.label ?? ""]
              .joined(separator: "  "))
        })
  }

  private func matches(_ span: RunHistory.Span, _ history: RunHistory, _ target: String) -> Bool {
    let task = history.tasks[span.task]
    return task.stage == target || task.label.lowercased().contains(target.lowercased())
      || (target.count >= 4 && task.key.hex.hasPrefix(target.lowercased()))
  }

  private func attempts(named name: String) throws -> [Found]? {
    guard name.utf8.count >= 4, name.utf8.count <= 26 else { return nil }
    let ids = try AttemptFolder.ids(in: production).filter { $0.hasPrefix(name) || $0.hasSuffix(name) }
    // A word such as `MAIN` may end a name by chance; several do not.
    guard ids.count == 1, let id = ids.first else { return nil }
    return [try described(id)]
  }

  /// What is known of an attempt from its folder alone, and from the run it is in.
  private func described(_ id: String) throws -> Found {
    for run in try RunFolder.all(in: production).prefix(Self.runsSearched) where run.id < id {
      guard let history = try? RunHistory(run), let span = history.spans.last(where: { $0.attempt == id })
      else { continue }
      if let found = found(span, history) { return found }
    }
    return Found(attempt: id, log: log(id).path, byteCount: log(id).byteCount)
  }

  private func found(_ span: RunHistory.Span, _ history: RunHistory) -> Found? {
    guard let attempt = span.attempt else { return nil }
    let task = history.tasks[span.task]
    let folder = RunFolder(history.run, in: production)
    let log = log(attempt)
    return Found(
      attempt: attempt, run: history.run, stage: task.stage, kind: task.kind, label: task.label,
      key: task.key.hex, worker: span.worker > 0 ? span.worker : nil, outcome: span.outcome?.rawValue,
      seconds: span.ended - span.began, log: log.path, byteCount: log.byteCount,
      workerLog: span.worker > 0 ? production.fileSystem.relative(folder.workerLogPath(span.worker)) : nil)
  }

  private func log(_ attempt: String) -> (path: String, byteCount: Int64?) {
    let path = "\(production.attemptsFolder)/\(attempt)/log.txt"
    let facts = (try? production.fileSystem.facts(path)) ?? nil
    return (production.fileSystem.relative(path), facts?.byteCount)
  }
}
