import Foundation
import Glibc
import TestSupport
import Testing

/// Several people and machines on one production.
@Suite struct `Shared productions` {
  private func fixture() throws -> (Fixture, String) {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 120, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    let events = (0..<4).map { ListWriter.Event(reel: "A001", source: 86_400 + $0 * 24, count: 24) }
    _ = try fixture.folder.write(ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut.edl")
    return (fixture, try fixture.pipeline("p.yaml", cut: "cut.edl"))
  }

  /// A lock that another program holds until the closure is done.
  private func whileLocked<Value>(_ fixture: Fixture, _ body: () throws -> Value) throws -> Value {
    let lock = "\(fixture.path)/out/.interlock/lock"
    let holder = try Programs.start(
      "flock", ["--no-fork", lock, "sh", "-c", "echo ready >ready; exec sleep 1000"], folder: fixture.path)
    defer {
      // Not SIGTERM: programs started from threads of a dispatch queue inherit that it is blocked.
      kill(holder.process.processIdentifier, SIGKILL)
      _ = holder.finish()
    }
    while !FileManager.default.fileExists(atPath: fixture.path + "/ready") { usleep(10_000) }
    return try body()
  }

  @Test func `a second command says who works here, since when and on what, and ends with 75`() throws {
    let (fixture, pipeline) = try fixture()
    let running = try Programs.start(
      Repository.product("interlock"), ["run", pipeline, "--production", "out"], folder: fixture.path)
    let lock = fixture.path + "/out/.interlock/lock"
    func holder() -> String { (try? String(contentsOfFile: lock, encoding: .utf8)) ?? "" }
    while running.process.isRunning, !holder().contains("\nrun ") { usleep(5_000) }
    kill(running.process.processIdentifier, SIGSTOP)
    defer {
      kill(running.process.processIdentifier, SIGCONT)
      _ = running.finish()
    }
    for verb in [["run", pipeline], ["verify"], ["farm", "export", "ninja", pipeline, "-o", "job"]] {
      let second = try fixture.interlock(verb + ["--production", "out"])
      #expect(second.status == 75, "\(verb): \(second.errors)")
      for fact in [
        "process \(running.process.processIdentifier)", "since 2", "interlock run", "(run 0", " on ",
      ] {
        #expect(second.errors.contains(fact), "\(fact) is not in: \(second.errors)")
      }
    }
    let patient = try fixture.interlock(["run", pipeline, "--production", "out", "--wait", "1"])
    #expect(patient.status == 75)
    #expect(patient.errors.contains("Waiting until this production is free"), "\(patient.errors)")
  }

  @Test func `with --wait it waits until the first is done and does nothing again`() throws {
    let (fixture, pipeline) = try fixture()
    _ = try fixture.run(pipeline)
    let waiting = try whileLocked(fixture) {
      let waiting = try Programs.start(
        Repository.product("interlock"), ["run", pipeline, "--production", "out", "--wait"],
        folder: fixture.path)
      usleep(300_000)
      #expect(waiting.process.isRunning)
      return waiting
    }
    let finished = waiting.finish()
    #expect(finished.status == 0, "\(finished.errors)")
    #expect(finished.text.contains("Nothing to do"), "\(finished.text)")
  }

  @Test func `on shared storage the ledger keeps a rollback journal, a lease is held, and both are said`()
    throws
  {
    let (fixture, pipeline) = try fixture()
    let shared = ["INTERLOCK_STORAGE": "shared"]
    let first = try fixture.interlock(["run", pipeline, "--production", "out"], environment: shared)
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.errors.contains("note: the production is on a network file system"), "\(first.errors)")
    let folder = fixture.path + "/out/.interlock"
    #expect(!FileManager.default.fileExists(atPath: folder + "/ledger.sqlite-wal"))
    #expect(!FileManager.default.fileExists(atPath: folder + "/lease"), "the lease was given back")
    let doctor = try fixture.interlock(["doctor", "--production", "out"], environment: shared)
    #expect(doctor.text.contains("rollback journal"), "\(doctor.text)")

    // Somebody on another host has it; whether that host lives is not known from here.
    let lease = """
      nonce 01ARZ3NDEKTSV4RRFFQ69G5FAV
      number 00000000000000000007
      process 4711
      host elsewhere
      boot 5d1f
      user anna
      since 2026-01-31T10:00:00.000Z
      command interlock run film.yaml
      end 01ARZ3NDEKTSV4RRFFQ69G5FAV

      """
    _ = try fixture.folder.write(lease, to: "out/.interlock/lease")
    let second = try fixture.interlock(["run", pipeline, "--production", "out"], environment: shared)
    #expect(second.status == 75, "\(second.errors)")
    #expect(second.errors.contains("anna on elsewhere, process 4711"), "\(second.errors)")
    // A holder of this host that is no more is taken over at once.
    var name = [CChar](repeating: 0, count: 256)
    #expect(unsafe gethostname(&name, 255) == 0)
    let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    _ = try fixture.folder.write(
      lease.replacingOccurrences(of: "elsewhere", with: host), to: "out/.interlock/lease")
    let third = try fixture.interlock(["run", pipeline, "--production", "out"], environment: shared)
    #expect(third.status == 0, "\(third.errors)")
  }

