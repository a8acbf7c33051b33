import Foundation

/// How long it takes to find out that nothing of 100,000 tasks is to be done, beside Ninja on the same graph.
///
/// The two do not do the same: Interlock hashes typed inputs and asks its ledger, Ninja reads its build file
/// and looks at every file. Each does what it does when a user types its command again.
struct SyntheticBenchmark {
  let folder: String
  let samples: Int
  var chains = 20_000
  var chainLength = 5

  func measure() throws -> SyntheticResult {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let tasks = chains * chainLength
    Progress.say("Making a production and a Ninja project of \(tasks) finished tasks …")
    _ = try interlock("prepare-synthetic")
    let ninja = try readyNinja()
    Progress.say("Measuring the no-op of \(tasks) tasks, \(samples) times …")
    var interlockCosts: [Cost] = []
    var ninjaCosts: [Cost] = []
    // In turns, so that another load on the machine meets both.
    for _ in 0..<samples {
      let planned = try interlock("synthetic-no-op")
      guard planned.output == "\(tasks) planned, 0 to do\n" else {
        throw BenchError("the no-op was none: \(planned.output)")
      }
      interlockCosts.append(planned.cost)
      if let ninja {
        let built = try run(ninja.path, ["-C", "\(folder)/ninja"])
        guard built.output.contains("no work to do") else {
          throw BenchError("Ninja worked: \(built.output)")
        }
        ninjaCosts.append(built.cost)
      }
    }
    return SyntheticResult(
      tasks: tasks, chains: chains, chainLength: chainLength, samples: samples,
      interlock: Cost(medianOf: interlockCosts), ninja: ninja.map { _ in Cost(medianOf: ninjaCosts) },
      ninjaVersion: ninja?.version)
  }

  private func interlock(_ command: String) throws -> ChildProcess {
    try run(
      Programs.own, [command, folder, "--chains", "\(chains)", "--chain-length", "\(chainLength)"])
  }

  private func run(_ program: String, _ arguments: [String]) throws -> ChildProcess {
    try ChildProcess.run(program, arguments, logFolder: folder)
  }

  /// Ninja, with everything up to date in its eyes; `nil` when it is not installed.
  private func readyNinja() throws -> (path: String, version: String)? {
    guard let path = Programs.installed("ninja") else {
      Progress.say("Ninja is not installed (Debian: ninja-build); measuring without it.")
      return nil
    }
    let version = try run(path, ["--version"]).output.trimmingCharacters(in: .whitespacesAndNewlines)
    let project = ["-C", "\(folder)/ninja"]
    if try !run(path, project + ["-n"]).output.contains("no work to do") {
      Progress.say("Ninja \(version) keeps another log; it makes the files once, which takes minutes …")
      _ = try run(path, project)
    }
    guard try run(path, project + ["-n"]).output.contains("no work to do") else {
      throw BenchError("Ninja finds work to do in a finished project")
    }
    return (path, version)
  }
}

/// What `SyntheticBenchmark` found.
struct SyntheticResult: Encodable {
  var tasks: Int
  var chains: Int
  var chainLength: Int
  var samples: Int
  var interlock: Cost
  var ninja: Cost?
  var ninjaVersion: String?
  /// Interlock's wall time in Ninja's.
  var wallRatio: Double?
  var peakRatio: Double?

  init(
    tasks: Int, chains: Int, chainLength: Int, samples: Int, interlock: Cost, ninja: Cost?,
    ninjaVersion: String?
  ) {
    self.tasks = tasks
    self.chains = chains
    self.chainLength = chainLength
    self.samples = samples
    self.interlock = interlock
    self.ninja = ninja
    self.ninjaVersion = ninjaVersion
    wallRatio = ninja.map { interlock.seconds / $0.seconds }
    peakRatio = ninja.map { Double(interlock.peakBytes) / Double($0.peakBytes) }
  }

  func figures(_ budgets: Budgets) -> [Figure] {
    let note = "\(tasks) tasks in chains of \(chainLength)"
    var figures: [Figure] = []
    if let wallRatio {
      figures.append(
        Figure("nothing to do", wallRatio, "of Ninja's time", .atMost, budgets.noOpInNinjas, note: note))
    }
    figures.append(
      Figure(
        "nothing to do, memory", interlock.peakMegabytes, "MB", .atMost, Double(budgets.noOpPeakBytes) / 1e6,
        note: note))
    return figures
  }
}
