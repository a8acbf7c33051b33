import Foundation
import Glibc
import TaskGraph
import TaskKinds
import TestSupport
import Testing

/// What farms do to workers, and what they wait for: each ends its tasks in its own way, and takes silence for a hang.
@Suite struct `How farms treat workers` {
  /// A farm that does not wait until a task has stopped.
  struct Killer: Sendable, CustomTestStringConvertible {
    var name: String
    var environment: [String: String]
    /// What it sends before it kills.
    var warning: Int32?
    /// Whether it kills all that came of the task, or the process that it started.
    var killsTree = true

    var testDescription: String { name }
  }

  static let killers = [
    Killer(name: "opencue", environment: ["CUE_FRAME_ID": "f0"]),
    Killer(name: "deadline", environment: ["INTERLOCK_PROGRESS": "deadline"]),
    Killer(name: "tractor", environment: ["TR_ENV_JID": "7"], warning: SIGTERM),
    Killer(name: "flamenco", environment: ["INTERLOCK_PROGRESS": "flamenco"], killsTree: false),
    Killer(name: "slurm", environment: ["SLURM_JOB_ID": "12"], warning: SIGCONT),
  ]

  @Test(arguments: killers)
  func `a worker that is killed loses the segment at work, and the next try makes only what is missing`(
    farm: Killer
  ) throws {
    let (attempt, input) = try LongRender.attempt()
    let worker = try DrivenWorker([attempt.taskFile], environment: farm.environment)
    worker.wait(until: LongRender.isInSecondSegment)
    if let warning = farm.warning { worker.sendToTree(warning) }
    if farm.killsTree { worker.sendToTree(SIGKILL) } else { worker.send(SIGKILL) }
    // Warned, it may just have been in time.
    #expect([128 + SIGKILL, farm.warning == SIGTERM ? 143 : 128 + SIGKILL].contains(worker.finish().status))
    #expect(attempt.hasResult(input.segments[0].key) && !attempt.hasResult(input.segments[1].key))
    let again = try DrivenWorker([attempt.taskFile], environment: farm.environment).finish()
    #expect(again.status == 0)
    let committed = again.text.split(separator: "\n").filter { $0.hasPrefix("Committed ") }
    #expect(committed.map { $0.hasSuffix(", made before") } == [true, false, false, false])
    #expect(try attempt.files() == ["exit.json", "lock", "log.txt", "task.json"])
  }

  /// A program that does not stop when it is asked, and goes on until a file is there; it says when it was asked.
  private struct Stubborn {
    let attempt: Attempt
    var here: String { attempt.folder.path + "/here" }
    var asked: String { attempt.folder.path + "/asked" }
    var go: String { attempt.folder.path + "/go" }

    init(needs: TaskNeeds? = nil) throws {
      attempt = try Attempt()
      func text(_ text: String) -> ExternalTask.Template { ExternalTask.Template([.text(text)]) }
      // An end comes by itself, so that nothing is left of a test that fails.
      let script = """
        trap 'echo asked > "$1"' TERM; echo here > "$0"; n=0
        while [ ! -e "$2" ] && [ $n -lt 18000 ]; do sleep 0.1; n=$((n + 1)); done; echo done > report.txt
        """
      let folder = attempt.folder.path
      let input = ExternalTask.Input(
        stage: "denoise",
        program: ["sh", "-c", script, folder + "/here", folder + "/asked", folder + "/go"].map(text),
        files: [],
        environment: [:], programVersion: nil, pictures: nil, firstNumber: 1, made: nil,
        outputs: [.init(name: "report", path: "report.txt", suffix: "report")], values: [:])
      let file = TaskFile(
        attempt: attempt.id, key: ExternalTask.key(input), kind: "external", version: ExternalTask.version,
        label: "a test", needs: needs, input: input)
      try attempt.write(String(decoding: try JSONEncoder().encode(file), as: UTF8.self))
    }

    func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    func letGo() throws { _ = try attempt.folder.write("", to: "go") }
  }