  @Test(.enabled(if: geteuid() == 0, "becoming other users needs root"))
  func `a coordinator, a worker and a publisher are different users of one group`() throws {
    let (fixture, pipeline) = try fixture()
    // Users and a group that no account has.
    let (anna, ben, cleo, group) = ("61001", "61002", "61003", "61000")
    let out = fixture.path + "/out"
    for command in [
      ["chmod", "-R", "a+rX", fixture.path], ["mkdir", out], ["chgrp", group, out], ["chmod", "2775", out],
    ] {
      #expect(try Programs.run(command[0], Array(command.dropFirst())).status == 0)
    }
    func run(as user: String, _ program: String, _ arguments: [String]) throws -> Finished {
      try Programs.run(
        "setpriv",
        ["--reuid", user, "--regid", group, "--clear-groups", Repository.product(program)] + arguments,
        folder: fixture.path, environment: ["HOME": "/", "TMPDIR": "/tmp"])
    }
    // Anna is stopped on the way: her attempt folders and segments are there, nothing is published.
    let first = try run(as: anna, "interlock", ["run", pipeline, "--production", "out", "--until", "grade"])
    #expect(first.status == 0, "\(first.errors)")
    let stopped = try Programs.start(
      "setpriv",
      [
        "--reuid", anna, "--regid", group, "--clear-groups", Repository.product("interlock"), "run", pipeline,
        "--production", "out", "--workers", "1",
      ], folder: fixture.path, environment: ["HOME": "/", "TMPDIR": "/tmp"])
    let attempts = out + "/.interlock/attempts"
    func rendering() -> String? {
      ((try? FileManager.default.contentsOfDirectory(atPath: attempts)) ?? []).first { id in
        let log = (try? String(contentsOfFile: "\(attempts)/\(id)/log.txt", encoding: .utf8)) ?? ""
        return log.contains(" render ") && log.contains(" commit ")
      }
    }
    while stopped.process.isRunning, rendering() == nil { usleep(5_000) }
    kill(stopped.process.processIdentifier, SIGKILL)
    _ = stopped.finish()
    let id = try #require(rendering(), "nothing was rendered")

    // Ben's farm does the rest of Anna's attempt, in her folder.
    var worked = try run(as: ben, "interlock-worker", ["run", "\(attempts)/\(id)/task.json"])
    // Anna's worker finishes its segment first.
    while worked.status == 75 {
      usleep(100_000)
      worked = try run(as: ben, "interlock-worker", ["run", "\(attempts)/\(id)/task.json"])
    }
    #expect(worked.status == 0, "\(worked.text)")

    // Cleo takes the production up, renders what is left, and publishes objects that are not hers.
    let last = try run(as: cleo, "interlock", ["run", pipeline, "--production", "out", "--wait"])
    #expect(last.status == 0, "\(last.errors)")
    let master = out + "/Deliverables/test/master/v001/test_master_v001.mov"
    #expect(try NumberedClip.read(master) == Array(0..<96))
    #expect(try run(as: anna, "interlock", ["verify", "--production", "out"]).status == 0)
    // And Anna publishes the next version beside Cleo's.
    _ = try fixture.folder.write(
      ListWriter.edl([.init(reel: "A001", source: 86_400, count: 30)], base: 24, recordStart: 86_400),
      to: "cut.edl")
    let next = try run(as: anna, "interlock", ["run", pipeline, "--production", "out"])
    #expect(next.status == 0, "\(next.errors)")
    let approved = try run(
      as: ben, "interlock", ["approve", "test/master@v002", "--note", "good", "--production", "out"])
    #expect(approved.status == 0, "\(approved.errors)")
    try checkModes(out, group: group)
  }

  /// Folders are for the group, and no file of the store can be changed by anybody.
  private func checkModes(_ production: String, group: String) throws {
    let strange = try Programs.run(
      "find", [production, "-type", "d", "(", "!", "-perm", "-2770", "-o", "!", "-gid", group, ")"])
    #expect(strange.text.isEmpty, "not for the group: \(strange.text)")
    let writable = try Programs.run(
      "find",
      [production + "/.interlock/objects", production + "/.interlock/results", "-type", "f", "-perm", "/222"])
    #expect(writable.text.isEmpty, "can be changed: \(writable.text)")
  }
}
