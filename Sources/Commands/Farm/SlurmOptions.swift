import ArgumentParser
import Engine
import Farm
import Foundation
import Planning

/// How tasks are given to Slurm.
struct SlurmOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "With --executor slurm: one job of so many cores that takes all tasks, one after the other, without a job for each.",
      valueName: "cores"))
  var pilot: Int?

  @Option(
    name: .customLong("farm"),
    help: ArgumentHelp(
      "YAML file with the site's partition, account, QOS, modules and container, as under `farm:` of a pipeline, which "
        + "wins. Default: INTERLOCK_FARM.", valueName: "file"))
  var siteFile: String?

  func validate() throws {
    if let pilot, !(1...4096).contains(pilot) { throw ValidationError("--pilot takes cores from 1 to 4096") }
  }

  /// - Parameter jobs: how many tasks are with Slurm at most; nil for what the settings say.
  func executor(_ farm: FarmSettings, jobs: Int?, limits: LimitOptions) throws -> SlurmExecutor {
    let environment = ProcessInfo.processInfo.environment
    let file = siteFile ?? environment["INTERLOCK_FARM"].flatMap { $0.isEmpty ? nil : $0 }
    let site = try file.map { try FarmSettings.load($0) } ?? FarmSettings()
    var profile = SlurmProfile(farm.over(site))
    if let jobs { profile.jobs = jobs }
    var configuration = SlurmConfiguration(
      tools: InstalledSlurm(inheriting: environment), program: WorkerExecutable.ownPath,
      worker: WorkerExecutable.path)
    configuration.profile = profile
    configuration.pilotCores = pilot
    configuration.environment = environment.filter { $0.key == "INTERLOCK_CPU" }
    var engine = EngineConfiguration(worker: WorkerProgram(executable: WorkerExecutable.path), workers: 1)
    limits.apply(to: &engine)
    configuration.silenceLimit = engine.silenceLimit
    configuration.containment = engine.containment
    return SlurmExecutor(configuration)
  }
}

extension SlurmProfile {
  /// From the keys of `farm:`, which are checked.
  init(_ settings: FarmSettings) {
    self.init()
    partition = settings.texts["partition"]
    account = settings.texts["account"]
    qos = settings.texts["qos"]
    constraint = settings.texts["constraint"]
    reservation = settings.texts["reservation"]
    container = settings.texts["container"]
    modules = settings.lists["modules"] ?? []
    launcher = settings.lists["launcher"] ?? []
    minutes = settings.numbers["minutes"]
    throttle = settings.numbers["throttle"]
    if let seconds = settings.numbers["target"] { target = Double(seconds) }
    if let most = settings.numbers["jobs"] { jobs = most }
    licences = settings.licences
  }
}
