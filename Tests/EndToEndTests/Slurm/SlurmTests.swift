import Foundation
import Glibc
import TestSupport
import Testing

/// The real program on a real Slurm.
@Suite(.serialized, .enabled(if: RealSlurm.obstacle == nil, "no Slurm here: \(RealSlurm.obstacle ?? "")"))
struct `Slurm` {
  private func film(_ production: String) -> [String] {
    [
      "run", "Pipelines/short-film.yaml", "--production", production, "--executor", "slurm", "--set",
      "raster=256x144",
    ]
  }

  private func startFilm(_ production: String, on slurm: RealSlurm) throws -> Running {
    try Programs.start(
      Repository.product("interlock"), film(production), folder: Repository.root,
      environment: slurm.environment.merging(["INTERLOCK_CPU": "baseline"]) { $1 })
  }

  /// Jobs are ended, the coordinator is killed, the controller goes away and the node is drained while the film is made.
  @Test
  func `a film made by a disturbed farm on a baseline CPU is the film made here, and nothing is made twice`()
    throws
  {
    let slurm = try RealSlurm()
    let folder = try TemporaryFolder()
    let production = folder.path + "/film"
    var running = try startFilm(production, on: slurm)
    func expectRunning(_ when: String) throws {
      if running.process.isRunning { return }
      let finished = running.finish()
      throw FixtureError(text: "the run was over \(when), exit \(finished.status): \(finished.errors)")
    }
    func waitForJob(_ when: String) throws {
      try slurm.wait("a job \(when)") {
        try expectRunning(when)
        return !slurm.jobs("running").isEmpty && results(production) > 0
      }
    }
    try waitForJob("to end")
    if let job = slurm.jobs("running").first { try slurm.call("scancel", [job]) }
    try waitForJob("when the coordinator is killed")
    let before = results(production)
    kill(running.process.processIdentifier, SIGKILL)
    _ = running.finish()
    running = try startFilm(production, on: slurm)
    try waitForJob("when the controller stops")
    slurm.stopController()
    usleep(3_000_000)
    try slurm.startController()
    try waitForJob("when the node is drained")
    try slurm.setNode("drain")
    try slurm.wait("the node to be drained") {
      slurm.nodeState.hasPrefix("drain") || !running.process.isRunning
    }
    try expectRunning("before the node was drained")
    usleep(2_000_000)
    try slurm.setNode("resume")
    let finished = running.finish()
    #expect(finished.status == 0, "\(finished.errors)")
    #expect(results(production) > before)
    try MadeOnce.expect(in: production + "/.interlock/attempts", atLeast: 20)
    #expect(slurm.jobs("pending,running,completing").isEmpty)
    let local = try LocalFilm.files()
    let remote = try Published.digests(in: production)
    #expect(Set(remote.keys) == Set(local.keys))
    for (file, digest) in local { #expect(remote[file] == digest, "\(file)") }
    #expect(Self.jobProcesses().isEmpty)
  }

  @Test func `a cancelled run leaves no job and no process, and finished segments stay`() throws {
    let slurm = try RealSlurm()
    let folder = try TemporaryFolder()
    let production = folder.path + "/film"
    let running = try startFilm(production, on: slurm)
    try slurm.wait("a job that has made something") {
      if !running.process.isRunning { throw FixtureError(text: running.finish().errors) }
      return !slurm.jobs("running").isEmpty && results(production) > 40
    }
    let made = results(production)
    running.process.terminate()
    let finished = running.finish()
    #expect(finished.status == 143 || finished.status == 130, "\(finished.status): \(finished.errors)")
    #expect(slurm.jobs("pending,running,completing,suspended").isEmpty)
    #expect(Self.jobProcesses().isEmpty)
    #expect(results(production) >= made)
  }

  private func fixture(events count: Int = 24) throws -> (Fixture, pipeline: String) {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 96, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    let events = (0..<count).map { index in
      ListWriter.Event(
        reel: "A001", source: 86_400 + index * 4, count: 4,
        comments: [String(format: "ASC_SOP (1.%03d 1 1)(0 0 0)(1 1 1)", index), "ASC_SAT 1.0"])
    }
    _ = try fixture.folder.write(ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut.edl")
    return (fixture, try fixture.pipeline("p.yaml", cut: "cut.edl"))
  }

  @Test func `a pilot does all tasks in one job, with the same result as here`() throws {
    let slurm = try RealSlurm()
    let (fixture, pipeline) = try fixture()
    let here = try fixture.run(pipeline, production: "here")
    let there = try fixture.interlock(
      ["run", pipeline, "--production", "there", "--json", "--executor", "slurm", "--pilot", "2"],
      environment: slurm.environment)
    #expect(there.status == 0, "\(there.errors)")
    let report = try JSONDecoder().decode(RunReport.self, from: there.output)
    #expect(
      try fixture.digest(of: fixture.path + "/" + report.master.path)
        == fixture.digest(of: fixture.path + "/" + here.master.path))
    // A run for the probes and one for the work.
    #expect(slurm.jobs().count <= 2, "\(slurm.jobs())")
    #expect(report.attempts > 20)
    try slurm.wait("the pilot to go") { slurm.jobs("pending,running,completing").isEmpty }
  }

  @Test func `what Slurm does not take is told once, with what to correct`() throws {
    let slurm = try RealSlurm()
    let (fixture, pipeline) = try fixture()
    let site = try fixture.folder.write("partition: nowhere\nmodules: [never]\n", to: "site.yaml")
    let refused = try fixture.interlock(
      ["run", pipeline, "--production", "there", "--executor", "slurm", "--farm", site],
      environment: slurm.environment)
    #expect(refused.status == 2)
    #expect(
      refused.errors.contains("Slurm does not take the job: invalid partition specified: nowhere"),
      "\(refused.errors)")
    #expect(slurm.jobs().isEmpty)
    let unknown = try fixture.folder.write("partitoin: farm\n", to: "typo.yaml")
    let typo = try fixture.interlock(
      ["run", pipeline, "--production", "there", "--executor", "slurm", "--farm", unknown],
      environment: slurm.environment)
    #expect(typo.status == 2)
    #expect(typo.errors.contains("Did you mean `partition`?"), "\(typo.errors)")
  }

