import ArgumentParser
import Diagnostics
package import Digests
package import Engine
import Foundation
import Glibc
import Monitoring
package import ObjectStore
import Planning
import Publishing
import TaskGraph

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pipeline", abstract: "Plan a pipeline and do what is missing.",
    usage: "interlock run PIPELINE [options]\ninterlock run list|show|diff …",
    discussion: """
      Media that is new or changed is probed, the cut is conformed, and only frames and mixes that do not exist yet \
      are made; then deliverables are assembled, verified and published as immutable versions. Run it again with \
      nothing changed and nothing is done. It may be killed at any time: run it again and it goes on.

        interlock run Pipelines/short-film.yaml --production Output
        interlock run Pipelines/short-film.yaml --production Output --set timeline.cut=next.edl
        interlock run Pipelines/short-film.yaml --production Output --report run.html

      Tasks start when their cores, memory, licences and places in pools are free: --workers and --memory say what \
      the run may use of this machine, `licences:` and `pools:` in the pipeline file what there is of the rest, and \
      `priority:` of a stage what goes first. Bad input is never tried again, a failing program three times; disk, \
      network and licence faults are waited out, until nothing at all was achieved for 10 minutes (licences: 4 \
      hours), then the run ends with exit code 75. A task that crashes its worker three times is quarantined: later \
      runs say so and try it once.

        interlock run Pipelines/short-film.yaml --workers 6 --memory 24G --fail-fast

      On a Slurm cluster that sees the production, tasks run as jobs: partition, account and the like stand under \
      `farm:` in the pipeline file or in a file of the site. Kill this command and run it again, and it takes up the \
      jobs that go on. Many short tasks are better off in one allocation (--pilot).

        interlock run Pipelines/short-film.yaml --executor slurm --farm site.yaml
        interlock run Pipelines/short-film.yaml --executor slurm --pilot 16

      Runs on record: `interlock run list`, `interlock run show latest`, `interlock run diff previous latest`. A \
      pipeline file that is called as one of these is named with its folder: ./list.
      """)

  @OptionGroup var pipeline: PipelineOptions
  @OptionGroup var production: ProductionOptions
  @OptionGroup var waiting: WaitOptions
  @OptionGroup var limits: LimitOptions

  @Option(
    help: ArgumentHelp(
      "Worker processes, and cores they keep busy; with Slurm, tasks that are with it at once. Default: the cores of this "
        + "machine or container; with Slurm what `farm:` says, or 1000."))
  var workers: Int?

  @Option(
    help: ArgumentHelp(
      "Memory that tasks may use together, e.g. 24G. Default: that of this machine or container, less a tenth.",
      valueName: "size"), transform: MemorySize.init(argument:))
  var memory: MemorySize?

  @Flag(help: "What a failed task stops: what depends on it, or everything.")
  var onFailure: FailureReach = .keepGoing

  @Option(
    help: "Where tasks run: local, slurm, or openjd (the runtime of Open Job Description on this machine).")
  var executor: String = "local"

  @OptionGroup var slurm: SlurmOptions

  @OptionGroup var monitoring: MonitoringOptions

  @Flag(help: "Print the result as JSON on standard output.")
  var json = false

  func validate() throws {
    guard ["local", "slurm", "openjd"].contains(executor) else {
      throw ValidationError("--executor takes local, slurm or openjd, not \(executor)")
    }
    let mostWorkers = executor == "slurm" ? 100_000 : 256
    if let workers, !(1...mostWorkers).contains(workers) {
      throw ValidationError("--workers takes a number from 1 to \(mostWorkers)")
    }
    if executor != "slurm", slurm.pilot != nil { throw ValidationError("--pilot is for --executor slurm") }
    if executor == "slurm", memory != nil {
      throw ValidationError("--memory is for --executor local; Slurm counts the memory of its nodes")
    }
  }

  func run() async throws {
    let started = ContinuousClock.now
    let loaded = try await pipeline.load()
    let openJobs = executor == "openjd" ? try OpenJobProgram.found() : nil
    // Nothing is made on disk before the pipeline file is known to be good.
    let tools = try await WorkerExecutable.identity()
    let folder = try production.createOrOpen()
    if !json,
      let note = try GivenCutNote.line(
        loaded, overrides: pipeline.overrides, production: folder, typed: production.production)
    {
      Outcome.printError(note)
    }
    let monitor = try monitoring.begin(loaded, inputs: [pipeline.pipeline], isQuiet: json)
    defer { monitor.close() }
    let engine = try await EngineAccess.open(
      folder, workers: workers, memory: memory, observer: monitor.observer, limits: limits,
      wait: waiting.limit,
      executor: executor == "slurm" ? slurm.executor(loaded.farm, jobs: workers, limits: limits) : nil,
      tools: tools)
    monitor.watch(engine.ledger)
    try await engine.closing {
      try await run(
        loaded, in: folder, with: engine, tools: tools, openJobs: openJobs, monitor, since: started)
    }
  }

  private func run(
    _ loaded: Pipeline, in folder: Production, with engine: Coordinator, tools: ToolIdentity,
    openJobs: OpenJobProgram?, _ monitor: RunMonitor, since started: ContinuousClock.Instant
  ) async throws {
    let former = await engine.formerCount
    if former > 0, !json {
      let tasks = former == 1 ? "1 task" : "\(former) tasks"
      Outcome.printError(
        "Taking up \(tasks) that an earlier run gave to Slurm and that are still in work there")
    }
    let openJobControl = OpenJobProgram.Control()
    let signals = SignalWatch {
      engine.cancel()
      openJobControl.cancel()
    }
    defer { signals.stop() }
    let session = ProgrammeSession(
      pipeline: loaded, production: folder, store: engine.store, ledger: engine.ledger, tools: tools)
    let plan = try await session.plan(until: pipeline.until, probing: engine, heeding: signals)
    try engine.refuseMisfits(of: plan.plan, tokens: loaded.tokens)
    try session.recordFootprint(of: plan, from: pipeline.pipeline)
    var options = RunOptions()
    options.tokens = loaded.tokens
    options.stopsAtFirstFailure = onFailure == .failFast
    options.purpose = session.purpose(.main, of: plan)
    var left = plan
    var farm: OpenJobExecutor.Work?
    if let openJobs {
      try ObjectIntake.store(plan.objects, in: engine.store, when: !plan.plan.isEmpty)
      farm = try await OpenJobExecutor(
        program: openJobs, control: openJobControl, pipeline: loaded, production: folder, tools: tools,
        isQuiet: json
      ).run(plan.plan.forWorkers())
      if let signal = signals.received {
        Outcome.printError("Cancelled; finished segments are kept, run again to go on")
        throw ExitCode(128 + signal)
      }
      left = try await session.plan(until: pipeline.until, probing: engine)
    }
    // What turns out to be lost while it is published is made again here.
    var isFarmed = farm != nil
    var outcome = try await Rewind(
      engine: engine, options: options,
      heading: { plan in
        let heading = RunHeading(plan, of: loaded)
        monitor.note(heading)
        return try JSONBytes.encode(heading)
      }
    ) {
      try await session.plan(until: pipeline.until, probing: engine)
    }.run(
      left,
      tasks: { plan in
        defer { isFarmed = false }
        return try isFarmed ? plan.plan.forCoordinator() : plan.plan
      })
    if let farm {
      outcome.note(farm, planned: plan.plan, left: left.plan) { engine.store.hasResult($0) }
    }
    try monitor.finish(outcome.runID, RunHeading(plan, of: loaded), in: folder)
    let elapsed = (ContinuousClock.now - started).components
    let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
    let seals = VersionSeals(store: engine.store, ledger: engine.ledger)
    // The next plan finds at once what was published now.
    defer { seals.keep() }
    let summary = RunSummary(
      plan: plan, outcome: outcome, production: folder, typed: production.production ?? ".",
      seals: seals,
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
      for line in Self.logs(of: outcome.failures, in: production) { Outcome.printError(line) }
      for label in outcome.blocked { Outcome.printError("not done, because it needs one of these: \(label)") }
      if let reason = outcome.earlyEnd.map(RunSummary.reason) {
        Outcome.printError("not done, because \(reason): \(outcome.undone.count) tasks")
      }
      throw ExitCode(Int32(outcome.exitCode))
    }
    let findings = try summary.qualityFaults()
    if !findings.isEmpty {
      Outcome.printDiagnostics(findings)
      throw ExitCode(4)
    }
    if plan.deliverables.contains(where: { !$0.waitsFor.isEmpty }) { throw ExitCode(6) }
  }

  /// How to read the logs of what failed, of the first few.
  private static func logs(of failures: [TaskFailure], in production: ProductionOptions) -> [String] {
    let option = production.production.map { " --production \($0)" } ?? ""
    return failures.prefix(5).compactMap { failure in
      failure.attempt.map { "log of \(TerminalText.printable(failure.label)): interlock logs \($0)\(option)" }
    }
  }
}

