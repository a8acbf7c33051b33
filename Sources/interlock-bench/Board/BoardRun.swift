import Engine
import Foundation
import Glibc
import ObjectStore
import TaskGraph

/// A run of many small tasks that goes on as far as it is told to: this process is its coordinator.
struct BoardRun {
  private let journal: RunJournal
  private let plan: Plan
  let id: String
  private(set) var done = 0

  var count: Int { plan.nodes.count }
  /// A task in the middle.
  var key: TaskKey { plan.nodes[plan.nodes.count / 2].key }

  private struct Heading: Encodable {
    var schema = 1
    var programme: String
    var pipeline: String
    var deliverables: [String] = []
    var closedGates: [String] = []
  }

  init(_ production: Production, programme: String, pipeline: String, chains: Int, chainLength: Int) throws {
    let graph = SyntheticGraph(chains: chains, chainLength: chainLength)
    let keys = graph.keys()
    plan = try Plan(graph.missingNodes(keys: keys, missing: Set(keys)))
    id = ULID.next().description
    let folder = RunFolder(id, in: production)
    let files = production.fileSystem
    try files.createFolder(folder.path)
    let began = WallClock.now().iso8601
    try files.writeNew(
      Array(try JSONEncoder().encode(RunPresence.here(run: id, began: began))),
      at: "\(folder.path)/coordinator.json", isDurable: false)
    try files.writeNew(
      try PlanRecord(plan, run: id, began: began, purpose: RunPurpose(programme: programme)).json(),
      at: folder.planPath, isDurable: false)
    try files.writeNew(
      Array(try JSONEncoder().encode(Heading(programme: programme, pipeline: pipeline))),
      at: "\(folder.path)/heading.json", isDurable: false)
    journal = try RunJournal(run: id, plan: plan, path: folder.eventsPath, in: files)
    let (stages, total) = (plan.stageTotals, plan.nodes.count)
    let frames = plan.nodes.reduce(0) { $0 + $1.frames }
    try journal.tell(.runStarted) { event in
      event.schema = RunEvent.schemaVersion
      event.host = LockHolder.hostName
      event.processID = getpid()
      event.workers = 16
      (event.stages, event.total, event.frames) = (stages, total, frames)
    }
    journal.flush()
  }

  /// Does so many tasks more.
  mutating func go(_ more: Int) throws {
    let attempt = ULID.next().description
    for task in done..<min(count, done + more) {
      let node = plan.nodes[task]
      let worker = task % 16 + 1
      try journal.tell(.attemptStarted, task: task, attempt: attempt) { event in
        (event.worker, event.total) = (worker, node.frames)
      }
      try journal.tell(.attemptEnded, task: task, attempt: attempt) { event in
        (event.worker, event.outcome) = (worker, .done)
        (event.cpuSeconds, event.peakMemoryBytes, event.writtenBytes) = (0.5, 30_000_000, 48_000)
      }
      try journal.tell(.taskDone, task: task) { event in
        (event.frames, event.total) = (node.frames, node.frames)
      }
      done += 1
    }
    journal.flush()
  }

  func end() throws {
    try journal.tell(.runFinished) { $0.exit = 0 }
    journal.flush()
  }
}
