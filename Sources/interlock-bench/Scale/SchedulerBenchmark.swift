import Foundation

/// What a task costs in the scheduler, and with the ledger, and whether that grows with the number of tasks.
struct SchedulerBenchmark {
  let folder: String
  let samples: Int

  private static let sizes = [1_000, 10_000, 100_000, 200_000]
  private static let chainLength = 5
  /// The size that the budget is about.
  private static let nominal = 100_000

  func measure() throws -> [Figure] {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var figures: [Figure] = []
    for (command, name, budget) in [
      ("scale-scheduler", "scheduler alone", nil), ("scale-ledger", "scheduler and ledger", 0.1 as Double?),
    ] {
      var perTask: [Int: Double] = [:]
      var peak = 0.0
      for size in Self.sizes {
        Progress.say("\(name): \(size) tasks, \(samples) times …")
        let costs = try (0..<samples).map { try run(command, tasks: size, sample: $0) }
        perTask[size] = median(costs.map(\.seconds)) * 1_000 / Double(size)
        if size == Self.nominal { peak = median(costs.map(\.peakMegabytes)) }
      }
      let nominal = perTask[Self.nominal] ?? 0
      figures.append(
        Figure(
          name, nominal, "ms/task", .atMost, budget ?? 0.1,
          note: "\(Self.nominal) tasks in chains of \(Self.chainLength); \(Int(peak)) MB"))
      figures.append(growth(of: name, perTask))
    }
    return figures
  }

  /// The dearest size by the cheapest of those from 10,000: of 1,000 tasks a start of a millisecond is seen.
  private func growth(of name: String, _ perTask: [Int: Double]) -> Figure {
    let smallest = perTask[1_000] ?? 0
    let largest = perTask[200_000] ?? 0
    let all = Self.sizes.map { size in
      "\(size / 1_000)k \(String(format: "%.4f", perTask[size] ?? 0))"
    }
    return Figure(
      "  grows from 1,000 to 200,000", largest / smallest, "times", .atMost, 1.5,
      note: all.joined(separator: ", ") + " ms/task")
  }

  private func run(_ command: String, tasks: Int, sample: Int) throws -> Cost {
    let child = try ChildProcess.run(
      Programs.own,
      [
        command, "\(folder)/\(command)-\(tasks)-\(sample)", "--chains", "\(tasks / Self.chainLength)",
        "--chain-length", "\(Self.chainLength)",
      ], logFolder: folder)
    guard let seconds = Double(child.output.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw BenchError("\(command) said \(child.output)")
    }
    var cost = child.cost
    cost.seconds = seconds
    return cost
  }
}
