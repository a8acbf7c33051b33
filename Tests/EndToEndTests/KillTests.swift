import Foundation
import TestSupport
import Testing

/// Any process may be killed at any instant.
///
/// `INTERLOCK_KILLS=200 swift test --filter "Kill anything"` is the long form.
@Suite(.serialized) struct `Kill anything` {
  private static let kills =
    ProcessInfo.processInfo.environment["INTERLOCK_KILLS"].flatMap { Int($0) } ?? 25

  /// Every event has a grade of its own, so that none shares a render task with another.
  private static let events = 110

  @Test(arguments: [UInt64(2)])
  func `random kills among 110 render tasks leave the same files, nothing made twice, nothing behind`(
    seed: UInt64
  ) throws {
    var random = SplitMix64(seed: seed)
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 400, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    let events = (0..<Self.events).map { index in
      ListWriter.Event(
        reel: "A001", source: 86_400 + index * 3, count: 3,
        comments: [String(format: "ASC_SOP (1.%03d 1 1)(0 0 0)(1 1 1)", index), "ASC_SAT 1.0"])
    }
    _ = try fixture.folder.write(ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut.edl")
    // A larger raster than the clip's makes each segment long enough to be hit.
    let pipeline = try fixture.pipeline("p.yaml", cut: "cut.edl", raster: "640x360")
    let undisturbed = try fixture.run(pipeline, production: "undisturbed")
    #expect(undisturbed.framesMade == 3 * Self.events)

    var tally = Tally()
    while tally.kills < Self.kills, tally.runs < 6 * Self.kills {
      try disturb(fixture, pipeline, &tally, &random)
      // A finished production gives nothing more to kill: start another.
      if tally.kills < Self.kills, try isPublished(fixture) {
        try check(fixture)
        try FileManager.default.removeItem(atPath: fixture.path + "/killed")
        tally.productions += 1
      }
    }
    #expect(tally.kills == Self.kills)
    _ = try fixture.run(pipeline, production: "killed")
    try check(fixture)
    print(
      "\(tally.kills) kills (\(tally.coordinators) coordinators, \(tally.workers) workers), \(tally.runs) runs, "
        + "\(tally.productions) productions of \(Self.events) render tasks")
  }

  private struct Tally {
    var kills = 0
    var coordinators = 0
    var workers = 0
    var runs = 0
    var productions = 1
  }

  /// One run, killed after some progress: workers now and then, and at last the coordinator, alone or with a worker.
  private func disturb(
    _ fixture: Fixture, _ pipeline: String, _ tally: inout Tally, _ random: inout SplitMix64
  ) throws {
    tally.runs += 1
    let running = try Programs.start(
      Repository.product("interlock"), ["run", pipeline, "--production", "killed", "--workers", "2"],
      folder: fixture.path)
    defer { _ = running.finish() }
    let coordinator = running.process.processIdentifier
    while running.process.isRunning, tally.kills < Self.kills {
      // One in four at any time, which is mostly while it starts; the others by progress, however slow the machine is.
      if Int.random(in: 0..<4, using: &random) == 0 {
        usleep(UInt32.random(in: 20_000...350_000, using: &random))
      } else {
        let goal = results(fixture) + Int.random(in: 1...5, using: &random)
        while running.process.isRunning, results(fixture) < goal { usleep(3_000) }
        usleep(UInt32.random(in: 0...30_000, using: &random))
      }
      let workers = Programs.children(of: coordinator)
      guard running.process.isRunning else { return }
      let victim = workers.randomElement(using: &random)
      if let victim, Bool.random(using: &random) {
        kill(victim, SIGKILL)
        (tally.kills, tally.workers) = (tally.kills + 1, tally.workers + 1)
        if Int.random(in: 0..<3, using: &random) > 0 || tally.kills == Self.kills { continue }
      }
      kill(coordinator, SIGKILL)
      (tally.kills, tally.coordinators) = (tally.kills + 1, tally.coordinators + 1)
      return
    }
    // The last kill was a worker's: its run ends by itself.
  }

  /// Results in the store, as a measure of progress.
  private func results(_ fixture: Fixture) -> Int {
    let folder = fixture.path + "/killed/.interlock/results"
    let manager = FileManager.default
    return ((try? manager.contentsOfDirectory(atPath: folder)) ?? []).reduce(0) {
      $0 + ((try? manager.contentsOfDirectory(atPath: "\(folder)/\($1)").count) ?? 0)
    }
  }

  private func isPublished(_ fixture: Fixture) throws -> Bool {
    FileManager.default.fileExists(
      atPath: fixture.path + "/killed/Deliverables/test/master/v001/version.json")
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
    for _ in 0..<6000 where running.process.isRunning {
      usleep(10_000)
      if !lines("begin").subtracting(lines("commit")).isEmpty { break }
    }
    let workers = Programs.children(of: running.process.processIdentifier)
    #expect(!workers.isEmpty)
    kill(running.process.processIdentifier, SIGKILL)
    _ = running.finish()
    for _ in 0..<6000 where workers.contains(where: isAlive) { usleep(20_000) }
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

  private func check(_ fixture: Fixture) throws {
    let production = fixture.path + "/killed"
    #expect(try published(production) == published(fixture.path + "/undisturbed"))
    for file in try FileManager.default.subpathsOfDirectory(atPath: production) {
      #expect(!file.hasSuffix(".part"), "\(file) was left behind")
      #expect(!file.contains("quarantine/"), "\(file) was found damaged")
    }
    try MadeOnce.expect(in: production + "/.interlock/attempts", atLeast: 2 * Self.events)
    let stray = try Programs.run("pgrep", ["-f", "interlock-worker.*\(fixture.path)"])
    #expect(stray.text.isEmpty, "a worker is still there")
    let locks = try FileManager.default.subpathsOfDirectory(atPath: production + "/.interlock").filter {
      $0 == "lock" || $0.hasSuffix("/lock") || $0.hasPrefix("locks/version-")
    }
    #expect(!locks.isEmpty)
    for lock in locks {
      let path = "\(production)/.interlock/\(lock)"
      #expect(try Programs.run("flock", ["--nonblock", path, "true"]).status == 0, "\(lock) is still held")
    }
    try checkLedger(production + "/.interlock/ledger.sqlite")
  }

  /// Digests of everything people see, by path; version files tell times and are left out.
  private func published(_ production: String) throws -> [String: String] {
    var digests: [String: String] = [:]
    for shelf in ["Assets", "Deliverables"] {
      let folder = "\(production)/\(shelf)"
      for file in (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? [] {
        var isFolder: ObjCBool = false
        _ = unsafe FileManager.default.fileExists(atPath: "\(folder)/\(file)", isDirectory: &isFolder)
        guard !isFolder.boolValue, !file.hasSuffix("version.json") else { continue }
        digests["\(shelf)/\(file)"] = String(
          try Programs.run("sha256sum", ["\(folder)/\(file)"]).text.prefix(64))
      }
    }
    #expect(digests.keys.contains { $0.hasSuffix("test_master_v001.mov") })
    return digests
  }

  /// No attempt is open, none holds keys or tokens, and SQLite finds nothing wrong.
  private func checkLedger(_ path: String) throws {
    let question = """
      import sqlite3, sys
      ledger = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
      one = lambda sql: ledger.execute(sql).fetchone()[0]
      print(one("PRAGMA integrity_check"), one("SELECT count(*) FROM attempts WHERE closed IS NULL"),
            one("SELECT count(*) FROM attemptKeys"))
      """
    let answer = try Programs.run("python3", ["-c", question, path])
    #expect(answer.text == "ok 0 0\n", "open attempts or held keys: \(answer.text)\(answer.errors)")
  }
}
