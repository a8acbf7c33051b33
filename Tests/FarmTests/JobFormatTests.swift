import Diagnostics
import Farm
import Foundation
import TaskGraph
import TestSupport
import Testing

@Suite struct JobFormatTests {
  private func text(_ format: some JobFormat, _ path: String) throws -> String {
    try #require(format.files(of: SampleJob.job()).first { $0.path == path }).text
  }

  // MARK: Formats that no test can run

  @Test func `Deadline 10 gets a job and a plugin file for each step`() throws {
    let files = try DeadlineFiles().files(of: SampleJob.job())
    let names = try SampleJob.job().steps.flatMap {
      ["deadline/\($0.name).job", "deadline/\($0.name).plugin"]
    }
    #expect(Set(files.map(\.path)) == Set(names + ["submit.sh"]))
    try SampleJob.check(
      files.sorted { $0.path < $1.path }.map { "=== \($0.path)\n\($0.text)" }.joined(),
      against: "deadline.txt")
  }

  /// `deadlinecommand` gives ids; the files that it is given say who waits for whom.
  @Test func `Deadline jobs wait for the ids of those before them`() throws {
    let folder = try TemporaryFolder()
    try JobBundle(SampleJob.job(), format: DeadlineFiles()).write(to: folder.path + "/job")
    let command = try folder.write(
      """
      #!/bin/sh
      number=$(($(cat "\(folder.path)/count" 2>/dev/null || echo 0) + 1))
      echo $number > "\(folder.path)/count"
      cat "$1" > "\(folder.path)/info.$number"
      echo "Deadline Command Line Submitter"
      echo "Result=Success"
      echo "JobID=id$number"
      """, to: "deadlinecommand")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: command)
    let submitted = try Programs.run(
      folder.path + "/job/submit.sh", ["Pool=film"], environment: ["DEADLINECOMMAND": command])
    #expect(submitted.status == 0, "\(submitted.errors)")
    #expect(submitted.text.split(separator: "\n").last == "publish-master: job id6")
    func info(_ number: Int) throws -> [String] {
      try String(contentsOfFile: "\(folder.path)/info.\(number)", encoding: .utf8).split(separator: "\n")
        .map(String.init)
    }
    #expect(try info(5).contains("JobDependencies=id1,id2,id4") && info(6).contains("JobDependencies=id5"))
    #expect(try !info(1).contains { $0.hasPrefix("JobDependencies") } && info(1).last == "Pool=film")
  }

  @Test func `OpenCue gets a specification in which layers wait for layers`() throws {
    let spec = try text(OpenCueSpec(show: "film", shot: "all", user: "ada"), "opencue.xml")
    try SampleJob.check(spec, against: "opencue.xml")
    // Read as XML the command is what a shell splits into our words again.
    let reader = """
      import sys, shlex, json
      from xml.dom.minidom import parseString
      document = parseString(sys.stdin.read())
      commands = [node.firstChild.data for node in document.getElementsByTagName("cmd")]
      print(json.dumps([shlex.split(command) for command in commands]))
      """
    let read = try Programs.run("python3", ["-c", reader], input: Data(spec.utf8))
    let commands = try JSONDecoder().decode([[String]].self, from: read.output)
    #expect(
      commands.first == [
        "/opt/inter lock/interlock", "worker", "run", "/show/job 1/tasks/render-master.json", "--production",
        "/show/Out put", "--tasks", "#FRAMESPEC#",
      ])
  }

  // MARK: Formats that are run end to end

  @Test func `Slurm jobs ask for what their tasks need and wait for each other`() throws {
    let script = try text(SlurmScript(), "submit.sh")
    try SampleJob.check(script, against: "slurm.sh")
    #expect(try Programs.run("sh", ["-n"], input: Data(script.utf8)).status == 0)
  }

  @Test func `an array of many tasks has at most a thousand elements, and the list says what each does`()
    throws
  {
    let nodes = (0..<2500).map { SampleJob.node("\($0)", kind: "render", stage: "master") }
    let job = FarmJob(
      try Plan(nodes), name: "long", places: .init(program: "/i", production: "/p", media: [], folder: "/j"))
    let script = try #require(SlurmScript().files(of: job).first).text
    #expect(script.contains("--array=1-834 "))
    let numbering = try #require(SlurmScript().numbering(of: job.steps[0]))
    #expect(numbering == .init(variable: "SLURM_ARRAY_TASK_ID", size: 3))
    let list = TaskList(name: "render", numbering: numbering, tasks: nodes.map(\.label))
    let done = (1...834).flatMap {
      list.numbers(in: ["SLURM_ARRAY_TASK_ID": "\($0)"])?.numbers(upTo: 2500) ?? []
    }
    #expect(done == Array(1...2500))
  }

  @Test func `Ninja knows every result by its file and holds back what needs a licence`() throws {
    let ninja = try text(NinjaFile(), "build.ninja")
    try SampleJob.check(ninja, against: "build.ninja")
    let folder = try TemporaryFolder()
    _ = try folder.write(ninja, to: "build.ninja")
    // Ninja itself reads names and words back as they were.
    let commands = try Programs.run("ninja", ["-C", folder.path, "-t", "commands"])
    #expect(commands.status == 0, "\(commands.text)")
    #expect(
      commands.text.contains(
        "'/opt/inter lock/interlock' worker run tasks/00001.json --production '/show/Out put'"))
    let targets = try Programs.run("ninja", ["-C", folder.path, "-t", "targets", "all"]).text
    #expect(targets.contains("/show/Out put/.interlock/results/"))
  }

  @Test func `a template is what Open Job Description asks for`() throws {
    let template = try text(OpenJobTemplate(), "template.json")
    try SampleJob.check(template, against: "template.json")
    // Its own command line takes licences, time limits and awkward paths, too.
    let openjd = Repository.root + "/.build/openjd/bin/openjd"
    guard FileManager.default.isExecutableFile(atPath: openjd) else {
      return print(
        "openjd is not installed in .build/openjd; `make test` installs it: the template is not checked")
    }
    let folder = try TemporaryFolder()
    let checked = try Programs.run(openjd, ["check", folder.write(template, to: "template.json")])
    #expect(checked.status == 0, "\(checked.text) \(checked.errors)")
  }

  @Test func `a job is written to a new folder only, and every list names its tasks`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/job"
    let job = try SampleJob.job()
    try JobBundle(job, format: ShellScript()).write(to: path)
    for (index, step) in job.steps.enumerated() {
      let list = try JSONDecoder().decode(
        TaskList.self, from: Data(contentsOf: URL(fileURLWithPath: "\(path)/\(job.listPath(index))")))
      #expect(list.tasks.count == step.tasks.count && list.name == step.name)
      for (name, task) in zip(list.tasks, step.tasks) {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(path)/tasks/\(name)"))
        let head = try JSONDecoder().decode(TaskFileHead.self, from: data)
        #expect(head.key == job.plan.nodes[task].key && head.attempt.isEmpty)
        #expect(data.starts(with: Data(#"{"attempt":"","#.utf8)), "the worker fills the name in there")
      }
    }
    let error = #expect(throws: Diagnostic.self) { try JobBundle(job, format: NinjaFile()).write(to: path) }
    #expect(error?.code == "export.folderInUse" && error?.family == .usage)
    let file = try folder.write("", to: "file")
    let taken = #expect(throws: Diagnostic.self) {
      try JobBundle(job, format: NinjaFile()).write(to: file, typed: "file")
    }
    #expect(taken?.code == "export.noFolder" && taken?.location?.file == "file")
  }
}
