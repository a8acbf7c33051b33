import ArgumentParser
import Engine
import Foundation
import Ledger
import ObjectStore
import TaskGraph

/// The size of the graph and, where one is needed, the production.
struct ScaleOptions: ParsableArguments {
  @Argument(help: "Holds, or will hold, the production.")
  var production: String

  @Option var chains = 20_000
  @Option var chainLength = 5

  func plan() throws -> Plan {
    let graph = SyntheticGraph(chains: chains, chainLength: chainLength)
    let keys = graph.keys()
    return try Plan(graph.missingNodes(keys: keys, missing: Set(keys)))
  }
}

/// A scheduler that is told at once that everything it starts has succeeded.
private struct InstantRun {
  private var scheduler: Scheduler
  private var started: [(task: Int, number: Int)] = []
  private(set) var doneCount = 0

  /// - Parameter places: tasks that run at once.
  init(_ plan: Plan, places: Int) {
    scheduler = Scheduler(plan)
    for _ in 0..<places { take(scheduler.apply(.opened(.worker))) }
    take(scheduler.apply(.begin))
  }

  /// What runs now.
  var running: [Int] { started.map(\.task) }

  /// Ends what runs and starts what can be started then.
  mutating func step() {
    let ended = started
    started = []
    for (task, number) in ended {
      take(scheduler.apply(.finished(task, try: number)))
      take(scheduler.apply(.opened(.worker)))
    }
  }

  private mutating func take(_ effects: [SchedulerEffect]) {
    for effect in effects {
      switch effect {
      case .start(let task, let number): started.append((task, number))
      case .settled(_, .done): doneCount += 1
      default: break
      }
    }
  }
}

/// What is timed: the decisions about every task of a graph, and nothing else.
struct ScaleSchedulerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "scale-scheduler", shouldDisplay: false)

  @OptionGroup var options: ScaleOptions

  func run() throws {
    let plan = try options.plan()
    let began = ContinuousClock.now
    var run = InstantRun(plan, places: 16)
    while !run.running.isEmpty { run.step() }
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    guard run.doneCount == plan.nodes.count else { throw BenchError("\(run.doneCount) tasks were done") }
    print(seconds)
  }
}

/// What is timed: decisions, and a durable record of every beginning, result and end, as a run keeps it: one
/// transaction for what has ended and what begins then.
struct ScaleLedgerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "scale-ledger", shouldDisplay: false)

  /// Tasks in an attempt, and attempts that run at once: small tasks on a machine with two cores.
  private static let batch = 100
  private static let workers = 2

  @OptionGroup var options: ScaleOptions

  func run() throws {
    let plan = try options.plan()
    // As the coordinator, who alone writes so much.
    let ledger = try Ledger.open(try Production.create(at: options.production), isOwner: true)
    let runID = ULID.next().description
    // There are no result files here, so what would be read back from them is made before.
    let results = try plan.nodes.map { node in
      try StoredResult(
        ResultRecord(
          key: node.key, kind: node.kind, version: node.version, output: SyntheticTask.Output(frames: 48),
          attempt: runID, tool: "interlock-bench"))
    }
    let began = ContinuousClock.now
    var run = InstantRun(plan, places: Self.batch * Self.workers)
    var changes = LedgerChanges()
    while !run.running.isEmpty {
      let running = run.running
      for first in stride(from: 0, to: running.count, by: Self.batch) {
        let batch = running[first..<min(first + Self.batch, running.count)]
        changes.opened.append(
          AttemptRecord(id: ULID.next().description, run: runID, keys: batch.map { plan.nodes[$0].key }))
      }
      try ledger.apply(changes)
      let opened = changes.opened
      changes = LedgerChanges()
      changes.results = running.map { results[$0] }
      changes.closed = opened.map { ($0.id, .done) }
      changes.timings = running.map {
        LedgerChanges.Timing(kind: plan.nodes[$0].kind, frames: plan.nodes[$0].frames, seconds: 0.001)
      }
      run.step()
    }
    try ledger.apply(changes)
    try ledger.checkpoint()
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    guard run.doneCount == plan.nodes.count,
      try ledger.knownResults().count == plan.nodes.count, try ledger.openAttempts().isEmpty
    else { throw BenchError("\(run.doneCount) tasks were done") }
    print(seconds)
  }
}

/// What is timed: a whole run, with its plan, worker processes and durable results.
struct ScaleEngineCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "scale-engine", shouldDisplay: false)

  @OptionGroup var options: ScaleOptions

  func run() async throws {
    let worker = WorkerProgram(executable: Programs.own, arguments: [ScalePoolCommand.name])
    try await options.run(try options.plan(), worker)
  }
}

extension ScaleOptions {
  /// Runs a plan in the production, with as many workers as there are cores.
  func run(_ plan: Plan, _ worker: WorkerProgram) async throws {
    let coordinator = try await Coordinator.open(
      production: try Production.create(at: production),
      configuration: EngineConfiguration(
        worker: worker, workers: ProcessInfo.processInfo.activeProcessorCount))
    let outcome = try await coordinator.run(plan) { _ in }
    await coordinator.close()
    guard outcome.exitCode == 0 else {
      throw BenchError("\(outcome.failures.count) tasks failed: \(outcome.failures.first?.diagnostics ?? [])")
    }
    print("\(outcome.done.count) done in \(outcome.attempts) attempts")
  }
}
