import Foundation

/// Tasks that run: how many of them a second, beside Ninja making files of the same graph on the same machine.
///
/// Ninja starts a shell and `cp` for each of its tasks and syncs nothing. Interlock publishes a durable result for
/// each, with an object where a process made a file.
struct ThroughputBenchmark {
  let folder: String
  let samples: Int
  var chains = 1_000
  var chainLength = 5
  /// Persistent workers do so many times the chains: the start of the run is not what is measured.
  var factor = 1

  func measure() throws -> [Figure] {
    guard let ninja = Programs.installed("ninja") else {
      Progress.say("Ninja is not installed (Debian: ninja-build); there is nothing to measure against.")
      return []
    }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let tasks = chains * chainLength
    var built: [Cost] = []
    var persistent: [Cost] = []
    // In turns, so that another load on the machine meets all of them.
    for sample in 0..<samples {
      Progress.say("Throughput of \(tasks) tasks, \(sample + 1) of \(samples): Ninja …")
      let project = NinjaProject(path: "\(folder)/ninja-\(sample)", chains: chains, chainLength: chainLength)
      try project.writeSources()
      built.append(
        try ChildProcess.run(ninja, ["-C", project.path, "-j", "\(cores)", "--quiet"], logFolder: folder).cost
      )
      try FileManager.default.removeItem(atPath: project.path)
      Progress.say("  persistent workers, \(tasks * factor) tasks …")
      persistent.append(try engine(sample, chains: chains * factor))
    }
    let ninjaRate = Double(tasks) / median(built.map(\.seconds))
    let rate = Double(tasks * factor) / median(persistent.map(\.seconds))
    func note(_ rate: Double, _ costs: [Cost]) -> String {
      "\(Int(rate)) and \(Int(ninjaRate)) tasks/s; \(Int(median(costs.map(\.peakMegabytes)))) MB"
    }
    return [
      Figure(
        "persistent workers, durable results", rate / ninjaRate, "of Ninja's", .atLeast, 2,
        note: note(rate, persistent))
    ]
  }

  private func engine(
    _ sample: Int, chains: Int
  ) throws -> Cost {
    let production = "\(folder)/engine-\(sample)"
    defer { try? FileManager.default.removeItem(atPath: production) }
    let child = try ChildProcess.run(
      Programs.own,
      [
        "scale-engine", production, "--chains", "\(chains)", "--chain-length", "\(chainLength)",
      ], logFolder: folder)
    guard child.output == "\(chains * chainLength) done\n" else {
      throw BenchError("the engine did not do its tasks: \(child.output)")
    }
    return child.cost
  }
}
