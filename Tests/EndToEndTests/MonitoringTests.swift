import Foundation
import TestSupport
import Testing

/// What a run tells while it goes on and afterwards, as a user and as other programs see it.
@Suite struct `Monitoring` {
  private func fixture(events: Int = 2) throws -> Fixture {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 96, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    let list = ListWriter.edl(
      (0..<events).map { .init(reel: "A001", source: 86_405 + 10 * $0, count: 20) }, base: 24,
      recordStart: 86_400)
    _ = try fixture.folder.write(list, to: "cut.edl")
    let pipeline = try fixture.pipeline("p.yaml", cut: "cut.edl")
    let text = try String(contentsOfFile: pipeline, encoding: .utf8)
    _ = try fixture.folder.write(text + "cost: 0.12 EUR/core-hour\n", to: "p.yaml")
    return fixture
  }

  private func python(_ program: String, _ arguments: [String]) throws -> Finished {
    try Programs.run("/usr/bin/python3", ["-c", program] + arguments)
  }

  private func object(_ finished: Finished) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: finished.output) as? [String: Any])
  }

  private func latestRun(_ fixture: Fixture) throws -> String {
    let runs = fixture.path + "/out/.interlock/runs"
    return try #require(try FileManager.default.contentsOfDirectory(atPath: runs).max())
  }

  @Test func `metrics, report and record of one run say the same`() throws {
    let fixture = try fixture()
    let run = try fixture.run(
      "p.yaml", more: ["--metrics-file", "run.prom", "--report", "run.html"])
    let program = """
      import json, sys
      from prometheus_client.parser import text_string_to_metric_families
      samples = {}
      for family in text_string_to_metric_families(open(sys.argv[1]).read()):
          assert family.documentation, "without help: " + family.name
          for sample in family.samples:
              labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
              samples[f"{sample.name}|{labels}"] = sample.value
      print(json.dumps(samples))
      """
    let parsed = try python(program, [fixture.path + "/run.prom"])
    #expect(parsed.status == 0, "\(parsed.errors)")
    let metrics = try JSONDecoder().decode([String: Double].self, from: parsed.output)
    func sum(_ name: String, _ part: String = "") -> Double {
      metrics.filter { $0.key.hasPrefix(name + "|") && (part.isEmpty || $0.key.contains(part)) }.values
        .reduce(0, +)
    }
    #expect(sum("interlock_frames_made_total") == Double(run.framesMade))
    #expect(
      metrics["interlock_deliverable_frames|deliverable=master,source=made"] == Double(run.master.newFrames))
    #expect(sum("interlock_tasks", "state=waiting") == 0)
    #expect(sum("interlock_tasks", "state=running") == 0)
    #expect(metrics["interlock_run_active|"] == 0)
    #expect(metrics["interlock_run_exit_code|"] == 0)
    #expect(sum("interlock_attempts_started_total") == sum("interlock_attempts_ended_total"))
    #expect(sum("interlock_cpu_seconds_total") > 0)
    #expect(sum("interlock_written_bytes_total") > 0)
    #expect(sum("interlock_ledger_commit_seconds_count") > 0)

    let report = try fixture.interlock(["report", "--production", "out", "--json"])
    #expect(report.status == 0, "\(report.errors)")
    let figures = try object(report)
    #expect(figures["framesMade"] as? Int == run.framesMade)
    #expect(figures["attempts"] as? Int == run.attempts)
    #expect(figures["exit"] as? Int == 0)
    let cpu = try #require(figures["cpuSeconds"] as? Double)
    #expect(cpu > 0)
    #expect(abs((figures["cost"] as? Double ?? -1) - cpu / 3600 * 0.12) < 1e-9)
    #expect((figures["criticalPath"] as? [String: Any])?["steps"] as? [Any] != nil)
    let page = try String(contentsOfFile: fixture.path + "/run.html", encoding: .utf8)
    for part in ["Timeline", "Critical path", "Reuse", "Slowest tasks", "EUR", "master"] {
      #expect(page.contains(part), "\(part)")
    }
    let other = try fixture.interlock(
      [
        "report", try latestRun(fixture), "--production", "out", "-o", "again.html", "--cost",
        "2 CHF/worker-hour",
      ])
    #expect(other.status == 0, "\(other.errors)")
    #expect(try String(contentsOfFile: fixture.path + "/again.html", encoding: .utf8).contains("CHF"))
  }

  @Test func `every line of the record is as the program describes it`() throws {
    let fixture = try fixture()
    _ = try fixture.run("p.yaml")
    let schema = try fixture.interlock(["schema", "--events"])
    #expect(schema.status == 0)
    let path = fixture.path + "/schema.json"
    try schema.output.write(to: URL(fileURLWithPath: path))
    let program = """
      import glob, json, sys
      from jsonschema import Draft202012Validator
      schema = json.load(open(sys.argv[1]))
      Draft202012Validator.check_schema(schema)
      for branch in schema["oneOf"]:
          branch["additionalProperties"] = False
      validator = Draft202012Validator(schema)
      lines = 0
      for path in glob.glob(sys.argv[2] + "/*/events.jsonl"):
          for line in open(path):
              lines += 1
              for error in validator.iter_errors(json.loads(line)):
                  sys.exit(f"{error.message}: {line}")
      assert lines > 10
      """
    let judged = try python(program, [path, fixture.path + "/out/.interlock/runs"])
    #expect(judged.status == 0, "\(judged.errors)")
  }

  @Test func `a log is found by stage, label, key and attempt`() throws {
    let fixture = try fixture()
    _ = try fixture.run("p.yaml")
    let listed = try fixture.interlock(["logs", "master", "--production", "out", "--json"])
    #expect(listed.status == 0, "\(listed.errors)")
    let found = try #require(try JSONSerialization.jsonObject(with: listed.output) as? [[String: Any]])
    let first = try #require(found.first)
    let attempt = try #require(first["attempt"] as? String)
    let key = try #require(first["key"] as? String)
    for target in [attempt, String(key.prefix(12))] {
      let log = try fixture.interlock(["logs", target, "--production", "out"])
      #expect(log.status == 0, "\(log.errors)")
      #expect(log.text.contains("start \(key)"))
      #expect(log.errors.contains("attempts/\(attempt)/log.txt"))
    }
    let unknown = try fixture.interlock(["logs", "no-such-thing", "--production", "out"])
    #expect(unknown.status == 2)
    #expect(unknown.errors.contains("logs.unknown") || unknown.errors.contains("is called `no-such-thing`"))
  }

  @Test func `a run is watched from another process, and its death is said`() throws {
    let fixture = try fixture(events: 6)
    // Made before, so that the watch begins while no run goes on.
    let first = try fixture.run("p.yaml", more: ["--set", "stages.grade.stills=no"])
    let watch = try Programs.start(
      Repository.product("interlock"), ["status", "--watch", "--json", "--production", "out"],
      folder: fixture.path)
    let list = ListWriter.edl(
      (0..<6).map { .init(reel: "A001", source: 86_400 + 3 * $0, count: 50) }, base: 24, recordStart: 86_400)
    _ = try fixture.folder.write(list, to: "cut2.edl")
    let run = try Programs.start(
      Repository.product("interlock"),
      ["run", "p.yaml", "--production", "out", "--workers", "1", "--set", "timeline.cut=cut2.edl"],
      folder: fixture.path)
    let before = first.attempts
    #expect(before > 0)
    let runs = fixture.path + "/out/.interlock/runs"
    func lastLines() -> String {
      let newest = (try? FileManager.default.contentsOfDirectory(atPath: runs))?.max() ?? ""
      return (try? String(contentsOfFile: "\(runs)/\(newest)/events.jsonl", encoding: .utf8)) ?? ""
    }
    let deadline = Date(timeIntervalSinceNow: 120)
    while !lastLines().contains("attemptStarted") || lastLines().contains("runFinished"),
      run.process.isRunning,
      Date.now < deadline
    { usleep(20_000) }
    let wasRunning = run.process.isRunning
    kill(run.process.processIdentifier, SIGKILL)
    _ = run.finish()
    // The watch says so within a few of its looks.
    let limit = Date(timeIntervalSinceNow: 60)
    while Date.now < limit, watch.process.isRunning {
      usleep(200_000)
      if !wasRunning || Date.now > limit.addingTimeInterval(-48) { break }
    }
    watch.process.interrupt()
    let seen = watch.finish()
    #expect(seen.status == 0, "Ctrl-C ends a view cleanly: \(seen.errors)")
    let lines = try seen.text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    let states = lines.compactMap { $0["state"] as? String }
    #expect(states.first == "finished" || states.first == "running")
    #expect(lines.allSatisfy { $0["stages"] is [Any] })
    #expect((lines.last?["deliverables"] as? [Any])?.count == 1)
    if wasRunning { #expect(states.last == "lost", "\(states)") }
  }
}
