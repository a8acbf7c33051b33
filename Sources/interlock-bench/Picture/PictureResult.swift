/// What `PictureBenchmark` found.
struct PictureResult: Encodable {
  struct Run: Encodable {
    var name: String
    var cost: Cost
    var framesMade: Int
    /// Processor milliseconds for each frame that was made: by kind of work, `other`, and `idle`.
    var perFrame: [String: Double]
    /// Part of the time in which the cores did nothing but decode and encode.
    var nearness: Double?
  }

  var shots: Int
  var frames: Int
  var samples: Int
  var runs: [Run] = []
  var figures: [Figure] = []

  init(shots: Int, frames: Int, samples: Int) {
    self.shots = shots
    self.frames = frames
    self.samples = samples
  }

  static let works = ["decode", "colour", "composite", "encode", "verify", "mux", "other", "idle"]

  mutating func add(_ name: String, _ cost: Cost) {
    runs.append(Run(name: name, cost: cost, framesMade: frames, perFrame: [:]))
  }

  mutating func add(_ run: InterlockRuns.Run, _ cores: Double) {
    let frames = Double(max(1, run.frames))
    var perFrame = run.work.mapValues { $0 / frames * 1000 }
    let work = run.work.values.reduce(0, +)
    perFrame["other"] = max(0, run.cost.cpuSeconds - work) / frames * 1000
    perFrame["idle"] = max(0, run.cost.seconds * cores - run.cost.cpuSeconds) / frames * 1000
    let least = ((run.work["decode"] ?? 0) + (run.work["encode"] ?? 0)) / cores
    runs.append(
      Run(
        name: run.name, cost: run.cost, framesMade: run.frames, perFrame: perFrame,
        nearness: least / run.cost.seconds))
  }

  mutating func compare(
    _ name: String, _ value: Double, _ limit: Figure.Limit?, _ budget: Double?, _ note: String,
    unit: String = "×"
  ) {
    figures.append(Figure(name, value, unit, limit, budget, note: note))
  }
}