/// What the failure of a task stops.
enum FailureReach: String, EnumerableFlag {
  case keepGoing, failFast

  static func help(for value: FailureReach) -> ArgumentHelp? {
    switch value {
    case .keepGoing: "A failed task stops only what depends on it."
    case .failFast: "The first failure stops everything; finished segments are kept."
    }
  }
}

/// A size of memory as typed: `800M`, `24G`, `1.5T`, `24 GiB`; powers of 1024.
struct MemorySize {
  let bytes: Int64

  init(argument: String) throws {
    let digits = argument.prefix { $0.isNumber || $0 == "." }
    let unit = argument.dropFirst(digits.count).filter { $0 != " " }.uppercased()
    let powers = ["M": 20, "G": 30, "T": 40]
    guard let number = Double(digits), let power = unit.first.flatMap({ powers[String($0)] }),
      ["", "B", "IB"].contains(unit.dropFirst()), case let size = number * Double(1 << power),
      size >= Double(64 << 20), size < Double(1 << 60)
    else { throw ValidationError("--memory takes a size of at least 64M, for instance 24G, not \(argument)") }
    bytes = Int64(size)
  }
}

/// Opens engines for commands.
package enum EngineAccess {
  package static func open(
    _ production: Production, workers: Int?, isQuiet: Bool, wait: Duration = .zero
  ) async throws -> Coordinator {
    try await open(production, workers: workers, observer: LiveView(isQuiet: isQuiet), wait: wait)
  }

  static func open(
    _ production: Production, workers: Int?, memory: MemorySize? = nil, observer: any RunObserver,
    limits: LimitOptions? = nil, wait: Duration = .zero, executor: (any Executor)? = nil,
    tools: ToolIdentity? = nil
  ) async throws -> Coordinator {
    if executor == nil { try await SlurmLeftovers.refuse(in: production) }
    StorageNote.tell(of: production)
    let machine = MachineResources.here()
    var configuration = EngineConfiguration(
      worker: WorkerProgram(executable: WorkerExecutable.path), workers: workers ?? machine.cores)
    configuration.memoryBytes = memory?.bytes ?? machine.memoryBytes
    configuration.lockWait = wait
    configuration.executor = executor
    // The workers of an executor may be on machines of another make.
    configuration.tools = executor == nil ? nil : tools?.inventory
    limits?.apply(to: &configuration)
    return try await Coordinator.open(
      production: production, configuration: configuration, observer: observer)
  }
}

/// Puts the documents of a plan into the store before its tasks need them.
package enum ObjectIntake {
  package static func store(_ objects: [Digest: [UInt8]], in store: ObjectStore, when isNeeded: Bool) throws {
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
