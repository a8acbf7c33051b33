import Foundation
import Glibc
import TestSupport
import Testing

/// Freeing space, and reading everything again.
@Suite struct `Space` {
  private func fixture() throws -> (Fixture, String) {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 120, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    try cut(fixture, from: 0)
    return (fixture, try fixture.pipeline("p.yaml", cut: "cut.edl"))
  }

  /// Forty frames of the clip from each of some of its frames on.
  private func cut(_ fixture: Fixture, from start: Int, and others: Int...) throws {
    let events = ([start] + others).map { ListWriter.Event(reel: "A001", source: 86_400 + $0, count: 40) }
    _ = try fixture.folder.write(ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut.edl")
  }

  /// Two versions of the master, with different frames.
  private func twoVersions() throws -> (Fixture, String) {
    let (fixture, pipeline) = try fixture()
    #expect(try fixture.run(pipeline).master.version == "v001")
    try cut(fixture, from: 72)
    #expect(try fixture.run(pipeline).master.version == "v002")
    return (fixture, pipeline)
  }

  private struct Report: Decodable {
    struct Portion: Decodable {
      var what: String
      var results: Int?
      var files: Int
      var byteCount: Int
      var freedBytes: Int
    }
    struct Kept: Decodable { var results: Int }
    var quarantine: String?
    var setAside: [Portion]
    var deleted: [Portion]
    var kept: Kept
  }

  private func gc(_ fixture: Fixture, _ more: [String]) throws -> Report {
    let finished = try fixture.interlock(
      ["gc", "--production", "out", "--older-than", "0s", "--json"] + more)
    guard finished.status == 0 else { throw FixtureError(text: "\(finished.status): \(finished.errors)") }
    return try JSONDecoder().decode(Report.self, from: finished.output)
  }

  private func isNothingToDo(_ fixture: Fixture, _ pipeline: String) throws -> Bool {
    let again = try fixture.interlock(["run", pipeline, "--production", "out"])
    return again.status == 0 && again.text.contains("Nothing to do")
  }

  private func verify(_ fixture: Fixture) throws {
    let verify = try fixture.interlock(["verify", "--production", "out"])
    #expect(verify.status == 0, "\(verify.text)\(verify.errors)")
  }

  @Test func `every published version keeps what it was made from unless told otherwise`() throws {
    let (fixture, pipeline) = try twoVersions()
    let all = try gc(fixture, [])
    #expect(!all.setAside.contains { $0.what == "frames" })
    #expect(try isNothingToDo(fixture, pipeline))
    try cut(fixture, from: 0)
    #expect(try isNothingToDo(fixture, pipeline))
    try verify(fixture)
  }

  @Test func `frames of older versions stay in what is published of them`() throws {
    let (fixture, pipeline) = try twoVersions()
    let published = fixture.path + "/out/Deliverables/test/master"
    let digest = try fixture.digest(of: published + "/v001/test_master_v001.mov")
    let report = try gc(fixture, ["--keep-versions", "1", "--purge"])
    #expect(report.setAside.contains { $0.what == "records of renders" })
    #expect(!report.setAside.contains { $0.what == "frames" })
    #expect(try fixture.digest(of: published + "/v001/test_master_v001.mov") == digest)
    try verify(fixture)
    #expect(try isNothingToDo(fixture, pipeline))
    // A cut of frames of both.
    try cut(fixture, from: 0, and: 72)
    let third = try fixture.run(pipeline)
    #expect(third.framesMade == 0 && third.master.version == "v003")
    try verify(fixture)
  }

  @Test func `what nothing shows any more goes, comes back when asked for, and is made again after that`()
    throws
  {
    let (fixture, pipeline) = try twoVersions()
    let published = fixture.path + "/out/Deliverables/test/master"
    let digest = try fixture.digest(of: published + "/v001/test_master_v001.mov")
    try FileManager.default.removeItem(atPath: published + "/v001")

    let dry = try gc(fixture, ["--keep-versions", "1", "--dry-run"])
    let master = try #require(dry.setAside.first { $0.what == "assembled files" })
    #expect(master.freedBytes > 0)
    #expect(try #require(dry.setAside.first { $0.what == "frames" }?.results) > 0)
    let aside = try gc(fixture, ["--keep-versions", "1"])
    #expect(aside.setAside.first { $0.what == "assembled files" }?.byteCount == master.byteCount)
    #expect(aside.kept.results == dry.kept.results)
    try verify(fixture)
    #expect(try isNothingToDo(fixture, pipeline))

    // The older cut again: nothing is rendered, what was set aside is back.
    try cut(fixture, from: 0)
    let back = try fixture.run(pipeline)
    #expect(back.framesMade == 0 && back.master.version == "v003")
    #expect(try fixture.digest(of: published + "/v003/test_master_v003.mov") == digest)
    try verify(fixture)

    // The newer one is current again, and now the rest is deleted for good.
    try FileManager.default.removeItem(atPath: published + "/v003")
    try cut(fixture, from: 72)
    #expect(try isNothingToDo(fixture, pipeline))
    let purged = try gc(fixture, ["--keep-versions", "1", "--purge"])
    #expect(purged.quarantine == nil)
    let quarantine = fixture.path + "/out/.interlock/quarantine"
    #expect(try FileManager.default.contentsOfDirectory(atPath: quarantine).isEmpty)
    #expect(try isNothingToDo(fixture, pipeline))
    try cut(fixture, from: 0)
    let again = try fixture.run(pipeline)
    #expect(again.framesMade == 40 && again.master.version == "v003")
    #expect(try fixture.digest(of: published + "/v003/test_master_v003.mov") == digest)
    try verify(fixture)
  }

  @Test func `a pin keeps what an older version was made from, also without the ledger`() throws {
    let (fixture, _) = try twoVersions()
    let pinned = try fixture.interlock([
      "assets", "pin", "test/master@v001", "--note", "the festival's", "--by", "mika", "--production", "out",
    ])
    #expect(pinned.status == 0, "\(pinned.errors)")
    for suffix in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: fixture.path + "/out/.interlock/ledger.sqlite" + suffix)
    }
    let kept = try gc(fixture, ["--keep-versions", "1", "--dry-run"])
    #expect(!kept.setAside.contains { $0.what == "records of renders" })
    #expect(
      try fixture.interlock(["assets", "pins", "--production", "out"]).text.contains("the festival's"))
    #expect(
      try fixture.interlock(["assets", "unpin", "test/master@v001", "--production", "out"]).status == 0)
    let free = try gc(fixture, ["--keep-versions", "1", "--dry-run"])
    #expect(free.setAside.contains { $0.what == "records of renders" })
  }

  @Test func `explain says which root holds a file`() throws {
    let (fixture, _) = try twoVersions()
    let file = "out/Deliverables/test/master/v001/test_master_v001.mov"
    let published = try fixture.interlock(["gc", "--explain", file, "--production", "out"])
    #expect(published.text.contains("kept by published in test/master@v001"), "\(published.errors)")
    let unknown = try fixture.interlock(["gc", "--explain", "000000", "--production", "out"])
    #expect(unknown.status == 2)
  }

  @Test func `a version that cannot be read stops a collection`() throws {
    let (fixture, _) = try twoVersions()
    let record = fixture.path + "/out/Deliverables/test/master/v001/version.json"
    try FileManager.default.removeItem(atPath: record)
    try Data("{".utf8).write(to: URL(fileURLWithPath: record))
    let refused = try fixture.interlock([
      "gc", "--keep-versions", "1", "--older-than", "0s", "--production", "out",
    ])
    #expect(refused.status == 4)
    #expect(refused.errors.contains("Nothing was collected"))
    let quarantine = fixture.path + "/out/.interlock/quarantine"
    #expect(try FileManager.default.contentsOfDirectory(atPath: quarantine).isEmpty)
  }

  @Test(arguments: [UInt64(7)])
  func `a collection killed at any instant loses nothing that is needed`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let (fixture, pipeline) = try twoVersions()
    // How long one takes here decides when the next ones are killed.
    let began = ContinuousClock.now
    _ = try gc(fixture, ["--keep-versions", "1", "--dry-run"])
    let elapsed = (ContinuousClock.now - began).components
    let longest = UInt32(elapsed.seconds * 1_000_000 + elapsed.attoseconds / 1_000_000_000_000) * 3 / 2
    for _ in 0..<12 {
      let running = try Programs.start(
        Repository.product("interlock"),
        ["gc", "--keep-versions", "1", "--older-than", "0s", "--production", "out", "--purge"],
        folder: fixture.path)
      usleep(UInt32.random(in: longest / 4...longest, using: &random))
      kill(running.process.processIdentifier, SIGKILL)
      _ = running.finish()
      try verify(fixture)
    }
    _ = try gc(fixture, ["--keep-versions", "1", "--purge"])
    try verify(fixture)
    #expect(try isNothingToDo(fixture, pipeline))
    try cut(fixture, from: 0)
    #expect(try fixture.run(pipeline).master.version == "v001")
  }
}

