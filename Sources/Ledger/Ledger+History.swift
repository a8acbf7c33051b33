import Digests
import FoundationEssentials
import GRDB
import ObjectStore
import TaskGraph

/// What the files of a production tell about its past: attempts from their folders, and how long tasks took from the
/// records of runs.
struct ProductionHistory {
  struct PastAttempt {
    var record: AttemptRecord
    /// Nil for one that was under way when it was last heard of.
    var outcome: AttemptOutcome?
    /// ISO 8601, UTC.
    var closed: String?
  }

  struct Timing {
    var kind: String
    var frames: Int
    var seconds: Double
  }

  private(set) var attempts: [PastAttempt] = []
  /// Oldest first.
  private(set) var timings: [Timing] = []

  /// A line of `events.jsonl`, as far as it is needed here.
  private struct Event: Codable {
    var event: String
    var at: String
    var seconds: Double
    var task: TaskKey?
    var kind: String?
    var attempt: String?
    var frames: Int?
    var outcome: String?
    /// Which attempt at the task it is, from 1, and its length.
    var number: Int?
    var duration: Double?
    var failure: String?
  }

  /// An entry of `plan.json`, as far as it is needed here.
  private struct PlannedTasks: Codable {
    struct Entry: Codable {
      var key: TaskKey
      var commits: [TaskKey]?
    }
    var tasks: [Entry]
  }

  private struct Ending: Codable {
    var exit: Int32
    var failure: String?
  }

  init(_ production: Production) throws {
    let files = production.fileSystem
    let folders = Set(try AttemptFolder.ids(in: production))
    var known: [String: PastAttempt] = [:]
    for run in try files.names(in: production.runsFolder) where ULID(run) != nil {
      try read(run, production, folders: folders, attempts: &known)
    }
    for id in folders {
      // A run that was killed may have lost the end of its record; its attempts have folders.
      var attempt = try known[id] ?? Self.unrecorded(id, production)
      if attempt?.outcome == nil { try Self.close(&attempt, id, production) }
      if let attempt { known[id] = attempt }
    }
    attempts = known.values.sorted { $0.record.id < $1.record.id }
  }

  private mutating func read(
    _ run: String, _ production: Production, folders: Set<String>, attempts: inout [String: PastAttempt]
  ) throws {
    guard let (bytes, _) = try production.fileSystem.read("\(production.runsFolder)/\(run)/events.jsonl")
    else {
      return
    }
    let decoder = JSONDecoder()
    var started: [TaskKey: (count: Int, at: Double, attempt: String?)] = [:]
    var durations: [TaskKey: Double] = [:]
    var keys: [TaskKey: [TaskKey]]?
    for line in bytes.split(separator: UInt8(ascii: "\n")) where Self.tells(line) {
      // The last line of a killed run may be cut short.
      guard let event = try? decoder.decode(Event.self, from: Data(line)), let task = event.task else {
        continue
      }
      switch event.event {
      case "attemptStarted":
        started[task] = ((started[task]?.count ?? 0) + 1, event.seconds, event.attempt)
        guard let id = event.attempt else { continue }
        let commits = try keys ?? Self.keys(run, production)
        keys = commits
        // Several tasks may share an attempt.
        attempts[
          id, default: PastAttempt(record: AttemptRecord(id: id, run: run, keys: [], opened: event.at))
        ]
        .record.keys += commits[task] ?? [task]
      case "attemptEnded":
        guard let id = event.attempt else { continue }
        attempts[id]?.outcome = event.outcome.flatMap(AttemptOutcome.init(rawValue:))
        attempts[id]?.closed = event.at
        // A repeated attempt at what publishes on the way found part of its work done.
        if event.outcome == AttemptOutcome.done.rawValue,
          event.number ?? 1 == 1 || keys?[task]?.count ?? 1 == 1
        {
          durations[task] = event.duration
        }
      case "taskDone":
        guard let kind = event.kind, let start = started[task], let id = start.attempt else { continue }
        if attempts[id]?.outcome == nil {
          attempts[id]?.outcome = .done
          attempts[id]?.closed = event.at
        }
        if start.count == 1 || keys?[task]?.count ?? 1 == 1 {
          timings.append(
            Timing(
              kind: kind, frames: event.frames ?? 0,
              seconds: durations[task] ?? max(0, event.seconds - start.at)))
        }
      case "workerLost":
        guard let id = event.attempt else { continue }
        attempts[id]?.outcome = .lost
        attempts[id]?.closed = event.at
      default: break
      }
    }
  }

