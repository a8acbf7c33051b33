import Foundation

/// Runs of Interlock over the cut, each in a production of its own, and where their time went.
final class InterlockRuns {
  let material: PictureMaterial
  let interlock: String

  init(material: PictureMaterial, interlock: String) {
    self.material = material
    self.interlock = interlock
  }

  struct Run {
    var name: String
    var profile: String
    /// The medians.
    var cost: Cost
    /// The medians, too: processor seconds by kind of work.
    var work: [String: Double]
    var frames: Int
    /// Of the last one.
    var production: String
    var movie: String
  }

  /// What `interlock run --json` says, as far as it matters here.
  private struct Report: Decodable {
    struct Deliverable: Decodable {
      var stage: String
      var path: String?
    }

    var framesMade: Int
    var deliverables: [Deliverable]
  }

  /// What attempts leave behind.
  private struct Ending: Decodable {
    var work: [String: Double]?
  }

  func cold(_ name: String, profile: String, samples: Int) throws -> Run {
    let pipeline = try material.pipeline(
      "cold-\(profile)", [("master", "picture: grade, profile: \(profile)")])
    return try runs(name, profile, pipeline, "master", samples: samples) { sample in
      let production = "\(self.material.folder)/\(profile)-\(sample)"
      // Media that is probed already is what a cold run of pictures starts from.
      try self.plan(pipeline, production)
      return production
    }
  }

  /// The next cut in productions that hold the first.
  func recut(_ first: Run, samples: Int) throws -> Run {
    let pipeline = try material.pipeline(
      "recut-\(first.profile)", cut: "recut.edl", [("master", "picture: grade, profile: \(first.profile)")])
    return try runs(
      "interlock, re-cut, \(first.profile)", first.profile, pipeline, "master", samples: samples
    ) {
      sample in try self.copy(first.production, "recut-\(first.profile)-\(sample)")
    }
  }

  /// A review copy beside a finished master.
  func review(after master: Run, samples: Int, fromMaster: Bool) throws -> Run {
    let source = fromMaster ? "master" : "grade"
    let pipeline = try material.pipeline(
      "review-\(source)",
      [
        ("master", "picture: grade, profile: \(master.profile)"),
        ("review", fromMaster ? "frames-of: master, profile: review" : "picture: grade, profile: review"),
      ])
    return try runs("interlock, review H.264 from \(source)", "review", pipeline, "review", samples: samples)
    {
      sample in try self.copy(master.production, "review-\(source)-\(sample)")
    }
  }

  private func copy(_ production: String, _ name: String) throws -> String {
    let target = "\(material.folder)/\(name)"
    // Names only: objects are immutable.
    _ = try ChildProcess.run("/bin/cp", ["-al", production, target], logFolder: material.folder)
    // Except the ledger, which is written.
    let ledger = ".interlock"
    for file in try FileManager.default.contentsOfDirectory(atPath: "\(production)/\(ledger)")
    where file.hasPrefix("ledger") {
      try FileManager.default.removeItem(atPath: "\(target)/\(ledger)/\(file)")
      try FileManager.default.copyItem(
        atPath: "\(production)/\(ledger)/\(file)", toPath: "\(target)/\(ledger)/\(file)")
    }
    return target
  }

  private func plan(_ pipeline: String, _ production: String) throws {
    // `status` needs a production; one run of nothing makes it and probes.
    _ = try ChildProcess.run(
      interlock, ["run", pipeline, "--production", production, "--until", "grade", "--json"],
      logFolder: material.folder)
  }

  private func runs(
    _ name: String, _ profile: String, _ pipeline: String, _ deliverable: String, samples: Int,
    production prepare: (Int) throws -> String
  ) throws -> Run {
    var costs: [Cost] = []
    var works: [[String: Double]] = []
    var last: Run?
    for sample in 1...samples {
      Progress.say("\(name), \(sample) of \(samples) …")
      let production = try prepare(sample)
      let before = try attempts(production)
      let child = try ChildProcess.run(
        interlock, ["run", pipeline, "--production", production, "--json"], logFolder: material.folder,
        watchesMemory: true)
      costs.append(child.cost)
      let report = try JSONDecoder().decode(Report.self, from: Data(child.output.utf8))
      var work: [String: Double] = [:]
      for attempt in try attempts(production).subtracting(before) {
        let path = "\(production)/.interlock/attempts/\(attempt)/exit.json"
        guard let data = FileManager.default.contents(atPath: path) else { continue }
        work.merge(try JSONDecoder().decode(Ending.self, from: data).work ?? [:]) { $0 + $1 }
      }
      works.append(work)
      let movie = report.deliverables.first { $0.stage == deliverable }?.path ?? ""
      if let last, last.production != production {
        try? FileManager.default.removeItem(atPath: last.production)
      }
      last = Run(
        name: name, profile: profile, cost: child.cost, work: work, frames: report.framesMade,
        production: production, movie: movie.hasPrefix("/") ? movie : "\(material.folder)/\(movie)")
    }
    guard var run = last else { throw BenchError("nothing was measured") }
    run.cost = Cost(medianOf: costs)
    for kind in Set(works.flatMap(\.keys)) { run.work[kind] = median(works.map { $0[kind] ?? 0 }) }
    return run
  }

  private func attempts(_ production: String) throws -> Set<String> {
    Set((try? FileManager.default.contentsOfDirectory(atPath: "\(production)/.interlock/attempts")) ?? [])
  }
}