/// What `verify` finds, and what it rebuilds.
@Suite struct `Verify` {
  private func production() throws -> (Fixture, String) {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 60, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    try list(fixture, count: 30)
    let pipeline = try fixture.pipeline("p.yaml", cut: "cut.edl")
    _ = try fixture.run(pipeline)
    return (fixture, pipeline)
  }

  private func list(_ fixture: Fixture, count: Int) throws {
    let events = [ListWriter.Event(reel: "A001", source: 86_405, count: count)]
    _ = try fixture.folder.write(ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut.edl")
  }

  private struct Report: Decodable {
    struct Fault: Decodable {
      var kind: String
      var subject: String
    }
    var faults: [Fault]
    var segments: Int
    var decisions: Int
  }

  private func verify(_ fixture: Fixture) throws -> Report {
    let finished = try fixture.interlock(["verify", "--production", "out", "--json"])
    let report = try JSONDecoder().decode(Report.self, from: finished.output)
    #expect(finished.status == (report.faults.isEmpty ? 0 : 4), "\(finished.errors)")
    return report
  }

  private func replace(_ path: String, _ change: (String) -> String) throws {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try FileManager.default.removeItem(atPath: path)
    try Data(change(text).utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
  }

  private func sql(_ fixture: Fixture, _ statement: String) throws {
    let program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"
    let ledger = fixture.path + "/out/.interlock/ledger.sqlite"
    let finished = try Programs.run("python3", ["-c", program, ledger, statement])
    #expect(finished.status == 0, "\(finished.errors)")
  }

  @Test func `each kind of damage is found and named`() throws {
    let (fixture, _) = try production()
    let out = fixture.path + "/out"
    let version = out + "/Deliverables/test/master/v001"
    #expect(
      try fixture.interlock(["approve", "test/master", "--production", "out", "--by", "mika"]).status == 0)
    #expect(try fixture.interlock(["assets", "pin", "test/master", "--production", "out"]).status == 0)
    let clean = try verify(fixture)
    #expect(clean.faults.isEmpty)
    #expect(clean.segments > 0 && clean.decisions == 1)

    func only(_ folder: String) throws -> String {
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      return folder + "/" + (try #require(names.first))
    }
    try replace(only(version + "/decisions")) {
      $0.replacingOccurrences(of: "schema\" : 2", with: "schema\" : 9")
    }
    try replace(only(version + "/pins")) { _ in "{}" }
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o644], ofItemAtPath: version + "/version.json")
    try Data("x".utf8).write(to: URL(fileURLWithPath: out + "/.interlock/objects/00stray"))
    try FileManager.default.createDirectory(
      atPath: out + "/.interlock/objects/zz", withIntermediateDirectories: true)
    try Data("x".utf8).write(to: URL(fileURLWithPath: out + "/.interlock/objects/zz/stray"))
    let runs = out + "/.interlock/runs"
    let run = try #require(try FileManager.default.contentsOfDirectory(atPath: runs).first)
    try replace("\(runs)/\(run)/plan.json") { _ in "{" }
    try sql(fixture, "DELETE FROM results WHERE key = (SELECT MIN(key) FROM results)")
    try sql(fixture, "INSERT INTO results VALUES (zeroblob(32))")
    try sql(fixture, "UPDATE frames SET first = first + 1")

    let kinds = try verify(fixture).faults.map(\.kind)
    for kind in [
      "unreadableDecision", "unreadablePin", "writableFile", "strayFile", "unreadableRun", "ledger",
    ] {
      #expect(kinds.contains(kind), "\(kind)")
    }
    #expect(kinds.count { $0 == "ledger" } == 2 + clean.segments)
    let rebuilt = try fixture.interlock(["verify", "--rebuild", "--json", "--production", "out"])
    let after = try JSONDecoder().decode(Report.self, from: rebuilt.output)
    #expect(!after.faults.contains { $0.kind == "ledger" })
  }