  private static let marker = Array("\"event\":\"".utf8)
  private static let telling: Set<String> = ["attemptStarted", "attemptEnded", "taskDone", "workerLost"]

  /// Whether a line is worth decoding: most lines are about progress.
  private static func tells(_ line: ArraySlice<UInt8>) -> Bool {
    var rest = line
    while let quote = rest.firstIndex(of: UInt8(ascii: "\"")) {
      rest = rest[quote...]
      if rest.starts(with: marker) {
        let name = rest.dropFirst(marker.count).prefix { $0 != UInt8(ascii: "\"") }
        return telling.contains(String(decoding: name, as: UTF8.self))
      }
      rest = rest.dropFirst()
    }
    return false
  }

  private static func keys(_ run: String, _ production: Production) throws -> [TaskKey: [TaskKey]] {
    guard let (bytes, _) = try production.fileSystem.read("\(production.runsFolder)/\(run)/plan.json"),
      let plan = try? JSONDecoder().decode(PlannedTasks.self, from: Data(bytes))
    else { return [:] }
    return Dictionary(plan.tasks.map { ($0.key, ($0.commits ?? []) + [$0.key]) }) { first, _ in first }
  }

  /// An attempt that no run tells of: exported to a farm, or of a run whose record ends before it.
  private static func unrecorded(_ id: String, _ production: Production) throws -> PastAttempt? {
    guard let folder = AttemptFolder.open(id: id, in: production),
      production.fileSystem.exists(folder.exitPath)
    else { return nil }
    let keys = try folder.taskFiles().compactMap {
      try? JSONDecoder().decode(TaskFileHead.self, from: Data($0)).key
    }
    return keys.isEmpty ? nil : PastAttempt(record: AttemptRecord(id: id, run: "", keys: keys))
  }

  /// What the worker's own last word says of an attempt.
  private static func close(_ attempt: inout PastAttempt?, _ id: String, _ production: Production) throws {
    guard attempt != nil, let folder = AttemptFolder.open(id: id, in: production),
      let (bytes, facts) = try production.fileSystem.read(folder.exitPath),
      let ending = try? JSONDecoder().decode(Ending.self, from: Data(bytes))
    else { return }
    attempt?.outcome = ending.exit == 0 ? .done : ending.failure == "cancelled" ? .cancelled : .failed
    attempt?.closed = facts.modified.iso8601
  }
}

extension Ledger {
  /// Puts attempts that are not on record there, and timings if there are none at all.
  func recordHistory(_ history: ProductionHistory) throws {
    try translating {
      try database.write { db in
        for attempt in history.attempts {
          let record = attempt.record
          guard
            try Row.fetchOne(db, sql: "SELECT 1 FROM attempts WHERE id = ?", arguments: [record.id]) == nil
          else { continue }
          try db.cachedStatement(
            sql: "INSERT INTO attempts (id, run, opened, closed, outcome) VALUES (?, ?, ?, ?, ?)"
          ).execute(arguments: [
            record.id, record.run, record.opened, attempt.closed, attempt.outcome?.rawValue,
          ])
          guard attempt.outcome == nil else { continue }
          for (position, key) in record.keys.enumerated() {
            try db.cachedStatement(sql: "INSERT INTO attemptKeys (attempt, position, key) VALUES (?, ?, ?)")
              .execute(arguments: [record.id, position, key.data])
          }
        }
        guard try Int.fetchOne(db, sql: "SELECT count(*) FROM timings") == 0 else { return }
        for (kind, timings) in Dictionary(grouping: history.timings, by: \.kind) {
          for timing in timings.suffix(Self.timingsKept) {
            try db.cachedStatement(sql: "INSERT INTO timings (kind, frames, seconds) VALUES (?, ?, ?)")
              .execute(arguments: [kind, timing.frames, timing.seconds])
          }
        }
      }
    }
  }
}
