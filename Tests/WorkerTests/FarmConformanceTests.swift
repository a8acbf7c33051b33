import Digests
import Foundation
import Glibc
import TaskGraph
import TaskKinds
import TestSupport
import Testing

/// Every farm calls the same worker: with its environment, its way to stop, and what it reads of the output.
@Suite struct `Farm conformance` {
  /// What each farm leaves in the environment, and how a line of progress has to look for it.
  struct Farm: Sendable, CustomTestStringConvertible {
    var name: String
    var environment: [String: String]
    var progress: String
    var failure: String

    var testDescription: String { name }
  }

  static let farms = [
    Farm(
      name: "openjd", environment: ["OPENJD_SESSION_WORKING_DIR": "/tmp"],
      progress: #"^openjd_progress: [0-9]{1,3}\.[0-9]$"#, failure: "openjd_fail: "),
    Farm(
      name: "opencue",
      environment: ["CUE_FRAME_ID": "f0", "CUE_IFRAME": "3", "CUE_THREADS": "1", "SLURM_JOB_ID": "1"],
      progress: "^Progress: [0-9]{1,3}% done$", failure: "Error: "),
    Farm(
      name: "deadline", environment: ["INTERLOCK_PROGRESS": "deadline"], progress: "^Progress: [0-9]{1,3}%$",
      failure: "Error: "),
    Farm(
      name: "tractor", environment: ["TR_ENV_JID": "7"], progress: "^TR_PROGRESS [0-9]{1,3}%$",
      failure: "Error: "),
    Farm(
      name: "flamenco", environment: ["INTERLOCK_PROGRESS": "flamenco"], progress: "^Progress: [0-9]{1,3}%$",
      failure: "Error: "),
    Farm(
      name: "slurm", environment: ["SLURM_JOB_ID": "12", "SLURM_CPUS_PER_TASK": "1"],
      progress: "^Progress: [0-9]{1,3}%$", failure: "Error: "),
  ]

  private static let percent = LongRender.percent

  /// A short render of a clip.
  private func short(_ count: Int64 = 6) throws -> (attempt: Attempt, input: RenderTask.Input) {
    let attempt = try Attempt()
    try NumberedClip.make(
      attempt.folder.path + "/rushes/A001.mov", frames: 24, rate: "24000/1001", timecode: "01:00:00:00",
      reel: "A001", codec: Renders.prores)
    let input = Renders.input(media: try attempt.location("A001.mov"), segments: [(0, 4), (4, count)])
    try attempt.write("render", key: RenderTask.key(input), input)
    return (attempt, input)
  }

  @Test(arguments: farms) func `a farm reads how far a real render is, and how it ended`(farm: Farm) throws {
    let (attempt, input) = try short()
    let worker = try DrivenWorker([attempt.taskFile], environment: farm.environment)
    let (status, _, text) = worker.finish()
    #expect(status == 0)
    let lines = text.split(separator: "\n").map(String.init)
    let progress = lines.filter { $0.range(of: Self.percent, options: .regularExpression) != nil }
    #expect(!progress.isEmpty && progress.count < 20)
    for line in progress {
      #expect(line.range(of: farm.progress, options: .regularExpression) != nil, "\(line)")
    }
    #expect(
      lines.first?.contains("; inputs A001.mov ") == true && lines.first?.contains("; version ") == true)
    #expect(!text.contains("\r"))
    // The last line is for machines, the one before says that it is done.
    #expect(lines.dropLast().last?.contains("100") == true)
    #expect(try JSONDecoder().decode(Ending.self, from: Data((lines.last ?? "").utf8)).exit == 0)
    #expect(attempt.hasResult(RenderTask.key(input)))
  }