  @Test func `without its ledger a production answers every question as before`() throws {
    let (fixture, pipeline) = try production()
    try list(fixture, count: 42)
    _ = try fixture.run(pipeline)
    #expect(
      try fixture.interlock([
        "approve", "test/master@v002", "--production", "out", "--by", "mika", "--note", "lovely",
      ]).status == 0)
    let questions = [
      ["status", pipeline, "--production", "out", "--json"], ["status", "--production", "out", "--json"],
      ["assets", "list", "--production", "out", "--json"],
      ["assets", "history", "test/master", "--production", "out", "--json"],
    ]
    func ask() throws -> [String] { try questions.map { try fixture.interlock($0).text } }
    func estimate() throws -> Double {
      struct Plan: Decodable { var estimatedSeconds: Double? }
      try list(fixture, count: 50)
      let plan = try fixture.interlock(["plan", pipeline, "--production", "out", "--json"])
      try list(fixture, count: 42)
      return try #require(try JSONDecoder().decode(Plan.self, from: plan.output).estimatedSeconds)
    }
    let answers = try ask()
    let seconds = try estimate()
    for suffix in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: fixture.path + "/out/.interlock/ledger.sqlite" + suffix)
    }
    let rebuilt = try fixture.interlock(["verify", "--rebuild", "--production", "out"])
    #expect(rebuilt.status == 0, "\(rebuilt.text)\(rebuilt.errors)")
    #expect(try ask() == answers)
    #expect(try abs(estimate() - seconds) < 0.05 + seconds / 10)
    let again = try fixture.interlock(["run", pipeline, "--production", "out"])
    #expect(again.text.contains("Nothing to do"))
  }
}
