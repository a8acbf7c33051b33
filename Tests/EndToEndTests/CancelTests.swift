import Foundation
import TestSupport
import Testing

/// However a run is stopped, finished segments stay, nothing else does, and the next run goes on.
@Suite struct `Cancelling` {
  private let fixture: Fixture
  private let pipeline: String

  init() throws {
    fixture = try Fixture()
    try fixture.clip("A001", frames: 300, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    _ = try fixture.folder.write(
      ListWriter.edl([.init(reel: "A001", source: 86_400, count: 300)], base: 24, recordStart: 86_400),
      to: "cut.edl")
    pipeline = try fixture.pipeline("p.yaml", cut: "cut.edl", raster: "1280x720")
  }

  /// A run that has committed a segment, so that there is something to keep, and is not done.
  private func begun() throws -> Running {
    let running = try Programs.start(
      Repository.product("interlock"), ["run", pipeline, "--production", "out"], folder: fixture.path)
    let results = fixture.path + "/out/.interlock/results"
    func hasSegment() -> Bool {
      ((try? FileManager.default.subpathsOfDirectory(atPath: results)) ?? []).contains { name in
        name.hasSuffix(".json")
          && (try? String(contentsOfFile: results + "/" + name, encoding: .utf8))?.contains(
            #""kind":"segment""#) == true
      }
    }
    while running.process.isRunning, !hasSegment() { usleep(20_000) }
    return running
  }

  private func checkClean() throws {
    let parts = try FileManager.default.subpathsOfDirectory(atPath: fixture.path + "/out").filter {
      $0.hasSuffix(".part")
    }
    #expect(parts.isEmpty, "\(parts)")
    let lock = fixture.path + "/out/.interlock/lock"
    #expect(
      try Programs.run("flock", ["--nonblock", lock, "true"]).status == 0, "the production is still held")
    let rest = try fixture.run(pipeline)
    #expect(rest.framesMade < 300)
    #expect(try NumberedClip.read(fixture.path + "/" + rest.master.path) == Array(0..<300))
  }

  @Test func `SIGTERM ends a run with 143`() throws {
    let running = try begun()
    running.process.terminate()
    let cancelled = running.finish()
    #expect(cancelled.status == 143, "\(cancelled.errors)")
    try checkClean()
  }

  @Test func `a second Ctrl-C ends it at once, with its workers`() throws {
    let running = try begun()
    let workers = Programs.children(of: running.process.processIdentifier)
    #expect(!workers.isEmpty)
    kill(running.process.processIdentifier, SIGINT)
    // Two at once would be one to the kernel.
    usleep(200_000)
    kill(running.process.processIdentifier, SIGINT)
    let cancelled = running.finish()
    #expect(cancelled.status == 130, "\(cancelled.errors)")
    for worker in workers { #expect(kill(worker, 0) != 0, "worker \(worker) is still there") }
    try checkClean()
  }

  @Test(arguments: [[], ["--now"]]) func `another process stops it by name`(more: [String]) throws {
    let running = try begun()
    let workers = Programs.children(of: running.process.processIdentifier)
    let answer = try fixture.interlock(
      ["cancel", "latest", "--production", "out", "--wait", "--json"] + more)
    #expect(answer.status == 0, "\(answer.errors)")
    let object = try #require(
      try JSONSerialization.jsonObject(with: answer.output) as? [String: Any])
    #expect(object["state"] as? String == "over")
    #expect((object["stillAlive"] as? [Any])?.isEmpty == true)
    let cancelled = running.finish()
    #expect(cancelled.status == 130, "\(cancelled.errors)")
    for worker in workers { #expect(kill(worker, 0) != 0, "worker \(worker) is still there") }
    try checkClean()
    let run = try #require(object["run"] as? String)
    let later = try fixture.interlock(["cancel", run, "--production", "out"])
    #expect(later.status == 0 && later.text.contains("is over"), "\(later.text)")
  }

  @Test func `what does not run cannot be stopped, and is named`() throws {
    _ = try fixture.run(pipeline)
    let none = try fixture.interlock(["cancel", "latest", "--production", "out"])
    #expect(none.status == 3 && none.errors.contains("no run is under way"), "\(none.errors)")
    let unknown = try fixture.interlock(["cancel", "NOSUCHRUN", "--production", "out"])
    #expect(unknown.status == 2 && unknown.errors.contains("interlock run list"), "\(unknown.errors)")
  }
}
