import Foundation
import Glibc
import TestSupport
import Testing

/// Jobs that run without a coordinator, and what the next run makes of their results.
@Suite(.serialized) struct `Exported jobs` {
  static let openjd: String? = {
    let path = Repository.root + "/.build/openjd/bin/openjd"
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()

  /// Two shots of two colours, so that renders are several tasks of one shape.
  private func fixture(frames: Int = 30, raster: String? = nil) throws -> (fixture: Fixture, pipeline: String)
  {
    let fixture = try Fixture()
    for (number, reel) in ["A001", "B002"].enumerated() {
      try fixture.clip(
        reel, frames: frames, firstNumber: number * 1000, timecode: "01:00:00:00", codec: Fixture.prores)
    }
    let hour = ListWriter.frame(1, 0, 0, 0, base: 24, isDropFrame: false)
    let cut = ListWriter.edl(
      [
        .init(reel: "A001", source: hour, count: frames),
        .init(reel: "B002", source: hour, count: frames - 4),
      ], base: 24, recordStart: hour)
    _ = try fixture.folder.write(cut, to: "cut.edl")
    return (fixture, try fixture.pipeline("p.yaml", cut: "cut.edl", raster: raster))
  }

  private func export(
    _ format: String, _ fixture: Fixture, production: String, folder: String? = nil, more: [String] = []
  ) throws -> Finished {
    try fixture.interlock(
      ["farm", "export", format, "p.yaml", "--production", production, "-o", folder ?? "job-\(format)"] + more
    )
  }

  private func master(_ fixture: Fixture, _ production: String) throws -> String {
    try fixture.digest(of: "\(fixture.path)/\(production)/Deliverables/test/master/v001/test_master_v001.mov")
  }

  /// A farm's own job made everything: the next run only looks, and has the same file.
  private func checkAdopted(_ fixture: Fixture, _ production: String, expected: String) throws {
    #expect(try master(fixture, production) == expected, "\(production): what the job published")
    let again = try fixture.run("p.yaml", production: production)
    #expect(again.framesMade == 0 && again.attempts == 0, "\(production)")
    #expect(again.master.version == "v001")
  }

  @Test func `shell, Ninja and sbatch end in the deliverable of a local run, and the next run adopts it`()
    throws
  {
    let (fixture, pipeline) = try fixture()
    #expect(try fixture.run(pipeline, production: "local").framesMade == 56)
    let expected = try master(fixture, "local")

    // Shell, several tasks of a step at once, from another folder.
    #expect(try export("shell", fixture, production: "sh").status == 0)
    let script = try Programs.run(
      fixture.path + "/job-shell/run.sh", [], folder: "/", environment: ["JOBS": "2"])
    #expect(script.status == 0, "\(script.text) \(script.errors)")
    try checkAdopted(fixture, "sh", expected: expected)

    // Ninja, on a machine whose CPU knows no extensions; a second time nothing is rendered or assembled.
    let exported = try export("ninja", fixture, production: "nin")
    #expect(
      exported.text.hasSuffix(
        "Start it:\n  ninja -C job-ninja\nThen take up what was made:\n  interlock run p.yaml --production nin\n"
      ))
    let ninja = try Programs.run(
      "ninja", ["-C", fixture.path + "/job-ninja"], environment: ["INTERLOCK_CPU": "baseline"])
    #expect(ninja.status == 0, "\(ninja.text)")
    let again = try Programs.run("ninja", ["-C", fixture.path + "/job-ninja", "-d", "explain", "-n"])
    #expect(!again.text.contains("master: render") && !again.text.contains("master: assemble"))
    try checkAdopted(fixture, "nin", expected: expected)

    // sbatch, played by a script: the real one is another suite's.
    let farm = try fakeSlurm(fixture)
    let submitted = try fixture.interlock(
      [
        "farm", "submit", "slurm", "p.yaml", "--production", "slurm", "-o", "job-slurm", "--",
        "--partition=film",
      ], environment: ["PATH": "\(farm):/usr/bin:/bin"])
    #expect(submitted.status == 0, "\(submitted.text) \(submitted.errors)")
    #expect(
      submitted.text.contains("\nSubmitted:\n  thumbnails-edit: job 1\n  render-master: job 2\n"),
      "\(submitted.text)")
    let log = try String(contentsOfFile: farm + "/jobs", encoding: .utf8).split(separator: "\n")
    #expect(log.allSatisfy { $0.contains(" ended 0") && $0.contains("--partition=film") }, "\(log)")
    try checkAdopted(fixture, "slurm", expected: expected)

