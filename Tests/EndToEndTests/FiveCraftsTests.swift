import Foundation
import TestSupport
import Testing

/// The whole film with every craft in use, in a raster so small that encoding hardly counts.
@Suite(.serialized) struct `Five crafts` {
  private let pipeline = "Pipelines/short-film.yaml"

  private func arguments(_ pipeline: String, _ production: String, workers: Int) -> [String] {
    [
      "run", pipeline, "--production", production, "--workers", "\(workers)", "--json", "--set",
      "raster=256x144",
    ]
  }

  @discardableResult
  private func run(
    _ production: String, pipeline: String? = nil, workers: Int = 2, expecting status: Int32 = 0,
    environment: [String: String] = [:]
  ) throws -> String {
    let finished = try Programs.run(
      Repository.product("interlock"),
      arguments(pipeline ?? self.pipeline, production, workers: workers),
      folder: Repository.root, environment: environment)
    guard finished.status == status else {
      throw FixtureError(text: "exit \(finished.status): \(finished.errors)")
    }
    return finished.text
  }

  /// SHA-256 of every published file, by its path; `version.json` holds dates and attempts.
  private func published(_ production: String) throws -> [String: String] {
    var digests: [String: String] = [:]
    for shelf in ["Assets", "Deliverables"] {
      let root = "\(production)/\(shelf)"
      let files = try FileManager.default.subpathsOfDirectory(atPath: root).filter { file in
        let type = try FileManager.default.attributesOfItem(atPath: "\(root)/\(file)")[.type]
        return type as? FileAttributeType == .typeRegular && !file.hasSuffix("version.json")
          && !file.contains("/decisions/")
      }
      for file in files {
        let sum = try Programs.run("sha256sum", ["\(root)/\(file)"])
        digests["\(shelf)/\(file)"] = String(sum.text.prefix(64))
      }
    }
    return digests
  }

  @Test func `one worker on a baseline CPU and 12 kills publish the same files as a run through the gate`()
    throws
  {
    let folder = try TemporaryFolder()
    // Made through the gate: the review first, then a person, then the masters.
    let undisturbed = folder.path + "/undisturbed"
    try run(undisturbed, pipeline: "Pipelines/short-film-gated.yaml", expecting: 6)
    #expect(!FileManager.default.fileExists(atPath: undisturbed + "/Deliverables/short-film/master"))
    let approved = try Programs.run(
      Repository.product("interlock"),
      ["approve", "short-film/review", "--role", "colorist", "--production", undisturbed])
    #expect(approved.status == 0, "\(approved.errors)")
    try run(undisturbed, pipeline: "Pipelines/short-film-gated.yaml")
    let files = try published(undisturbed)
    for name in ["review", "master", "textless"] {
      #expect(files.keys.contains { $0.hasPrefix("Deliverables/short-film/\(name)/v001/") }, "\(name)")
    }
    for name in ["edit", "grade", "titles", "mix"] {
      #expect(files.keys.contains { $0.hasPrefix("Assets/short-film/\(name)/v001/") }, "\(name)")
    }
    #expect(try run(undisturbed).contains("\"framesMade\" : 0"))

    try exported(folder.path, expecting: files)

    let baseline = folder.path + "/baseline"
    try run(baseline, workers: 1, environment: ["INTERLOCK_CPU": "baseline"])
    try expectEqual(try published(baseline), files, "baseline")

    let killed = folder.path + "/killed"
    try killing(killed, times: 12, seed: 3)
    try run(killed)
    try expectEqual(try published(killed), files, "killed")
    for file in try FileManager.default.subpathsOfDirectory(atPath: killed) {
      #expect(!file.hasSuffix(".part"), "\(file) was left behind")
    }
  }

  /// The same film as a job of Open Job Description, checked and run by its own command line: rendered, assembled and
  /// published with no coordinator.
  private func exported(_ folder: String, expecting files: [String: String]) throws {
    guard let openjd = `Exported jobs`.openjd else {
      return print(
        "openjd is not installed in .build/openjd; `make test` installs it: the exported film is not run")
    }
    let production = folder + "/openjd"
    let job = folder + "/job"
    let written = try Programs.run(
      Repository.product("interlock"),
      [
        "farm", "export", "openjd", pipeline, "--production", production, "--set", "raster=256x144", "-o",
        job,
      ], folder: Repository.root)
    #expect(written.status == 0, "\(written.errors)")
    let checked = try Programs.run(openjd, ["check", job + "/template.json"])
    #expect(checked.status == 0, "\(checked.text)")
    let ran = try Programs.run(
      openjd, ["run", job + "/template.json", "-p", "file://\(job)/parameters.json"], folder: folder)
    #expect(ran.status == 0, "\(ran.text.suffix(4000))")
    try expectEqual(try published(production), files, "openjd")
    // What the farm made is taken up from its results: there is nothing left to do.
    #expect(try run(production).contains("\"framesMade\" : 0"))
    try expectEqual(try published(production), files, "adopted")
  }

  private func expectEqual(_ found: [String: String], _ expected: [String: String], _ what: String) throws {
    #expect(Set(found.keys) == Set(expected.keys), "\(what)")
    for (file, digest) in expected { #expect(found[file] == digest, "\(what): \(file)") }
  }

  /// Kills the coordinator or one of its workers again and again.
  private func killing(_ production: String, times: Int, seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var kills = 0
    for _ in 0..<60 where kills < times {
      let running = try Programs.start(
        Repository.product("interlock"), arguments(pipeline, production, workers: 2), folder: Repository.root)
      while running.process.isRunning, kills < times {
        usleep(UInt32.random(in: 100_000...2_500_000, using: &random))
        let workers = Programs.children(of: running.process.processIdentifier)
        guard running.process.isRunning else { break }
        kills += 1
        if let worker = workers.randomElement(using: &random), Bool.random(using: &random) {
          kill(worker, SIGKILL)
        } else {
          kill(running.process.processIdentifier, SIGKILL)
          break
        }
      }
      _ = running.finish()
    }
    #expect(kills == times)
  }
}
