import TaskGraph

/// Job info and plugin info files of Thinkbox Deadline 10, one pair for each step, for its CommandLine plugin.
///
/// Which job waits for which is known when their ids are, so `submit.sh` adds `JobDependencies`.
/// Source: Deadline 10, "Manual Job Submission" (`Key=Value` lines), "CommandLine".
package struct DeadlineFiles: JobFormat {
  package static let name = "deadline"

  package init() {}

  package func files(of job: FarmJob) -> [JobFile] {
    var files: [JobFile] = []
    var lines = [
      "#!/bin/sh",
      "# \(FarmText.line(job.name)): \(job.plan.nodes.count) tasks in \(job.steps.count) Deadline jobs that wait for each other.",
      "# Lines for every job info file are taken as arguments: ./submit.sh Pool=film Group=linux",
      "set -eu", "cd \"$(dirname \"$0\")\"", "info=$(mktemp)", "trap 'rm -f \"$info\"' EXIT", "",
      "submit() { # STEP DEPENDENCIES [KEY=VALUE …]; prints the id of the job",
      "  step=$1 waits=$2", "  shift 2", "  cat \"deadline/$step.job\" > \"$info\"",
      "  if [ -n \"$waits\" ]; then echo \"JobDependencies=$waits\" >> \"$info\"; fi",
      "  for line in \"$@\"; do echo \"$line\" >> \"$info\"; done",
      "  answer=$(\"${DEADLINECOMMAND:-deadlinecommand}\" \"$info\" \"deadline/$step.plugin\")",
      "  id=$(echo \"$answer\" | sed -n 's/^JobID=//p')",
      "  if [ -z \"$id\" ]; then echo \"$answer\" >&2; exit 1; fi", "  echo \"$id\"", "}", "",
    ]
    for (index, step) in job.steps.enumerated() {
      files.append(JobFile(path: "deadline/\(step.name).job", text: info(step, job)))
      files.append(JobFile(path: "deadline/\(step.name).plugin", text: plugin(index, job)))
      let waits = step.dependencies.map { "$step\($0 + 1)" }.joined(separator: ",")
      lines.append("step\(index + 1)=$(submit \(step.name) \"\(waits)\" \"$@\")")
      lines.append("echo \"\(step.name): job $step\(index + 1)\"")
    }
    return files + [
      JobFile(path: "submit.sh", text: lines.joined(separator: "\n") + "\n", isExecutable: true)
    ]
  }

  private func info(_ step: FarmJob.Step, _ job: FarmJob) -> String {
    var lines = [
      "Plugin=CommandLine", "Name=\(FarmText.line("\(job.name) \(step.name)"))",
      "BatchName=\(FarmText.line(job.name))", "Frames=1-\(step.tasks.count)", "ChunkSize=1",
      "OutputDirectory0=\(FarmText.line(job.places.production, atMost: 4096))",
      "EnvironmentKeyValue0=INTERLOCK_PROGRESS=deadline",
    ]
    if let timeout = step.needs.timeout { lines.append("TaskTimeoutSeconds=\(timeout)") }
    let limits = step.needs.tokens.keys.sorted().map { FarmText.portable($0, atMost: 60) }
    if !limits.isEmpty { lines.append("LimitGroups=\(limits.joined(separator: ","))") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func plugin(_ step: Int, _ job: FarmJob) -> String {
    let arguments = job.arguments(
      list: "\(job.places.folder)/\(job.listPath(step))", production: job.places.production,
      tasks: "<STARTFRAME>-<ENDFRAME>")
    return [
      "Executable=\(FarmText.line(job.places.program, atMost: 4096))",
      "Arguments=\(arguments.map(Self.quoted).joined(separator: " "))",
      "StartupDirectory=", "Shell=default", "ShellExecute=False", "SingleFramesOnly=False",
    ].joined(separator: "\n") + "\n"
  }

  /// Words that Deadline splits at spaces are held together by its own word for a quotation mark.
  private static func quoted(_ word: String) -> String {
    let line = FarmText.line(word, atMost: 4096)
    return word.contains(" ") ? "<QUOTE>\(line)<QUOTE>" : line
  }

  package func start(_ job: FarmJob, folder: String) -> [String] {
    [FarmText.call("submit.sh", in: folder)]
  }
}
