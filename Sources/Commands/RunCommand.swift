import ArgumentParser
import Diagnostics
import Digests
import Engine
import Foundation
import Glibc
import ObjectStore
import Planning
import TaskGraph

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Plan a pipeline and do what is missing.",
    discussion: """
      Media that is new or changed is probed, the cut is conformed, and only frames and mixes that do not exist yet \
      are made; then deliverables are assembled, verified and published as immutable versions. Run it again with \
      nothing changed and nothing is done. It may be killed at any time: run it again and it goes on.

        interlock run Pipelines/short-film.yaml --production Output
        interlock run Pipelines/short-film.yaml --production Output --set timeline.cut=next.edl
      """)

  @OptionGroup var pipeline: PipelineOptions
  @OptionGroup var production: ProductionOptions
  @OptionGroup var limits: LimitOptions
  @OptionGroup var waiting: WaitOptions

  @Option(help: "Worker processes. Default: one for each core.")
  var workers: Int?

  @Option(help: "Where tasks run: local.")
  var executor: String = "local"

  @Flag(help: "Print the result as JSON on standard output.")
  var json = false

  func validate() throws {
    if let workers, !(1...256).contains(workers) {
      throw ValidationError("--workers takes a number from 1 to 256")
    }
    if executor != "local" {
      throw ValidationError("--executor \(executor) is not available in this version; use local")
    }
  }

  func run() async throws {
    let started = ContinuousClock.now
    let loaded = try await pipeline.load()
    // Nothing is made on disk before the pipeline file is known to be good.
    let tools = try await WorkerExecutable.identity()
    let folder = try production.createOrOpen()
    let engine = try await EngineAccess.open(
      folder, workers: workers, isQuiet: json, wait: waiting.limit, limits: limits)
    let signals = SignalWatch { engine.cancel() }
    defer { signals.stop() }
    let session = ProgrammeSession(
      pipeline: loaded, production: folder, store: engine.store, ledger: engine.ledger, tools: tools)
    let plan: ProgrammePlan
    do {
      plan = try await session.plan(until: pipeline.until, probing: engine)
    } catch is CancelledRun {
      throw ExitCode(128 + (signals.received ?? SIGINT))
    }
    if let signal = signals.received { throw ExitCode(128 + signal) }
    let publisher = Publisher(store: engine.store)
    let outcome = try await Rewind(engine: engine) {
      try await session.plan(until: pipeline.until, probing: engine)
    }.run(plan)
    let elapsed = (ContinuousClock.now - started).components
    let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
    let summary = RunSummary(
      plan: plan, outcome: outcome, production: folder, typed: production.production ?? ".",
      publisher: publisher,
      programme: loaded.programme, seconds: seconds)
    if json {
      Outcome.printResult(
        String(decoding: try JSONBytes.encode(try summary.report(), isPretty: true), as: UTF8.self))
    } else {
      Outcome.printDiagnostics(plan.diagnostics + outcome.warnings)
      Outcome.printResult(try summary.text())
    }
    if let signal = signals.received { throw ExitCode(128 + signal) }
    if outcome.exitCode != 0 {
      Outcome.printDiagnostics(outcome.failures.flatMap(\.diagnostics))
      for label in outcome.blocked { Outcome.printError("not done, because it needs one of these: \(label)") }
      throw ExitCode(Int32(outcome.exitCode))
    }
    if plan.deliverables.contains(where: { !$0.waitsFor.isEmpty }) { throw ExitCode(6) }
  }
}

/// Opens engines for commands.
enum EngineAccess {
  static func open(
    _ production: Production, workers: Int?, isQuiet: Bool, wait: Duration = .zero,
    limits: LimitOptions? = nil
  ) async throws -> Coordinator {
    StorageNote.tell(of: production)
    let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    var configuration = EngineConfiguration(
      worker: WorkerProgram(executable: WorkerExecutable.path), workers: workers ?? cores)
    configuration.lockWait = wait
    limits?.apply(to: &configuration)
    return try await Coordinator.open(
      production: production, configuration: configuration, observer: LiveView(isQuiet: isQuiet))
  }
}

/// Puts the documents of a plan into the store before its tasks need them.
enum ObjectIntake {
  static func store(_ objects: [Digest: [UInt8]], in store: ObjectStore, when isNeeded: Bool) throws {
    guard isNeeded else { return }
    let missing = objects.filter { !store.contains($0.key) }
    guard !missing.isEmpty else { return }
    let scratch = try AttemptFolder.create(in: store.production)
    defer { try? scratch.remove() }
    for (digest, bytes) in missing.sorted(by: { $0.key < $1.key }) {
      _ = try store.commitObject(bytes: bytes, name: digest.hex, scratch: scratch.path)
    }
  }
}