  @Test func `a second signal ends worker and program at once`() throws {
    let program = try Stubborn()
    let worker = try DrivenWorker([program.attempt.taskFile], environment: [:])
    worker.wait { _ in program.isThere(program.here) }
    let family = Programs.children(of: worker.id)
    #expect(!family.isEmpty)
    worker.send(SIGTERM)
    // It is passed on, and the program does not heed it.
    worker.poll { program.isThere(program.asked) }
    worker.send(SIGTERM)
    let (status, exited, text) = worker.finish()
    #expect(status == 143 && exited)
    for child in family { #expect(!DrivenWorker.isAlive(child), "the program outlived its worker") }
    // Asked once it would have waited ten seconds for the program, and told how that ended.
    #expect(!(try program.attempt.files().contains("exit.json")))
    #expect(!text.contains("\"exit\":143"))
  }

  @Test(arguments: [
    (["INTERLOCK_PROGRESS": "flamenco"], "Progress: 0%"),
    (["OPENJD_SESSION_WORKING_DIR": "/tmp"], "openjd_progress: 0.0"),
    (["INTERLOCK_PROGRESS": "none"], "At work"),
  ]) func `a worker with nothing to tell shows that it lives, again and again`(
    environment: [String: String], line: String
  ) throws {
    let program = try Stubborn()
    let worker = try DrivenWorker([program.attempt.taskFile], environment: environment)
    worker.wait { text in text.split(separator: "\n").count { $0 == line } >= 3 }
    try program.letGo()
    let (status, _, text) = worker.finish()
    #expect(status == 0)
    #expect(text.split(separator: "\n").count { $0 == line } >= 3, "\(text)")
  }

  @Test(arguments: [
    ["CUE_FRAME_ID": "f0", "CUE_THREADS": "1"], ["SLURM_JOB_ID": "12", "SLURM_CPUS_PER_TASK": "1"],
  ]) func `fewer cores than the task was planned for are told`(environment: [String: String]) throws {
    let program = try Stubborn(needs: TaskNeeds(cores: 64))
    try program.letGo()
    let granted = try program.attempt.run(environment: environment).finished.text
    #expect(granted.split(separator: "\n").first?.contains("; 1 core, ") == true, "\(granted)")
    #expect(granted.contains("\nnote: the task was planned for 64 cores, and the farm gives 1\n"))
    // What is no number is no limit, and more than there is gives no more.
    let plain = try cores(in: program.attempt.run().finished.text)
    for value in ["many", "0", "-1", "999"] {
      let text = try program.attempt.run(environment: environment.mapValues { $0 == "1" ? value : $0 })
        .finished.text
      #expect(cores(in: text) == plain, "\(value): \(text)")
    }
  }

  private func cores(in text: String) -> Substring? {
    text.range(of: "; [0-9]+ cores?, ", options: .regularExpression).map { text[$0] }
  }

  @Test(.enabled(if: OwnControlGroup.isPossible, "no control group can be made here"))
  func `a control group's memory and cores are the limits`() throws {
    let group = try OwnControlGroup(memoryBytes: 300 << 20, cores: 1)
    let program = try Stubborn()
    try program.letGo()
    let finished = try Programs.run(
      "sh", ["-c", group.entering, Attempt.program, "run", program.attempt.taskFile],
      environment: ["CUE_FRAME_ID": "f0", "CUE_THREADS": "2", "CUE_MEMORY": "\(4 << 20)"])
    #expect(finished.status == 0, "\(finished.text)")
    #expect(
      finished.text.split(separator: "\n").first?.contains("; 1 core, 300 MiB of memory; ") == true,
      "\(finished.text)")
  }

  @Test func `progress can be JSON, or left out`() throws {
    let attempt = try Attempt()
    let input = Renders.input(media: nil, segments: [(0, 2), (2, 2)])
    try attempt.write("render", key: RenderTask.key(input), input)
    struct Line: Decodable {
      var event: String?
      var percent: Double?
      var frames: Int?
    }
    let told = try attempt.run(["--progress", "json"]).finished.text.split(separator: "\n").dropFirst()
    let lines = try told.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    #expect(lines.compactMap(\.percent).last == 100)
    #expect(lines.filter { $0.event == "committed" }.map(\.frames) == [2, 2, 0])
    // The first line says how it was called.
    let said = try attempt.run(["--progress", "none"]).finished.text.split(separator: "\n")
    let silent = said.dropFirst().joined(separator: "\n")
    #expect(said.count > 3)
    #expect(silent.range(of: #"[0-9]%|progress"#, options: .regularExpression) == nil, "\(silent)")
  }
}

/// A control group of the test's own, of whichever version the machine has; removed with it.
private final class OwnControlGroup {
  private let folders: [String]

  static let isPossible: Bool = (try? OwnControlGroup(memoryBytes: 1 << 30, cores: 1)) != nil

  /// For `sh -c`: joins the group and becomes the program that its arguments name.
  var entering: String {
    folders.map { "echo $$ > \($0)/cgroup.procs && " }.joined() + #"exec "$0" "$@""#
  }

  init(memoryBytes: Int, cores: Int) throws {
    let name = "interlock-test-\(getpid())-\(UUID().uuidString.prefix(8))"
    let mount = "/sys/fs/cgroup"
    let isFirst = FileManager.default.fileExists(atPath: mount + "/memory")
    let limits =
      isFirst
      ? [
        ("\(mount)/memory/\(name)", "memory.limit_in_bytes", "\(memoryBytes)"),
        ("\(mount)/cpu/\(name)", "cpu.cfs_quota_us", "\(cores * 100_000)"),
      ]
      : [
        ("\(mount)/\(name)", "memory.max", "\(memoryBytes)"),
        ("\(mount)/\(name)", "cpu.max", "\(cores * 100_000) 100000"),
      ]
    folders = Array(Set(limits.map(\.0))).sorted()
    for (folder, file, value) in limits {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder)/\(file)"))
      try handle.write(contentsOf: Data(value.utf8))
      try handle.close()
    }
  }

  deinit { for folder in folders { _ = unsafe rmdir(folder) } }
}
