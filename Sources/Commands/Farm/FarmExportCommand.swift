import ArgumentParser
import Diagnostics
import Engine
import Farm
import Foundation
import Glibc
import ObjectStore
import Planning
import TaskGraph

struct FarmExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a plan as a job that a farm runs by itself.",
    discussion: """
      New media is probed and the plan is made, as by `interlock run`; then everything that is missing is written to a \
      new folder: a task file for each task and the farm's own description of the job. No coordinator has to be there \
      while it runs. The job ends with published versions; the next `interlock run` takes up what the farm made, from \
      the results alone, and makes what is still missing.

        interlock farm export openjd Pipelines/short-film.yaml -o job
        openjd run job/template.json -p file://job/parameters.json

        interlock farm export slurm Pipelines/short-film.yaml -o job
        job/submit.sh --partition=farm

      Formats: openjd (Open Job Description 2023-09, for AWS Deadline Cloud and others), slurm (sbatch with \
      dependencies), ninja, shell, deadline (Deadline 10), opencue. Farm machines have to see the production and the \
      media, by the same paths or by path mapping, and have the same packages.
      """)

  @Argument(help: "openjd, slurm, ninja, shell, deadline or opencue.")
  var format: FarmFormatName

  @OptionGroup var pipeline: PipelineOptions
  @OptionGroup var production: ProductionOptions
  @OptionGroup var waiting: WaitOptions

  @Option(name: [.customShort("o"), .customLong("output")], help: "The folder of the job; a new one.")
  var output: String

  @Option(help: "For opencue: the show, which must exist there. Default: the programme.")
  var show: String?

  @Option(help: "For opencue: the shot.")
  var shot: String = "all"

  @Option(help: "For opencue: who submits the job; not root, whom the farm refuses. Default: you.")
  var user: String?

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let user = user ?? Machine.userName
    if format == .opencue, user == "root" {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "export.root", message: "OpenCue takes no jobs of root",
          remedy: "Name somebody whom the farm knows: --user NAME.")
      ])
    }
    let loaded = try await pipeline.load()
    let tools = try await WorkerExecutable.identity()
    let folder = try production.createOrOpen()
    let engine = try await EngineAccess.open(
      folder, workers: nil, isQuiet: json, wait: waiting.limit)
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
    try ObjectIntake.store(plan.objects, in: engine.store, when: !plan.plan.isEmpty)
    if !plan.plan.isEmpty || plan.hasAsked {
      try engine.store.recordFootprint(
        of: plan.footprint, programme: loaded.programme, pipeline: pipeline.pipeline)
    }
    await engine.close()
    let target = FilePaths.resolve(output, from: FilePaths.current)
    let job = FarmJob(
      plan.plan, name: loaded.programme,
      places: .init(
        program: InterlockExecutable.path, production: folder.root,
        media: loaded.timeline.mediaRoots.map(\.path), folder: target),
      tokens: loaded.tokens, tools: tools.byName)
    let format: any JobFormat =
      switch format {
      case .openjd: OpenJobTemplate()
      case .slurm: SlurmScript()
      case .ninja: NinjaFile()
      case .shell: ShellScript()
      case .deadline: DeadlineFiles()
      case .opencue: OpenCueSpec(show: show ?? loaded.programme, shot: shot, user: user)
      }
    if !plan.plan.isEmpty { try JobBundle(job, format: format).write(to: target) }
    let told = FarmExportReport(
      job: job, held: plan.held.count, start: format.start(job, folder: output),
      takeUp: takeUp, folder: plan.plan.isEmpty ? nil : output)
    Outcome.printDiagnostics(plan.diagnostics)
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(told, isPretty: true), as: UTF8.self))
    } else {
      Outcome.printResult(told.text)
    }
    if plan.plan.isEmpty, !plan.held.isEmpty { throw ExitCode(6) }
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

enum FarmFormatName: String, ExpressibleByArgument, CaseIterable {
  case openjd, slurm, ninja, shell, deadline, opencue
}

/// What was exported, for people and programs.
struct FarmExportReport: Encodable {
  struct Step: Encodable {
    var name: String
    var tasks: Int
    var frames: Int
    var waitsFor: [String]
    var cores: Int
    var memoryMiB: Int
  }

  /// Nil when there was nothing to do.
  var folder: String?
  var tasks: Int
  var steps: [Step]
  /// Tasks behind closed gates, which are not part of the job.
  var held: Int
  var start: [String]
  /// What takes up the results afterwards; nil when there was nothing to do.
  var takeUp: String?

  init(job: FarmJob, held: Int, start: [String], takeUp: String, folder: String?) {
    self.folder = folder
    self.held = held
    self.start = folder == nil ? [] : start
    self.takeUp = folder == nil ? nil : takeUp
    tasks = job.plan.nodes.count
    steps = job.steps.map { step in
      Step(
        name: step.name, tasks: step.tasks.count, frames: step.frames,
        waitsFor: step.dependencies.map { job.steps[$0].name }, cores: step.needs.cores,
        memoryMiB: step.needs.memory)
    }
  }

  var text: String {
    guard let folder, let takeUp else {
      return held == 0
        ? "Nothing to do: everything exists and is verified" : "\(held) tasks wait behind closed gates"
    }
    var lines = ["\(folder): \(tasks) tasks in \(steps.count) steps"]
    let width = 2 + (steps.map(\.name.count).max() ?? 0)
    for step in steps {
      let count = step.tasks == 1 ? "1 task" : "\(step.tasks) tasks"
      let frames = step.frames > 0 ? ", \(step.frames) frames" : ""
      let waits = step.waitsFor.isEmpty ? "" : "; after \(step.waitsFor.joined(separator: ", "))"
      lines.append(
        "  " + step.name.padding(toLength: width, withPad: " ", startingAt: 0) + count + frames + waits)
    }
    if held > 0 { lines.append("\(held) tasks wait behind closed gates; export again when they are open") }
    lines.append("Start it:")
    lines += start.map { "  \($0)" }
    lines.append("Then take up what was made:")
    lines.append("  \(takeUp)")
    return lines.joined(separator: "\n")
  }
}

/// The running program, as farm machines call it.
enum InterlockExecutable {
  static let path = FilePaths.real("/proc/self/exe") ?? CommandLine.arguments[0]
}

extension ToolIdentity {
  /// Each by the name under which a worker knows it.
  var byName: [String: String] {
    encoders.merging(["libraries": libraries, "kernels": kernels, "drawing": drawing]) { $1 }
  }
}
