import Foundation
import TestSupport
import Testing

/// Verbs of the command line, as a user calls them.
@Suite struct `Commands` {
  private func fixture() throws -> (fixture: Fixture, pipeline: String) {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 72, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    let list = ListWriter.edl(
      [.init(reel: "A001", source: 86_405, count: 30), .init(reel: "A001", source: 86_450, count: 20)],
      base: 24,
      recordStart: 86_400)
    _ = try fixture.folder.write(list, to: "cut.edl")
    return (fixture, try fixture.pipeline("p.yaml", cut: "cut.edl"))
  }

  @Test func `conform reports every event and renders without a pipeline`() throws {
    let (fixture, _) = try fixture()
    let result = try fixture.interlock(
      [
        "conform", "cut.edl", "--media", "rushes", "--report", "report.json", "--otio", "out.otio",
        "--output", "out.mov",
        "--profile", "prores-422hq",
      ])
    #expect(result.status == 0, "\(result.errors)")
    #expect(try NumberedClip.read(fixture.path + "/out.mov") == Array(5..<35) + Array(50..<70))
    let report = try String(contentsOfFile: fixture.path + "/report.json", encoding: .utf8)
    #expect(report.contains("reel+timecode"))
    let otio = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(fileURLWithPath: fixture.path + "/out.otio")))
    #expect((otio as? [String: Any])?["OTIO_SCHEMA"] as? String == "Timeline.1")
    #expect(
      !FileManager.default.fileExists(atPath: fixture.path + "/.interlock"),
      "conform works in a private folder")
  }

  @Test func `the conformed timeline conforms to the same frames`() throws {
    let (fixture, _) = try fixture()
    _ = try fixture.interlock(["conform", "cut.edl", "--media", "rushes", "--otio", "again.otio"])
    let result = try fixture.interlock(
      ["conform", "again.otio", "--media", "rushes", "--output", "again.mov"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(try NumberedClip.read(fixture.path + "/again.mov") == Array(5..<35) + Array(50..<70))
  }

  @Test func `damaged objects are found, taken back and made again`() throws {
    let (fixture, pipeline) = try fixture()
    let first = try fixture.run(pipeline)
    let digest = try fixture.digest(of: fixture.path + "/" + first.master.path)
    let objects = fixture.path + "/out/.interlock/objects"
    // Every object is changed in one byte; published files that are hard links of them change too.
    for name in try FileManager.default.subpathsOfDirectory(atPath: objects) {
      let path = objects + "/" + name
      var isFolder: ObjCBool = false
      guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue
      else { continue }
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
      let file = try #require(FileHandle(forUpdatingAtPath: path))
      try file.seek(toOffset: 100)
      try file.write(contentsOf: Data([0xA5, 0x5A]))
      try file.close()
    }
    let verify = try fixture.interlock(["verify", "--production", "out"])
    #expect(verify.status == 4)
    #expect(verify.text.contains("taken back"))
    let second = try fixture.run(pipeline)
    #expect(second.framesMade == 50)
    #expect(try fixture.digest(of: fixture.path + "/" + second.master.path) == digest)
  }

  @Test func `a lost ledger is made again from the results`() throws {
    let (fixture, pipeline) = try fixture()
    _ = try fixture.run(pipeline)
    for suffix in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: fixture.path + "/out/.interlock/ledger.sqlite" + suffix)
    }
    #expect(try fixture.run(pipeline).framesMade == 0)
    let verify = try fixture.interlock(["verify", "--rebuild", "--production", "out"])
    #expect(verify.status == 0, "\(verify.text)\(verify.errors)")
  }

  @Test func `plan says what would run and publishes nothing`() throws {
    let (fixture, pipeline) = try fixture()
    let plan = try fixture.interlock(["plan", pipeline])
    #expect(plan.status == 0)
    #expect(plan.text.contains("50 to make, 0 reused"))
    #expect(!FileManager.default.fileExists(atPath: fixture.path + "/.interlock"))
    _ = try fixture.run(pipeline)
    let after = try fixture.interlock(["plan", pipeline, "--production", "out"])
    #expect(after.text.contains("Nothing to do."))
    let why = try fixture.interlock(["why", "master", "--pipeline", pipeline, "--production", "out"])
    #expect(why.text.contains("v001 is exactly this"))
    let status = try fixture.interlock(["status", pipeline, "--production", "out"])
    #expect(status.text.contains("✓ master  v001  current"))
  }

  @Test func `a second coordinator says who holds the production and exits 75`() throws {
    let (fixture, pipeline) = try fixture()
    _ = try fixture.run(pipeline)
    let holder = try Programs.start(
      "flock", ["--nonblock", fixture.path + "/out/.interlock/lock", "sleep", "3"], folder: fixture.path)
    defer {
      holder.process.terminate()
      _ = holder.finish()
    }
    usleep(300_000)
    let second = try fixture.interlock(["run", pipeline, "--production", "out"])
    #expect(second.status == 75)
    #expect(second.errors.contains("another command works in this production"))
  }

  @Test(arguments: ["rushes", "rushes/new.mov", "cut.edl", ".", "nowhere/out.mov"])
  func `conform writes over nothing that it reads`(output: String) throws {
    let (fixture, _) = try fixture()
    let before = try FileManager.default.subpathsOfDirectory(atPath: fixture.path).sorted()
    for option in ["--output", "--report", "--otio"] {
      let result = try fixture.interlock(["conform", "cut.edl", "--media", "rushes", option, output])
      #expect(result.status == 2, "\(option): \(result.text)")
      #expect(result.errors.contains("cannot be written"))
    }
    #expect(try FileManager.default.subpathsOfDirectory(atPath: fixture.path).sorted() == before)
  }

  @Test func `results that are gone are made again without asking`() throws {
    let (fixture, pipeline) = try fixture()
    let first = try fixture.run(pipeline)
    let digest = try fixture.digest(of: fixture.path + "/" + first.master.path)
    try FileManager.default.removeItem(atPath: fixture.path + "/out/.interlock/results")
    let second = try fixture.run(pipeline)
    #expect(second.framesMade == 50)
    #expect(second.master.version == "v001")
    #expect(try fixture.digest(of: fixture.path + "/" + second.master.path) == digest)
  }

  @Test func `an unreadable version is a fault that verify tells`() throws {
    let (fixture, pipeline) = try fixture()
    _ = try fixture.run(pipeline)
    let record = fixture.path + "/out/Deliverables/test/master/v001/version.json"
    try FileManager.default.removeItem(atPath: record)
    try Data("{".utf8).write(to: URL(fileURLWithPath: record))
    let verify = try fixture.interlock(["verify", "--production", "out"])
    #expect(verify.status == 4)
    #expect(verify.text.contains("v001"))
  }

  @Test func `a reader that goes away stops neither the command nor the worker`() throws {
    let (fixture, pipeline) = try fixture()
    let interlock = Repository.product("interlock")
    let piped = try Programs.run(
      "bash",
      ["-c", "set -o pipefail; '\(interlock)' run '\(pipeline)' --production out 2>/dev/null | true"],
      folder: fixture.path)
    #expect(piped.status == 0)
    let worker = Repository.product("interlock-worker")
    let attempts = fixture.path + "/out/.interlock/attempts"
    let task = try #require(try FileManager.default.contentsOfDirectory(atPath: attempts).first)
    let farm = try Programs.run(
      "bash",
      ["-c", "set -o pipefail; '\(worker)' run '\(attempts)/\(task)/task.json' | true"], folder: fixture.path)
    #expect(farm.status == 0)
  }

  @Test func `what the sources say and the programme does not follow is told`() throws {
    let (fixture, pipeline) = try fixture()
    let clip = fixture.path + "/rushes/A001.mov"
    let rotated = try Programs.run(
      "ffmpeg",
      ["-v", "error", "-i", clip, "-map", "0", "-c", "copy", "-metadata:s:v", "rotate=90", clip + ".new.mov"])
    #expect(rotated.status == 0, "\(rotated.errors)")
    try FileManager.default.removeItem(atPath: clip)
    try FileManager.default.moveItem(atPath: clip + ".new.mov", toPath: clip)
    let result = try fixture.interlock(["run", pipeline, "--production", "out"])
    #expect(result.errors.contains("is flagged to be shown rotated by"), "\(result.errors)")
  }

  @Test func `a cut without a rate takes that of the media it uses, whatever else is in the folder`() throws {
    let (fixture, _) = try fixture()
    try fixture.clip(
      "Z001", frames: 30, firstNumber: 0, rate: "25/1", timecode: "10:00:00:00", codec: Fixture.prores)
    let result = try fixture.interlock(["conform", "cut.edl", "--media", "rushes", "--output", "out.mov"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.text.contains("at 24000/1001 fps"))
    // A cut of media of both rates has no rate of its own.
    let mixed = ListWriter.edl(
      [.init(reel: "A001", source: 86_405, count: 10), .init(reel: "Z001", source: 864_005, count: 10)],
      base: 24,
      recordStart: 86_400)
    _ = try fixture.folder.write(mixed, to: "mixed.edl")
    let refused = try fixture.interlock(["conform", "mixed.edl", "--media", "rushes"])
    #expect(refused.status == 2)
    #expect(refused.errors.contains("does not say its frame rate"))
  }
}
