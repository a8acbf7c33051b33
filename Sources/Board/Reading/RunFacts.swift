package import Diagnostics
import Digests
import Engine
import Foundation
package import Monitoring
package import ObjectStore
package import TaskGraph

/// One run, read for its tasks: kept while its record has not grown.
package actor RunReader {
  private let executor = BlockingExecutor(label: "interlock.board.runs")
  private let production: Production
  private var kept: [String: Kept] = [:]

  private struct Kept {
    var events: Int64
    var history: RunHistory
    var plan: PlanRecord?
    var causes: [[Cause]]?
  }

  /// Runs kept at a time: a run of a hundred thousand tasks has some tens of megabytes.
  private static let mostKept = 2

  package init(_ production: Production) { self.production = production }

  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  /// A run and what has become of its tasks.
  ///
  /// - Throws: `usage`, `runs.unknown`, for a name that is none.
  package func history(of run: String) throws -> RunHistory { try known(run).history }

  /// One task of a run.
  package func task(_ key: TaskKey, of run: String) throws -> TaskFacts? {
    var known = try known(run)
    guard let index = known.history.tasks.firstIndex(where: { $0.key == key }) else { return nil }
    if known.plan == nil { known.plan = try RunArchive(production).plan(of: run) }
    if known.causes == nil, let plan = known.plan {
      var history = TaskHistory(for: plan)
      let archive = RunArchive(production)
      try history.add(
        archive, programme: plan.purpose?.programme, before: plan.run, without: plan.purpose?.command)
      known.causes = try history.causes(of: plan) { try archive.log(of: $0) }
    }
    kept[run] = known
    let entry = known.plan?.tasks.firstIndex { $0.key == key }
    let spans = known.history.spans.filter { $0.task == index }
    let tasks = known.history.tasks
    return TaskFacts(
      run: run, task: tasks[index], reason: entry.flatMap { known.plan?.tasks[$0].reason } ?? "",
      because: entry.flatMap { known.causes?[$0] }?.map(CauseWords.sentence) ?? [],
      after: tasks[index].after.map { tasks[$0] }, attempts: spans,
      failures: known.history.failures.filter { $0.task == index }.flatMap(\.diagnostics),
      log: spans.last?.attempt.flatMap { log(of: $0, about: key) })
  }

  /// Whole lines of a run's events behind a place in their file, some at a time; none where there are no more.
  package func lines(of run: String, from offset: Int64) throws -> [UInt8] {
    guard ULID(run) != nil,
      let handle = FileHandle(forReadingAtPath: RunFolder(run, in: production).eventsPath)
    else { return [] }
    defer { try? handle.close() }
    try handle.seek(toOffset: UInt64(max(0, offset)))
    guard let data = try handle.read(upToCount: 1 << 18), let end = data.lastIndex(of: UInt8(ascii: "\n"))
    else { return [] }
    return Array(data[...end])
  }

  private func known(_ run: String) throws -> Kept {
    guard ULID(run) != nil, production.fileSystem.exists(RunFolder(run, in: production).path) else {
      throw Diagnostic(
        family: .usage, code: "runs.unknown", message: "there is no run `\(run)` on record",
        remedy: "`interlock run list` lists them.")
    }
    let folder = RunFolder(run, in: production)
    let size = try production.fileSystem.facts(folder.eventsPath)?.byteCount ?? 0
    if let known = kept[run], known.events == size { return known }
    let known = Kept(
      events: size, history: try RunHistory(folder), plan: kept[run]?.plan, causes: kept[run]?.causes)
    if kept.count >= Self.mostKept, kept[run] == nil, let oldest = kept.keys.min() { kept[oldest] = nil }
    kept[run] = known
    return known
  }

  /// The end of what was written about a task.
  private func log(of attempt: String, about key: TaskKey) -> TaskFacts.Log? {
    guard ULID(attempt) != nil else { return nil }
    let path = "\(production.attemptsFolder)/\(attempt)/log.txt"
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    let length = (try? handle.seekToEnd()) ?? 0
    let start = length > Self.longestLog ? length - Self.longestLog : 0
    guard (try? handle.seek(toOffset: start)) != nil,
      let data = try? handle.read(upToCount: Int(Self.longestLog))
    else { return nil }
    let part = LogSection(of: key.hex, in: data).map { Data(data[$0.range]) } ?? data
    return TaskFacts.Log(
      attempt: attempt, text: String(decoding: part.suffix(Self.shownLog), as: UTF8.self),
      isCut: start > 0 || part.count > Self.shownLog)
  }

  private static let longestLog: UInt64 = 1 << 20
  private static let shownLog = 24 << 10
}

/// Everything that the page of one task says.
package struct TaskFacts: Sendable {
  package struct Log: Sendable {
    package var attempt: String
    package var text: String
    /// Whether more stands before it.
    package var isCut: Bool
  }

  package var run: String
  package var task: RunHistory.Task
  /// Why it was planned, in a word.
  package var reason: String
  /// Causes in sentences.
  package var because: [String]
  package var after: [RunHistory.Task]
  /// Oldest first.
  package var attempts: [RunHistory.Span]
  package var failures: [Diagnostic]
  package var log: Log?
}
