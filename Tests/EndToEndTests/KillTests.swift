import Foundation
import TestSupport
import Testing

/// Any process may be killed at any instant.
@Suite(.serialized) struct `Kill anything` {
  @Test(arguments: [UInt64(2)])
  func `25 random kills leave the same master, nothing made twice, nothing behind`(
    seed: UInt64
  ) throws {
    var random = SplitMix64(seed: seed)
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 400, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.h264)
    try fixture.clip("B001", frames: 400, firstNumber: 1000, timecode: "02:00:00:00", codec: Fixture.prores)
    let events = (0..<24).map { index in
      ListWriter.Event(
        reel: index % 2 == 0 ? "A001" : "B001", source: (index % 2 == 0 ? 86_400 : 172_800) + index * 16,
        count: 30)
    }
    _ = try fixture.folder.write(ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut.edl")
    // A larger raster than the clips' makes each segment long enough to be hit.
    let pipeline = try fixture.pipeline("p.yaml", cut: "cut.edl", raster: "960x540")
    let undisturbed = try fixture.run(pipeline, production: "undisturbed")

    var kills = 0
    var runs = 0
    while kills < 25 {
      runs += 1
      let running = try Programs.start(
        Repository.product("interlock"), ["run", pipeline, "--production", "killed", "--workers", "2"],
        folder: fixture.path)
      let coordinator = running.process.processIdentifier
      while running.process.isRunning, kills < 25 {
        usleep(UInt32.random(in: 20_000...350_000, using: &random))
        let workers = Programs.children(of: coordinator)
        guard running.process.isRunning else { break }
        if !workers.isEmpty, Bool.random(using: &random) {
          kill(workers.randomElement(using: &random) ?? workers[0], SIGKILL)
          kills += 1
        } else {
          kill(coordinator, SIGKILL)
          kills += 1
          break
        }
      }
      _ = running.finish()
      if runs > 120 { break }
      // A finished production gives nothing more to kill: start another.
      if kills < 25,
        FileManager.default.fileExists(
          atPath: fixture.path + "/killed/Deliverables/test/master/v001/version.json")
      {
        try check(fixture, undisturbed: undisturbed)
        try FileManager.default.removeItem(atPath: fixture.path + "/killed")
      }
    }
    #expect(kills == 25)
    _ = try fixture.run(pipeline, production: "killed")
    try check(fixture, undisturbed: undisturbed)
  }

  @Test func `workers finish and commit their segment when the coordinator is killed`() throws {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 400, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    _ = try fixture.folder.write(
      ListWriter.edl([.init(reel: "A001", source: 86_400, count: 400)], base: 24, recordStart: 86_400),
      to: "cut.edl")
    let pipeline = try fixture.pipeline("p.yaml", cut: "cut.edl", raster: "1280x720")
    let running = try Programs.start(
      Repository.product("interlock"), ["run", pipeline, "--production", "out"], folder: fixture.path)
    let attempts = fixture.path + "/out/.interlock/attempts"
    func lines(_ word: String) -> Set<String> {
      var keys: Set<String> = []
      for id in (try? FileManager.default.contentsOfDirectory(atPath: attempts)) ?? [] {
        let log = (try? String(contentsOfFile: "\(attempts)/\(id)/log.txt", encoding: .utf8)) ?? ""
        for line in log.split(separator: "\n") {
          let words = line.split(separator: " ")
          if words.count > 2, words[1] == word { keys.insert(String(words[2])) }
        }
      }
      return keys
    }
    for _ in 0..<1000 where running.process.isRunning {
      usleep(10_000)
      if !lines("begin").subtracting(lines("commit")).isEmpty { break }
    }
    let workers = Programs.children(of: running.process.processIdentifier)
    #expect(!workers.isEmpty)
    kill(running.process.processIdentifier, SIGKILL)
    _ = running.finish()
    for _ in 0..<1500 where workers.contains(where: isAlive) { usleep(20_000) }
    #expect(!workers.contains(where: isAlive), "a worker outlives its coordinator for good")
    let begun = lines("begin")
    #expect(!begun.isEmpty)
    #expect(begun.subtracting(lines("commit")).isEmpty, "a segment under way was lost")
  }

  /// Whether a process still runs; one that only waits to be reaped does not.
  private func isAlive(_ process: Int32) -> Bool {
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    return !status.isEmpty && !status.contains("State:\tZ")
  }

  private func check(_ fixture: Fixture, undisturbed: RunReport) throws {
    let master = "/Deliverables/test/master/v001/test_master_v001.mov"
    #expect(
      try fixture.digest(of: fixture.path + "/killed" + master)
        == fixture.digest(of: fixture.path + "/undisturbed" + master))
    let production = fixture.path + "/killed"
    for file in try FileManager.default.subpathsOfDirectory(atPath: production) {
      #expect(!file.hasSuffix(".part"), "\(file) was left behind")
    }
    try checkNothingMadeTwice(production + "/.interlock/attempts")
    let stray = try Programs.run("pgrep", ["-f", "interlock-worker.*\(fixture.path)"])
    #expect(stray.text.isEmpty, "a worker is still there")
    for attempt in try FileManager.default.contentsOfDirectory(atPath: production + "/.interlock/attempts") {
      let lock = "\(production)/.interlock/attempts/\(attempt)/lock"
      guard FileManager.default.fileExists(atPath: lock) else { continue }
      #expect(
        try Programs.run("flock", ["--nonblock", lock, "true"]).status == 0, "\(attempt) is still locked")
    }
    #expect(try Programs.run("flock", ["--nonblock", production + "/.interlock/lock", "true"]).status == 0)
  }

  /// Attempt logs say `begin KEY` and `commit KEY first|late` with times: no key begins after its commit.
  private func checkNothingMadeTwice(_ attempts: String) throws {
    var begins: [(key: String, time: Double)] = []
    var commits: [String: Double] = [:]
    for attempt in try FileManager.default.contentsOfDirectory(atPath: attempts) {
      guard let log = try? String(contentsOfFile: "\(attempts)/\(attempt)/log.txt", encoding: .utf8) else {
        continue
      }
      for line in log.split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.count >= 3, let time = Double(words[0]) else { continue }
        if words[1] == "begin" { begins.append((String(words[2]), time)) }
        if words[1] == "commit" {
          let key = String(words[2])
          commits[key] = min(commits[key] ?? .infinity, time)
        }
      }
    }
    #expect(!commits.isEmpty)
    for begin in begins {
      if let commit = commits[begin.key] {
        #expect(begin.time <= commit, "\(begin.key) was begun again after its commit")
      }
    }
  }
}
