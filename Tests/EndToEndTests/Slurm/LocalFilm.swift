import Foundation
import TestSupport
import Testing

/// The sample film made on this machine, once for all tests that compare with it: the review first, then a person, then the
/// masters.
enum LocalFilm {
  private static let made = Result { try make() }

  /// SHA-256 of every published file, by its path.
  static func files() throws -> [String: String] { try made.get() }

  private static func make() throws -> [String: String] {
    let folder = try TemporaryFolder()
    let production = folder.path + "/film"
    try run(production, "Pipelines/short-film-gated.yaml", expecting: 6)
    #expect(!FileManager.default.fileExists(atPath: production + "/Deliverables/short-film/master"))
    let approved = try Programs.run(
      Repository.product("interlock"),
      ["approve", "short-film/review", "--role", "colorist", "--production", production])
    #expect(approved.status == 0, "\(approved.errors)")
    try run(production, "Pipelines/short-film-gated.yaml")
    let files = try Published.digests(in: production)
    #expect(try run(production, "Pipelines/short-film.yaml").contains("\"framesMade\" : 0"))
    return files
  }

  @discardableResult
  private static func run(_ production: String, _ pipeline: String, expecting status: Int32 = 0) throws
    -> String
  {
    let finished = try Programs.run(
      Repository.product("interlock"),
      ["run", pipeline, "--production", production, "--workers", "2", "--json", "--set", "raster=256x144"],
      folder: Repository.root)
    guard finished.status == status else {
      throw FixtureError(text: "exit \(finished.status): \(finished.errors)")
    }
    return finished.text
  }
}

/// What people see of a production.
enum Published {
  /// SHA-256 of every published file, by its path; `version.json` holds dates and attempts.
  static func digests(in production: String) throws -> [String: String] {
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
}

/// Attempt logs say `start KEY`, `begin KEY` and `commit KEY first|late` with times.
enum MadeOnce {
  /// Nothing begins after its commit.
  static func expect(in attempts: String, atLeast least: Int) throws {
    var begins: [(key: String, time: Double)] = []
    var commits: [String: Double] = [:]
    for attempt in try FileManager.default.contentsOfDirectory(atPath: attempts) {
      guard let log = try? String(contentsOfFile: "\(attempts)/\(attempt)/log.txt", encoding: .utf8) else {
        continue
      }
      for line in log.split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.count >= 3, let time = Double(words[0]) else { continue }
        if words[1] == "begin" || words[1] == "start" { begins.append((String(words[2]), time)) }
        if words[1] == "commit" {
          let key = String(words[2])
          commits[key] = min(commits[key] ?? .infinity, time)
        }
      }
    }
    #expect(commits.count > least, "segments and their tasks")
    for begin in begins {
      if let commit = commits[begin.key] {
        #expect(begin.time <= commit, "\(begin.key) was begun again after its commit")
      }
    }
  }
}
