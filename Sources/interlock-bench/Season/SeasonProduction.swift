import ArgumentParser
import Commands
import Engine
import Ledger
import ObjectStore
import Planning
import Publishing
import TaskGraph
import TaskKinds

/// Brings a season to the state in which nothing is to be done: media is probed and text typeset by real workers, all
/// else is published as `FinishedWork`, and versions by the program's own publisher.
struct SeasonProduction {
  let media: SeasonMedia
  let path: String

  func finish() async throws {
    let production = try Production.create(at: path)
    let tools = try await WorkerExecutable.identity()
    let engine = try await EngineAccess.open(production, workers: nil, isQuiet: true)
    for turnover in media.programmes {
      let pipeline = try PipelineLoader.load(media.pipelinePath(of: turnover))
      let session = ProgrammeSession(
        pipeline: pipeline, production: production, store: engine.store, ledger: engine.ledger, tools: tools)
      let plan = try await session.plan(until: nil, probing: engine)
      Progress.say("\(turnover.name): \(plan.plan.nodes.count) tasks …")
      try ObjectIntake.store(plan.objects, in: engine.store, when: true)
      var work = try FinishedWork(engine.store, ledger: engine.ledger)
      try work.finish(plan.plan)
      let publisher = Publisher(store: engine.store)
      for node in plan.plan.nodes where node.kind == PublishTask.identifier {
        _ = try publisher.publish(node)
      }
    }
    await engine.close()
  }
}

/// Makes the season; a process of its own, so that its memory is not counted in what is measured.
struct PrepareSeasonCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "prepare-season", shouldDisplay: false)

  @Argument(help: "Holds, or will hold, the season.")
  var folder: String

  @Option var programmes = 10
  @Option var shots = 600
  @Option var frames = 65_000

  func run() async throws {
    guard let ffmpeg = Programs.installed("ffmpeg") else {
      throw BenchError("FFmpeg is not installed (Debian: ffmpeg)")
    }
    let media = SeasonMedia(
      folder: folder,
      programmes: (1...programmes).map { SeasonTurnover(programme: $0, shots: shots, frames: frames) })
    try media.write(ffmpeg: ffmpeg)
    try await SeasonProduction(media: media, path: "\(folder)/production").finish()
  }
}