    // Everything is there, so there is no job to write.
    let nothing = try fixture.interlock(
      ["farm", "export", "ninja", "p.yaml", "--production", "nin", "-o", "nothing"])
    #expect(nothing.status == 0 && nothing.text == "Nothing to do: everything exists and is verified\n")
    #expect(!FileManager.default.fileExists(atPath: fixture.path + "/nothing"))
  }

  /// `sbatch` that runs a job at once, if those that it waits for ended well.
  private func fakeSlurm(_ fixture: Fixture) throws -> String {
    let farm = fixture.path + "/farm"
    let sbatch = try fixture.folder.write(
      """
      #!/usr/bin/python3
      import os, re, subprocess, sys
      farm = os.path.dirname(os.path.abspath(sys.argv[0]))
      jobs = os.path.join(farm, "jobs")
      known = [line.split() for line in open(jobs)] if os.path.exists(jobs) else []
      options = [word for word in sys.argv[1:] if word.startswith("--")]
      words = [word for word in sys.argv[1:] if not word.startswith("--")]
      value = {word.split("=")[0]: word.split("=", 1)[1] for word in options if "=" in word}
      number = len(known) + 1
      waits = value.get("--dependency", "").replace("afterok:", "").split(":")
      ended = {words[0]: words[2] for words in known}
      good = all(ended[job] == "0" for job in waits if job)
      array = re.fullmatch("1-([0-9]+)", value.get("--array", ""))
      codes = []
      for index in range(1, int(array.group(1)) + 1) if array else [None]:
          environment = {"SLURM_JOB_ID": str(number), "PATH": "/usr/bin:/bin"}
          if index: environment["SLURM_ARRAY_TASK_ID"] = str(index)
          script = open(words[0]).read()
          codes.append(subprocess.run(["/bin/sh", "-c", script] + words, cwd=value["--chdir"], env=environment,
              stdout=subprocess.DEVNULL).returncode if good else 1)
      open(jobs, "a").write(f"{number} ended {max(codes)} {' '.join(options)}\\n")
      print(f"{number};cluster")
      """, to: "farm/sbatch")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: sbatch)
    return farm
  }

  @Test func `results alone are enough: without attempts, ledger and versions nothing is rendered again`()
    throws
  {
    let (fixture, _) = try fixture()
    #expect(try export("shell", fixture, production: "out").status == 0)
    #expect(try Programs.run(fixture.path + "/job-shell/run.sh", []).status == 0)
    let expected = try master(fixture, "out")
    for name in [".interlock/attempts", "Deliverables", "Assets"] {
      try FileManager.default.removeItem(atPath: fixture.path + "/out/" + name)
    }
    let run = try fixture.run("p.yaml")
    #expect(run.framesMade == 0 && run.master.newFrames == 0 && run.master.version == "v001")
    #expect(try master(fixture, "out") == expected)
    // A half-done job: what is there is taken, the rest is made here.
    let partial = try export("shell", fixture, production: "half", folder: "half-job", more: ["--json"])
    struct Report: Decodable {
      struct Step: Decodable {
        var name: String
        var tasks: Int
      }
      var steps: [Step]
    }
    let steps = try JSONDecoder().decode(Report.self, from: partial.output).steps
    // Probes are done, as a plan needs them; the shots are tasks of one step.
    #expect(steps.first { $0.name == "render-master" }?.tasks == 2)
    let one = try fixture.interlock([
      "worker", "run", "half-job/tasks/render-master.json", "--production", "half", "--tasks", "1",
    ])
    #expect(one.status == 0, "\(one.text)")
    #expect(try fixture.run("p.yaml", production: "half").framesMade == 26)
  }

  @Test
  func `a job never goes into a folder that holds something, and a missing openjd is told with its cure`()
    throws
  {
    let (fixture, _) = try fixture()
    _ = try fixture.folder.write("mine", to: "job-ninja/notes.txt")
    let refused = try export("ninja", fixture, production: "out")
    #expect(refused.status == 2)
    #expect(
      refused.errors.contains("there is something in this folder already, and a farm may be at work with it"))
    _ = try fixture.folder.write("mine", to: "taken")
    let taken = try export("ninja", fixture, production: "out", folder: "taken")
    #expect(taken.status == 2)
    #expect(taken.errors.hasPrefix("taken: error: there is a file of this name, and a job is a folder"))
    let under = try export("ninja", fixture, production: "out", folder: "taken/job")
    #expect(under.status == 1)
    #expect(under.errors.hasPrefix("taken/job: error: cannot list: Not a directory\n  Name a new folder, "))
    // None was worth a plan: nothing was made for them.
    #expect(!FileManager.default.fileExists(atPath: fixture.path + "/out"))
    let unknown = try export("condor", fixture, production: "out")
    #expect(unknown.status == 2)
    for name in ["openjd", "slurm", "ninja", "shell", "deadline", "opencue"] {
      #expect(unknown.errors.contains(name), "\(unknown.errors)")
    }
    let shot = try export("slurm", fixture, production: "out", more: ["--shot", "sh010"])
    #expect(shot.status == 2 && shot.errors.contains("--shot is for opencue; slurm has no such thing"))
    // A farm that refuses: the job stays, to be handed in again.
    let deaf = try fixture.folder.write(
      "#!/bin/sh\necho sbatch: error: no such account >&2\nexit 1\n", to: "deaf/sbatch")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: deaf)
    let unheard = try fixture.interlock(
      ["farm", "submit", "slurm", "p.yaml", "--production", "out", "-o", "job"],
      environment: ["PATH": "\(fixture.path)/deaf:/usr/bin:/bin"])
    #expect(unheard.status == 1)
    #expect(
      unheard.errors.contains(
        "error: the farm does not take the job: sbatch: error: no such account\n  The job is in job:"),
      "\(unheard.errors)")
    #expect(FileManager.default.isExecutableFile(atPath: fixture.path + "/job/submit.sh"))
    let root = try export("opencue", fixture, production: "out", more: ["--user", "root"])
    #expect(root.status == 2 && root.errors.contains("OpenCue takes no jobs of root"))
    let ada = try export(
      "opencue", fixture, production: "out",
      more: ["--user", "ada", "--set", "raster=128x72", "--until", "edit"])
    #expect(ada.text.hasSuffix("  interlock run p.yaml --set raster=128x72 --until edit --production out\n"))
    let run = try fixture.interlock(
      ["run", "p.yaml", "--production", "out", "--executor", "openjd"],
      environment: ["INTERLOCK_OPENJD": fixture.path + "/nowhere"])
    #expect(run.status == 2)
    #expect(run.errors.contains("`openjd`, which runs Open Job Description jobs, is not installed"))
    #expect(run.errors.contains("pip install openjd-cli"))
  }

  @Test(.enabled(if: openjd != nil, "openjd is not installed in .build/openjd; `make test` installs it"))
  func `run --executor openjd makes the same deliverable, and can be stopped and taken up`() throws {
    let openjd = try #require(Self.openjd)
    let (fixture, pipeline) = try fixture(frames: 120, raster: "960x540")
    let environment = ["INTERLOCK_OPENJD": openjd]
    let arguments = ["run", pipeline, "--production", "out", "--executor", "openjd"]
    let running = try Programs.start(
      Repository.product("interlock"), arguments, folder: fixture.path, environment: environment)
    // Stopped when the first frames are committed: their results are there before anybody is told.
    while running.process.isRunning, !Self.hasSegments(fixture.path + "/out") { usleep(20_000) }
    kill(running.process.processIdentifier, SIGINT)
    let stopped = running.finish()
    #expect(stopped.status == 130, "\(stopped.errors)")
    #expect(stopped.errors.hasSuffix("Cancelled; finished segments are kept, run again to go on\n"))
    let again = try fixture.interlock(arguments + ["--json"], environment: environment)
    #expect(again.status == 0, "\(again.errors)")
    let report = try JSONDecoder().decode(RunReport.self, from: again.output)
    #expect(report.framesMade > 0 && report.framesMade < 236, "finished segments are not made again")
    #expect(report.master.version == "v001")
    #expect(try fixture.run(pipeline, production: "local").framesMade == 236)
    #expect(try master(fixture, "out") == master(fixture, "local"))
    #expect(try fixture.run(pipeline).framesMade == 0)
  }

  /// As on a farm that carries the files along: nothing is where it was planned.
  @Test(.enabled(if: openjd != nil, "openjd is not installed in .build/openjd; `make test` installs it"))
  func `where every folder is elsewhere the runtime's path mapping leads to it`() throws {
    let openjd = try #require(Self.openjd)
    let (fixture, pipeline) = try fixture()
    #expect(try fixture.run(pipeline, production: "local").framesMade == 56)
    let expected = try master(fixture, "local")
    #expect(try export("openjd", fixture, production: "out").status == 0)
    let farm = try TemporaryFolder()
    let show = farm.path + "/show"
    #expect(try Programs.run("cp", ["-a", fixture.path, show]).status == 0)
    for name in ["rushes", "out", "job-openjd"] {
      try FileManager.default.removeItem(atPath: fixture.path + "/" + name)
    }
    let origin = try Programs.run("realpath", [fixture.path]).text.trimmingCharacters(in: .newlines)
    let rules = try farm.write(
      """
      {"version": "pathmapping-1.0", "path_mapping_rules": [
        {"source_path_format": "POSIX", "source_path": "\(origin)", "destination_path": "\(show)"}]}
      """, to: "rules.json")
    let job = show + "/job-openjd"
    let ran = try Programs.run(
      openjd,
      [
        "run", job + "/template.json", "-p", "file://\(job)/parameters.json", "--path-mapping-rules",
        "file://\(rules)",
      ], folder: farm.path)
    #expect(ran.status == 0, "\(ran.text.suffix(4000))")
    let made = "out/Deliverables/test/master/v001/test_master_v001.mov"
    #expect(try fixture.digest(of: "\(show)/\(made)") == expected)
    #expect(!FileManager.default.fileExists(atPath: fixture.path + "/out"))
    let again = try Programs.run(
      Repository.product("interlock"), ["run", "p.yaml", "--production", "out", "--json"], folder: show)
    #expect(again.status == 0, "\(again.errors)")
    let report = try JSONDecoder().decode(RunReport.self, from: again.output)
    #expect(report.framesMade == 0 && report.master.version == "v001")
  }

  private static func hasSegments(_ production: String) -> Bool {
    let results = production + "/.interlock/results"
    let files = (try? FileManager.default.subpathsOfDirectory(atPath: results)) ?? []
    return files.contains { name in
      let text = (try? String(contentsOfFile: results + "/" + name, encoding: .utf8)) ?? ""
      return text.contains("\"kind\":\"segment\"")
    }
  }
}