  @Test(arguments: farms) func `a missing input fails with 3 and the reason`(farm: Farm) throws {
    let (attempt, _) = try short()
    try FileManager.default.removeItem(atPath: attempt.folder.path + "/rushes/A001.mov")
    let (status, _, text) = try DrivenWorker([attempt.taskFile], environment: farm.environment).finish()
    #expect(status == 3)
    let lines = text.split(separator: "\n")
    #expect(lines.filter { $0.hasPrefix(farm.failure) }.count == 1)
    #expect(lines.dropLast().last == Substring(farm.failure + "the file is no longer there"))
  }

  @Test func `Open Job Description stops the top process, with a notice, and finds 143`() throws {
    let (attempt, input) = try LongRender.attempt()
    let session = attempt.folder.path + "/session"
    try FileManager.default.createDirectory(atPath: session, withIntermediateDirectories: true)
    let worker = try DrivenWorker([attempt.taskFile], environment: ["OPENJD_SESSION_WORKING_DIR": session])
    worker.wait(until: LongRender.isInSecondSegment)
    let end = Date(timeIntervalSinceNow: 600).formatted(.iso8601)
    try Data("{\"NotifyEnd\": \"\(end)\"}".utf8).write(
      to: URL(fileURLWithPath: session + "/cancel_info.json"))
    worker.send(SIGTERM)
    let (status, exited, text) = worker.finish()
    #expect(status == 143 && exited)
    #expect(!text.contains("openjd_fail"), "being stopped is no failure")
    #expect(attempt.hasResult(input.segments[0].key) && !attempt.hasResult(input.segments[1].key))
    #expect(try attempt.files() == ["exit.json", "lock", "log.txt", "task.json"])
  }

  /// A program that hears nothing: only its end by force is in time for a notice of seconds.
  @Test func `a notice that ends soon is met although a program does not listen`() throws {
    let attempt = try Attempt()
    func text(_ text: String) -> ExternalTask.Template { ExternalTask.Template([.text(text)]) }
    let script = "trap '' TERM; echo here > \"$0\"; while :; do sleep 1; done"
    let here = attempt.folder.path + "/here"
    let input = ExternalTask.Input(
      stage: "denoise", program: ["sh", "-c", script, here].map(text), files: [], environment: [:],
      programVersion: nil, pictures: nil, firstNumber: 1, made: nil,
      outputs: [.init(name: "report", path: "report.txt", suffix: "report")], values: [:])
    try attempt.write("external", key: ExternalTask.key(input), input)
    let session = attempt.folder.path + "/session"
    try FileManager.default.createDirectory(atPath: session, withIntermediateDirectories: true)
    let worker = try DrivenWorker([attempt.taskFile], environment: ["OPENJD_SESSION_WORKING_DIR": session])
    // The heartbeat comes every few seconds, so this goes on until the program is there.
    worker.wait { _ in FileManager.default.fileExists(atPath: here) }
    let family = Programs.children(of: worker.id)
    #expect(!family.isEmpty)
    let end = Date(timeIntervalSinceNow: 3).formatted(.iso8601)
    try Data("{\"NotifyEnd\": \"\(end)\"}".utf8).write(
      to: URL(fileURLWithPath: session + "/cancel_info.json"))
    worker.send(SIGTERM)
    let (status, exited, _) = worker.finish()
    #expect(status == 143 && exited)
    for child in family { #expect(!DrivenWorker.isAlive(child), "the program outlived its worker") }
    // Asked in the usual way it would have had ten seconds and been reported; there was no time for that.
    #expect(!(try attempt.files().contains("exit.json")))
  }

  @Test(arguments: [SIGUSR1, SIGUSR2])
  func `Slurm warns before the end of time: the segment at work is finished, then 75`(signal: Int32) throws {
    let (attempt, input) = try LongRender.attempt()
    let worker = try DrivenWorker([attempt.taskFile], environment: ["SLURM_JOB_ID": "12"])
    worker.wait(until: LongRender.isInSecondSegment)
    worker.send(signal)
    let (status, exited, text) = worker.finish()
    #expect(status == 75 && exited)
    #expect(
      text.contains("Error: the scheduler warned that this job's time is nearly up; what is finished is kept")
    )
    #expect(attempt.hasResult(input.segments[0].key) && attempt.hasResult(input.segments[1].key))
    #expect(!attempt.hasResult(input.segments[2].key))
  }