  @Test func `jobs that cannot begin end the run with the words of their log`() throws {
    let slurm = try RealSlurm()
    let (fixture, pipeline) = try fixture(events: 2)
    let site = try fixture.folder.write("launcher: [/nowhere/enter, image]\n", to: "site.yaml")
    let refused = try fixture.interlock(
      ["run", pipeline, "--production", "there", "--executor", "slurm"],
      environment: slurm.environment.merging(["INTERLOCK_FARM": site]) { $1 })
    #expect(refused.status == 1, "\(refused.errors)")
    #expect(
      refused.errors.contains(" ended before it began its work: it exited with 12"), "\(refused.errors)")
    #expect(refused.errors.contains("/nowhere/enter: No such file or directory"), "\(refused.errors)")
    #expect(refused.errors.contains("`launcher` under `farm:`"), "\(refused.errors)")
    try slurm.wait("the jobs to go") { slurm.jobs("pending,running,completing").isEmpty }
  }

  @Test func `an exported job runs on Slurm by itself, and the next run takes up what it made`() throws {
    let slurm = try RealSlurm()
    let (fixture, pipeline) = try fixture(events: 6)
    let here = try fixture.run(pipeline, production: "here")
    let export = ["farm", "export", "slurm", pipeline, "--production", "there", "-o", "a job"]
    #expect(try fixture.interlock(export).status == 0)
    let submitted = try Programs.run(
      fixture.path + "/a job/submit.sh", ["--partition=farm", "--comment=by hand"], folder: "/",
      environment: slurm.environment)
    #expect(submitted.status == 0, "\(submitted.text) \(submitted.errors)")
    try slurm.wait("the exported jobs") { slurm.jobs("pending,running,completing").isEmpty }
    let states = try slurm.call("squeue", ["-h", "-r", "-t", "all", "-o", "%T %k"]).split(separator: "\n")
    #expect(states.count > 6 && Set(states) == ["COMPLETED by hand"], "\(states)")
    let made = "/Deliverables/test/master/v001/test_master_v001.mov"
    #expect(
      try fixture.digest(of: fixture.path + "/there" + made)
        == fixture.digest(of: fixture.path + "/here" + made)
    )
    let again = try fixture.run(pipeline, production: "there")
    #expect(again.framesMade == 0 && again.attempts == 0 && again.master.version == here.master.version)
  }

  // MARK: Looking

  private func results(_ production: String) -> Int {
    let folder = production + "/.interlock/results"
    let manager = FileManager.default
    return ((try? manager.contentsOfDirectory(atPath: folder)) ?? []).reduce(0) {
      $0 + ((try? manager.contentsOfDirectory(atPath: "\(folder)/\($1)").count) ?? 0)
    }
  }

  /// Processes of jobs, known by the mark that all that comes of a worker carries.
  private static func jobProcesses() -> [String] {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.filter { id in
      guard Int(id) != nil, let bytes = FileManager.default.contents(atPath: "/proc/\(id)/environ") else {
        return false
      }
      return String(decoding: bytes, as: UTF8.self).contains("INTERLOCK_WORKER=slurm.")
    }
  }
}
