import ArgumentParser
import Diagnostics
import Engine
import Farm
import ObjectStore
import Planning
import TaskGraph

/// What a job for a farm is made of and where it goes.
struct FarmJobOptions: ParsableArguments {
  @OptionGroup var pipeline: PipelineOptions
  @OptionGroup var production: ProductionOptions
  @OptionGroup var waiting: WaitOptions

  @Option(name: [.customShort("o"), .customLong("output")], help: "The folder of the job; a new one.")
  var output: String

  @Option(help: "For opencue: the show, which must exist there. Default: the programme.")
  var show: String?

  @Option(help: "For opencue: the shot. Default: all.")
  var shot: String?

  @Option(help: "For opencue: who submits the job; not root, whom the farm refuses. Default: you.")
  var user: String?

  func validate(for format: FarmFormatName) throws {
    let others = [("--show", show), ("--shot", shot), ("--user", user)].filter { $0.1 != nil }
    if format != .opencue, let first = others.first {
      throw ValidationError("\(first.0) is for opencue; \(format.rawValue) has no such thing")
    }
  }

  /// Plans, and writes everything that is missing as a job.
  func export(as name: FarmFormatName, isQuiet: Bool) async throws -> FarmExportReport {
    let user = user ?? Machine.userName
    if name == .opencue, user == "root" {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "export.root", message: "OpenCue takes no jobs of root",
          remedy: "Name somebody whom the farm knows: --user NAME.")
      ])
    }
    let target = FilePaths.resolve(output, from: FilePaths.current)
    // A long plan for a folder that will not do helps nobody.
    try JobBundle.check(target, typed: output)
    let loaded = try await pipeline.load()
    let tools = try await WorkerExecutable.identity()
    let folder = try production.createOrOpen()
    let engine = try await EngineAccess.open(folder, workers: nil, isQuiet: isQuiet, wait: waiting.limit)
    let signals = SignalWatch { engine.cancel() }
    defer { signals.stop() }
    let session = ProgrammeSession(
      pipeline: loaded, production: folder, store: engine.store, ledger: engine.ledger, tools: tools)
    let plan = try await session.plan(until: pipeline.until, probing: engine, heeding: signals)
    try ObjectIntake.store(plan.objects, in: engine.store, when: !plan.plan.isEmpty)
    try session.recordFootprint(of: plan, from: pipeline.pipeline)
    await engine.close()
    let job = FarmJob(
      plan.plan, of: loaded, in: folder, tools: tools, folder: target)
    let format: any JobFormat =
      switch name {
      case .openjd: OpenJobTemplate()
      case .slurm: SlurmScript()
      case .ninja: NinjaFile()
      case .shell: ShellScript()
      case .deadline: DeadlineFiles()
      case .opencue: OpenCueSpec(show: show ?? loaded.programme, shot: shot ?? "all", user: user)
      }
    if !plan.plan.isEmpty { try JobBundle(job, format: format).write(to: target, typed: output) }
    Outcome.printDiagnostics(plan.diagnostics)
    return FarmExportReport(
      job: job, held: plan.held.count, start: format.start(job, folder: output),
      takeUp: takeUp, folder: plan.plan.isEmpty ? nil : output)
  }

  /// The run that plans the same: with all that this plan was made with.
  private var takeUp: String {
    let words =
      ["interlock", "run", pipeline.pipeline] + pipeline.overrides.flatMap { ["--set", $0] }
      + (pipeline.until.map { ["--until", $0] } ?? [])
      + (production.production.map { ["--production", $0] } ?? [])
    return words.map(FarmText.shellQuoted).joined(separator: " ")
  }
}

extension FarmJob {
  /// What is missing of a pipeline, made with the programs of this machine.
  ///
  /// - Parameter folder: absolute path of the folder that the job is written to.
  init(_ plan: Plan, of pipeline: Pipeline, in production: Production, tools: ToolIdentity, folder: String) {
    self.init(
      plan, name: pipeline.programme,
      places: Places(
        program: WorkerExecutable.ownPath, production: production.root,
        media: pipeline.timeline.mediaRoots.map(\.path), folder: folder),
      tokens: pipeline.tokens, tools: tools.inventory)
  }
}

extension ToolIdentity {
  /// Each by the name under which a worker knows it.
  var inventory: ToolInventory {
    ToolInventory(
      encoders.merging(
        ["libraries": libraries, "kernels": kernels, "drawing": drawing, "colour": colour]) { $1 })
  }
}