  @Test func `a job and its step are signalled by Slurm one after the other, which is one request`() throws {
    let (attempt, _) = try LongRender.attempt()
    let worker = try DrivenWorker([attempt.taskFile], environment: ["SLURM_JOB_ID": "12"])
    worker.wait(until: LongRender.isInSecondSegment)
    worker.send(SIGTERM, SIGCONT, SIGTERM)
    let (status, exited, text) = worker.finish()
    #expect(status == 143 && exited)
    // Stopped at once it could not have said how it ended.
    #expect(try attempt.files() == ["exit.json", "lock", "log.txt", "task.json"])
    #expect(text.split(separator: "\n").last?.contains("\"exit\":143") == true)
  }

  @Test(arguments: [
    ["SLURM_JOB_ID": "12", "SLURM_MEM_PER_NODE": "24"],
    ["SLURM_JOB_ID": "12", "SLURM_MEM_PER_CPU": "12", "SLURM_CPUS_PER_TASK": "2"],
    ["CUE_FRAME_ID": "f0", "CUE_MEMORY": "24576"],
  ]) func `more memory than the farm gives is exit 33, told before anybody kills`(
    environment: [String: String]
  )
    throws
  {
    let (attempt, _) = try LongRender.attempt()
    let (status, exited, text) = try DrivenWorker([attempt.taskFile], environment: environment).finish()
    #expect(status == 33 && exited)
    #expect(text.contains("; 24 MiB of memory") || text.contains(", 24 MiB of memory"))
    let ending = try JSONDecoder().decode(
      Ending.self, from: Data((text.split(separator: "\n").last ?? "").utf8))
    #expect(ending.exit == 33 && ending.failure == "application")
    #expect(ending.diagnostics.map(\.code) == ["worker.outOfMemory"])
    let written = try JSONDecoder().decode(
      Ending.self, from: Data(contentsOf: URL(fileURLWithPath: attempt.path + "/exit.json")))
    #expect(written.exit == 33)
  }

  // MARK: Parts of tasks, lists, other places

