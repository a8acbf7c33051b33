import Foundation

/// Tasks that run: how many of them a second, beside Ninja making files of the same graph on the same machine.
///
/// Ninja starts a shell for each of its tasks, which becomes `dd`, and syncs nothing. Interlock publishes a durable
/// result for each, and where a program made a file, an object with its digest.
struct ThroughputBenchmark {
  let folder: String
  let samples: Int
  /// Ninja and a program for each task: 20,000 of them take a third of a minute. Of fewer the start of the workers is a
  /// part, and Ninja takes longer over each of more.
  var chains = 4_000
  var chainLength = 5
  /// Sizes between which the cost of a task with persistent workers is compared, in chains.
  var growth = [200, 20_000, 40_000]
  /// A production of 200,000 results is a gigabyte.
  private static let mostGrowthSamples = 3
  /// As many as Ninja has make too short a run for a rate: the start of the workers would be measured.
  var persistentChains = 20_000

  func measure(_ budgets: Budgets) throws -> [Figure] {
    guard let ninja = Programs.installed("ninja") else {
      Progress.say("Ninja is not installed (Debian: ninja-build); there is nothing to measure against.")
      return []
    }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let tasks = chains * chainLength
    var built: [Cost] = []
    var programs: [Cost] = []
    var persistent: [Int: [Cost]] = [:]
    // In turns, so that another load on the machine meets all of them. Nothing is deleted meanwhile: for a minute after
    // that ext4 makes files slowly.
    for sample in 0..<samples {
      Progress.say("Throughput, \(sample + 1) of \(samples): \(tasks) tasks of Ninja …")
      let project = NinjaProject(path: "\(folder)/ninja-\(sample)", chains: chains, chainLength: chainLength)
      try project.writeSources()
      built.append(
        try ChildProcess.run(ninja, ["-C", project.path, "-j", "\(cores)", "--quiet"], logFolder: folder).cost
      )
      Progress.say("  a program for each task, \(tasks) tasks …")
      programs.append(try run("scale-programs", sample, chains: chains))
      for chains in growth where sample < Self.mostGrowthSamples || chains == growth[0] {
        Progress.say("  persistent workers, \(chains * chainLength) tasks …")
        persistent[chains, default: []].append(try run("scale-engine", sample, chains: chains))
      }
    }
    let ninjaRate = Double(tasks) / median(built.map(\.seconds))
    func figure(_ name: String, _ costs: [Cost], tasks: Int, _ budget: Double) -> Figure {
      let rate = Double(tasks) / median(costs.map(\.seconds))
      return Figure(
        name, rate / ninjaRate, "of Ninja's", .atLeast, budget,
        note: "\(Int(rate)) and \(Int(ninjaRate)) tasks/s, of \(tasks); \(megabytes(costs)) MB")
    }
    return [
      figure(
        "persistent workers, durable results", persistent[persistentChains] ?? [],
        tasks: persistentChains * chainLength, budgets.persistentInNinjas),
      growthFigure(persistent, budgets),
      figure("a program for each task (external)", programs, tasks: tasks, budgets.programsInNinjas),
    ]
  }

  /// The start of the workers is in all of them, and by far the most of the smallest: it is taken from the others' point of
  /// view, as the cost of a task between one size and the next.
  private func growthFigure(_ costs: [Int: [Cost]], _ budgets: Budgets) -> Figure {
    let seconds = growth.map { median((costs[$0] ?? []).map(\.seconds)) }
    let sizes = growth.map { $0 * chainLength }
    let steps = (1..<sizes.count).map { step -> Double in
      let more = sizes[step] - sizes[step - 1]
      return (seconds[step] - seconds[step - 1]) / Double(more)
    }
    let words = zip(sizes, seconds).map { size, seconds in
      "\(size / 1_000)k \(String(format: "%.3f", seconds * 1000 / Double(size)))"
    }
    let dearer = (steps.last ?? 0) / (steps.first ?? 1)
    let memory = megabytes(costs[growth.last ?? 0] ?? [])
    return Figure(
      "  a task from the 100,000th on by one before", dearer, "times", .atMost, budgets.growth,
      note: words.joined(separator: ", ") + " ms/task; \(memory) MB")
  }

  private func megabytes(_ costs: [Cost]) -> Int { Int(median(costs.map(\.peakMegabytes))) }

  private func run(_ command: String, _ sample: Int, chains: Int) throws -> Cost {
    let production = "\(folder)/\(command)-\(sample)-\(chains)"
    func run(_ command: String) throws -> ChildProcess {
      try ChildProcess.run(
        Programs.own,
        [command, production, "--chains", "\(chains)", "--chain-length", "\(chainLength)"], logFolder: folder)
    }
    if command == "scale-programs" { _ = try run("prepare-programs") }
    let child = try run(command)
    guard child.output.hasPrefix("\(chains * chainLength) done ") else {
      throw BenchError("\(command) did not do its tasks: \(child.output)")
    }
    return child.cost
  }
}
