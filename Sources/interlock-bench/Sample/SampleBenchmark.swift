import Foundation

/// The sample film through the real program: from nothing, again, planned only, and with the next cut.
struct SampleBenchmark {
  let repository: String
  let folder: String
  let coldRuns: Int
  let samples: Int

  /// What `interlock run --json` and `interlock plan --json` say, as far as it matters here.
  private struct Report: Decodable {
    struct Deliverable: Decodable {
      var reusedFrames: Int64
    }

    var framesMade: Int
    var attempts: Int
    var deliverables: [Deliverable]
    var tasks: [Task]?

    struct Task: Decodable {}

    var framesReused: Int64 { deliverables.reduce(0) { $0 + $1.reusedFrames } }
  }

  /// - Returns: `nil` when the checkout has no sample media.
  func measure() throws -> SampleResult? {
    let root = URL(fileURLWithPath: repository).standardizedFileURL.path
    let pipeline = "\(root)/Pipelines/short-film.yaml"
    let nextCut = "\(root)/SampleMedia/turnover/short_v002.edl"
    for path in [pipeline, nextCut] where !FileManager.default.fileExists(atPath: path) {
      Progress.say("\(path) is not there; leaving the sample film out.")
      return nil
    }
    let interlock = try Programs.sibling("interlock")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)

    func run(
      _ verb: String, into production: Int, _ more: [String] = []
    ) throws -> (cost: Cost, report: Report) {
      let child = try ChildProcess.run(
        interlock, [verb, pipeline, "--production", "\(folder)/production-\(production)", "--json"] + more,
        logFolder: folder)
      return (child.cost, try JSONDecoder().decode(Report.self, from: Data(child.output.utf8)))
    }

    var cold: [(cost: Cost, report: Report)] = []
    for number in 1...coldRuns {
      Progress.say("Making the sample film from nothing (\(number) of \(coldRuns)) …")
      cold.append(try run("run", into: number))
    }
    Progress.say("Making it again, and planning it, \(samples) times …")
    let again = try (0..<samples).map { _ in try run("run", into: 1) }
    guard again.allSatisfy({ $0.report.attempts == 0 }) else {
      throw BenchError("the second run did something")
    }
    let plans = try (0..<samples).map { _ in try run("plan", into: 1) }
    guard plans.allSatisfy({ $0.report.tasks?.isEmpty ?? false }) else {
      throw BenchError("something is planned for a finished film")
    }
    Progress.say("Making the next cut …")
    let next = try run("run", into: 1, ["--set", "timeline.cut=\(nextCut)"])

    return SampleResult(
      samples: samples, coldRuns: coldRuns,
      cold: SampleResult.Run(
        Cost(medianOf: cold.map(\.cost)), framesMade: cold[0].report.framesMade,
        framesReused: cold[0].report.framesReused),
      again: Cost(medianOf: again.map(\.cost)), plan: Cost(medianOf: plans.map(\.cost)),
      nextCut: SampleResult.Run(
        next.cost, framesMade: next.report.framesMade, framesReused: next.report.framesReused))
  }
}

/// What `SampleBenchmark` found.
struct SampleResult: Encodable {
  /// A run that made frames.
  struct Run: Encodable {
    var cost: Cost
    var framesMade: Int
    /// Different pictures of the deliverables that existed before.
    var framesReused: Int64
    var framesPerSecond: Double

    init(_ cost: Cost, framesMade: Int, framesReused: Int64) {
      self.cost = cost
      self.framesMade = framesMade
      self.framesReused = framesReused
      framesPerSecond = Double(framesMade) / cost.seconds
    }
  }

  var samples: Int
  var coldRuns: Int
  var cold: Run
  /// `interlock run` with nothing to do.
  var again: Cost
  /// `interlock plan` with nothing to do.
  var plan: Cost
  var nextCut: Run
}