  @Test func `chunks of frames of any size make each segment once, and the last one completes the task`()
    throws
  {
    let (attempt, input) = try short(12)
    func run(_ frames: String) throws -> (finished: Finished, ending: Ending) {
      try attempt.run(["--frames", frames])
    }
    let key = RenderTask.key(input)
    // Frames 1–4 and 5–16: the second chunk begins inside the first segment and does not make it.
    let second = try run("3-16")
    #expect(second.finished.status == 0 && !attempt.hasResult(input.segments[0].key))
    #expect(attempt.hasResult(input.segments[1].key) && !attempt.hasResult(key))
    let first = try run("1-2")
    #expect(first.finished.status == 0)
    #expect(attempt.hasResult(input.segments[0].key) && attempt.hasResult(key))
    let none = try run("17-20")
    #expect(none.finished.status == 2)
    #expect(
      none.ending.diagnostics.first?.message == "the task has frames 1-16, and none of 17-20 is one of them")
    let wrong = try Programs.run(Attempt.program, ["run", attempt.taskFile, "--frames", "1.."])
    #expect(wrong.status == 2)
    #expect(
      wrong.text.contains(
        "\nerror: `1..` is no range of numbers\n  Write it as 1-10, 1-10:2 or 1,5-9.\n"
          + "Error: `1..` is no range of numbers\n"))
  }

  @Test func `tasks of a list are done from anywhere, and what is there is not done twice`() throws {
    let attempt = try Attempt()
    let production = attempt.folder.path + "/out"
    let inputs = (1...3).map { Renders.input(media: nil, segments: [(0, $0)]) }
    for (index, input) in inputs.enumerated() {
      let file = TaskFile(
        attempt: "", key: RenderTask.key(input), kind: "render", version: 1, label: "black", input: input)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      _ = try attempt.folder.write(
        String(decoding: try encoder.encode(file), as: UTF8.self), to: "job/tasks/\(index + 1).json")
    }
    let list = TaskList(
      name: "render-test", numbering: .init(variable: "SLURM_ARRAY_TASK_ID", size: 2),
      tasks: ["1.json", "2.json", "3.json", "gone.json"])
    let path = try attempt.folder.write(
      String(decoding: try JSONEncoder().encode(list), as: UTF8.self), to: "job/tasks/list.json")
    func run(_ more: [String], _ environment: [String: String] = [:]) throws -> Finished {
      try Programs.run(
        Attempt.program, ["run", path, "--production", production] + more, environment: environment)
    }
    let chosen = try run(["--tasks", "1-3:2"])
    #expect(chosen.status == 0)
    #expect(inputs.map { attempt.hasResult(RenderTask.key($0)) } == [true, false, true])
    let numbered = try run([], ["SLURM_ARRAY_TASK_ID": "1"])
    #expect(numbered.status == 0 && numbered.text.contains("2 of 4 tasks of render-test"))
    #expect(attempt.hasResult(RenderTask.key(inputs[1])))
    // Attempts are made for work only, each with its own id in its file.
    let attempts = try FileManager.default.contentsOfDirectory(atPath: production + "/.interlock/attempts")
      .filter { $0 != attempt.id }
    #expect(attempts.count >= 3)
    for id in attempts {
      let file = try Data(
        contentsOf: URL(fileURLWithPath: "\(production)/.interlock/attempts/\(id)/task.json"))
      #expect(try JSONDecoder().decode(TaskFileHead.self, from: file).attempt == id)
    }
    // One that fails does not keep the others from being done.
    let whole = try run([])
    #expect(whole.status == 2)
    struct Last: Decodable {
      struct Failure: Decodable { var number: Int }
      var exit: Int
      var asked: Int
      var done: Int
      var failures: [Failure]
    }
    let last = try JSONDecoder().decode(
      Last.self, from: Data((whole.text.split(separator: "\n").last ?? "").utf8))
    #expect(last.exit == 2 && last.asked == 4 && last.done == 3 && last.failures.map(\.number) == [4])
    // Without a production there is nothing to do for any of them, and that is told once.
    let nowhere = try Programs.run(Attempt.program, ["run", path])
    #expect(nowhere.status == 2)
    #expect(nowhere.text.contains("say where results go: --production DIR.\n"))
    #expect(nowhere.text.contains("Task 1: ") && !nowhere.text.contains("Task 2: "))
    // A machine without the disk makes no production of its own: the task goes to another machine.
    let unseen = attempt.folder.path + "/unmounted/out"
    let blind = try Programs.run(Attempt.program, ["run", path, "--production", unseen])
    #expect(blind.status == 75 && blind.text.contains("this machine sees no production there"))
    #expect(!FileManager.default.fileExists(atPath: unseen))
  }

  @Test func `media is found where a path mapping says, longest source first`() throws {
    let (attempt, input) = try short()
    // A copy as a farm makes it: another folder, times to the microsecond.
    let copies = attempt.folder.path + "/copies"
    try FileManager.default.createDirectory(atPath: copies, withIntermediateDirectories: true)
    let original = attempt.folder.path + "/rushes/A001.mov"
    let media = try attempt.location("A001.mov")
    #expect(try Programs.run("cp", [original, copies + "/A001.mov"]).status == 0)
    let micros = media.modified / 1000
    let stamp = "@\(micros / 1_000_000).\(String(1_000_000 + micros % 1_000_000).dropFirst())"
    #expect(try Programs.run("touch", ["-d", stamp, copies + "/A001.mov"]).status == 0)
    try FileManager.default.removeItem(atPath: original)
    let real = try Programs.run("realpath", [copies]).text.trimmingCharacters(in: .newlines)
    let rules = """
      {"version": "pathmapping-1.0", "path_mapping_rules": [
        {"source_path_format": "POSIX", "source_path": "\(attempt.folder.path)", "destination_path": "/nowhere"},
        {"source_path_format": "POSIX", "source_path": "\(attempt.folder.path)/rushes", "destination_path": "\(real)"},
        {"source_path_format": "POSIX", "source_path": "\(media.root)", "destination_path": "\(real)"}]}
      """
    let mapping = try attempt.folder.write(rules, to: "mapping.json")
    #expect(try attempt.run().finished.status == 3)
    let mapped = try attempt.run(["--path-mapping", mapping])
    #expect(mapped.finished.status == 0, "\(mapped.finished.text)")
    #expect(attempt.hasResult(RenderTask.key(input)))
    let empty = try attempt.folder.write("{}", to: "empty.json")
    #expect(try attempt.run(["--path-mapping", empty]).finished.status == 0)
    let other = try attempt.folder.write(#"{"version": "pathmapping-9"}"#, to: "other.json")
    let refused = try Programs.run(Attempt.program, ["run", attempt.taskFile, "--path-mapping", other])
    #expect(refused.status == 2 && refused.text.contains("this is no pathmapping-1.0 file"))
  }

  @Test(arguments: [("libraries", "FFmpeg"), ("colour", "OpenColorIO")])
  func `a machine with other libraries refuses a task of a job`(tool: String, name: String) throws {
    let attempt = try Attempt()
    let input = Renders.input(media: nil, segments: [(0, 2)])
    let file = TaskFile(
      attempt: attempt.id, key: RenderTask.key(input), kind: "render", version: 1, label: "black",
      tools: [tool: "\(name) 99"], input: input)
    try attempt.write(String(decoding: try JSONEncoder().encode(file), as: UTF8.self))
    let (finished, ending) = try attempt.run()
    #expect(finished.status == 2 && ending.diagnostics.map(\.code) == ["worker.otherBuild"])
    #expect(
      ending.diagnostics.first?.message.hasPrefix(
        "the task is to be made with \(name) 99, and this machine has \(name) ") == true)
    #expect(!attempt.hasResult(RenderTask.key(input)))
    let asked = try attempt.folder.write(#"{"\#(tool)": "none"}"#, to: "tools.json")
    let checked = try Programs.run(
      Attempt.program, ["check", asked], environment: ["OPENJD_SESSION_WORKING_DIR": "/tmp"])
    #expect(checked.text.contains("\(tool): the job is for none, and this machine has \(name) "))
    #expect(
      checked.status == 2 && checked.text.contains("\nopenjd_fail: this machine would make other bytes"))
  }

  @Test func `a machine with the libraries that a job asks for takes it`() throws {
    let attempt = try Attempt()
    let identity = try JSONDecoder().decode(
      Identity.self, from: try Programs.run(Attempt.program, ["identity"]).output)
    let tools = identity.encoders.merging([
      "libraries": identity.libraries, "kernels": identity.kernels, "drawing": identity.drawing,
      "colour": identity.colour,
    ]) { $1 }
    let input = Renders.input(media: nil, segments: [(0, 2)])
    let file = TaskFile(
      attempt: attempt.id, key: RenderTask.key(input), kind: "render", version: 1, label: "black",
      tools: tools, input: input)
    try attempt.write(String(decoding: try JSONEncoder().encode(file), as: UTF8.self))
    #expect(try attempt.run().finished.status == 0)
    let asked = try attempt.folder.write(
      String(decoding: try JSONEncoder().encode(tools), as: UTF8.self), to: "tools.json")
    #expect(try Programs.run(Attempt.program, ["check", asked]).status == 0)
  }

  /// What `identity` says of this machine.
  private struct Identity: Decodable {
    var kernels: String
    var libraries: String
    var drawing: String
    var colour: String
    var encoders: [String: String]
  }
}
