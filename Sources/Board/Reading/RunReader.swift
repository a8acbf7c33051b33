import Diagnostics
import Digests
import Engine
import Foundation
package import Monitoring
package import ObjectStore
package import TaskGraph

/// Runs, read for their tasks. What was read of one is kept, and only what was added is read again; of runs that nobody
/// asks for any more nothing is kept.
package actor RunReader {
  private let executor = BlockingExecutor(label: "interlock.board.runs")
  private let production: Production
  private var kept: [String: RunFollower] = [:]
  /// Those that are kept, the one that was asked for last at the end.
  private var order: [String] = []
  /// How many read each: what one of them needs is not forgotten for another.
  private var readers: [String: Int] = [:]

  /// Tasks and attempts that are kept of all runs but the last: each takes some hundred bytes.
  private static let mostKept = 150_000

  package init(_ production: Production) { self.production = production }

  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  // MARK: Asking

  /// What the stages and the shots of a run took so far.
  ///
  /// - Throws: `usage`, `runs.unknown`, for a name that is none.
  package func sums(of run: String) async throws -> (stages: StageSums, shots: ShotSums) {
    try await read(run) { (StageSums($0), ShotSums($0)) }
  }

  /// The tasks of one stage.
  package func tasks(of stage: String, in run: String) async throws -> StageTasks {
    try await read(run) { StageTasks($0, stage: stage, isGoingOn: isGoingOn($0)) }
  }

  /// One task of a run; nil where the run has none of this key.
  package func task(_ key: TaskKey, of run: String) async throws -> TaskFacts? {
    try await read(run) { history in
      guard let index = history.index(of: key) else { return nil }
      let attempts = history.spans.filter { $0.task == index }
      return TaskFacts(
        run: run, isGoingOn: isGoingOn(history), task: history.tasks[index],
        after: history.tasks[index].after.map { history.tasks[$0] },
        attempts: attempts.map { span in
          var span = span
          span.ended = history.end(of: span)
          return span
        },
        failures: history.failures.filter { $0.task == index }.flatMap(\.diagnostics),
        log: attempts.last?.attempt.flatMap { log(of: $0, about: key) })
    }
  }

  /// Whole lines of a run's events behind a place in their file, some at a time; none where there are no more.
  package func lines(of run: String, from offset: Int64) throws -> [UInt8] {
    guard ULID(run) != nil,
      let handle = FileHandle(forReadingAtPath: RunFolder(run, in: production).eventsPath)
    else { return [] }
    defer { try? handle.close() }
    // Little is held for each of many readers; a line that is longer is rare.
    for most in [1 << 16, 1 << 23] {
      try handle.seek(toOffset: UInt64(max(0, offset)))
      guard let data = try handle.read(upToCount: most) else { return [] }
      if let end = data.lastIndex(of: UInt8(ascii: "\n")) { return Array(data[...end]) }
    }
    return []
  }

  // MARK: Reading

  /// Reads a piece ahead of what somebody may ask for.
  ///
  /// - Returns: whether there is more.
  package func follow(_ run: String) -> Bool {
    // What cannot be read is told to whoever asks for it.
    (try? step(run)) ?? false
  }

  /// Up to the end of what is there, and lets others ask on the way.
  private func read<Value>(_ run: String, _ look: (RunHistory) throws -> Value) async throws -> Value {
    guard ULID(run) != nil, production.fileSystem.exists(RunFolder(run, in: production).path) else {
      throw Diagnostic(
        family: .usage, code: "runs.unknown", message: "there is no run `\(run)` on record",
        remedy: "`interlock run list` lists them.")
    }
    readers[run, default: 0] += 1
    defer { readers[run] = readers[run].flatMap { $0 > 1 ? $0 - 1 : nil } }
    while try step(run) {
      try Task.checkCancellation()
      await Task.yield()
    }
    guard let follower = kept[run] else { preconditionFailure("what was read last is kept") }
    return try look(follower.history)
  }

  private func step(_ run: String) throws -> Bool {
    if order.last != run {
      order.removeAll { $0 == run }
      order.append(run)
    }
    forget()
    return try kept[run, default: RunFollower(RunFolder(run, in: production))].read()
  }

  /// Forgets runs that nobody reads, those first that were asked for longest ago.
  private func forget() {
    var (count, runs) = (0, 1)
    for run in order.dropLast().reversed() where readers[run] == nil {
      count += kept[run].map { $0.history.tasks.count + $0.history.spans.count } ?? 0
      runs += 1
      guard count > Self.mostKept || runs > Self.mostRuns else { continue }
      kept[run] = nil
      order.removeAll { $0 == run }
    }
  }

  private static let mostRuns = 16

  private func isGoingOn(_ history: RunHistory) -> Bool {
    history.exit == nil && RunFolder(history.run, in: production).isUnderWay
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
