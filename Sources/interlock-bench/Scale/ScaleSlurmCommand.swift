import ArgumentParser
import Engine
import Farm
import Foundation
import ObjectStore

/// What is timed: a whole run whose tasks are Slurm's, from its plan to its last result.
struct ScaleSlurmCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "scale-slurm", shouldDisplay: false)

  @OptionGroup var options: ScaleOptions

  @Option(help: "How long each task takes.")
  var seconds = 0.0

  @Option(help: "Cores of a pilot; a job for each task without it.")
  var pilot: Int?

  func run() async throws {
    let plan = try options.plan()
    let environment = ProcessInfo.processInfo.environment
    var slurm = SlurmConfiguration(
      tools: InstalledSlurm(inheriting: environment), program: try Programs.sibling("interlock"),
      worker: try Programs.sibling("interlock-bench"))
    slurm.pilotCores = pilot
    slurm.environment = ["INTERLOCK_BENCH_SECONDS": "\(seconds)"]
    var configuration = EngineConfiguration(worker: WorkerProgram(executable: slurm.worker), workers: 1)
    configuration.executor = SlurmExecutor(slurm)
    let coordinator = try await Coordinator.open(
      production: try Production.create(at: options.production), configuration: configuration)
    let began = ContinuousClock.now
    let outcome = try await coordinator.run(plan) { _ in }
    let taken = (ContinuousClock.now - began) / .seconds(1)
    await coordinator.close()
    guard outcome.exitCode == 0 else {
      throw BenchError("\(outcome.failures.count) tasks failed: \(outcome.failures.first?.diagnostics ?? [])")
    }
    print(taken)
  }
}
