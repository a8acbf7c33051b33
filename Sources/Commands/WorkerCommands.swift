import ArgumentParser

struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Stage workers, for farms.",
    subcommands: [WorkerRunCommand.self, SlurmAttendCommand.self])
}

struct WorkerRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Do one task that a task file describes, without coordinator, database or network.",
    discussion: """
      The file is attempts/<id>/task.json of a production; any machine that sees the production folder can run it. \
      Progress is printed in the dialect of the farm found in the environment, or of --progress. SIGTERM stops the \
      work cleanly and keeps finished segments (exit 143).
      """)

  @Argument(help: "Path of the task file.")
  var taskFile: String

  @Option(help: "Dialect of progress lines: openjd, tractor or generic.")
  var progress: String?

  func run() throws {
    try WorkerExecutable.replaceProcess(
      arguments: ["run", taskFile] + (progress.map { ["--progress", $0] } ?? []))
  }
}

struct ProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe",
    abstract: "Say what media files are: streams, rate, frames, timecode, reel, identity.")

  @Argument(help: "Media files.")
  var paths: [String]

  @Flag(help: "Print JSON, one object for each file.")
  var json = false

  @Option(help: .hidden)
  var production: String?

  func validate() throws {
    if paths.isEmpty { throw ValidationError("Name at least one media file.") }
  }

  func run() throws {
    try WorkerExecutable.replaceProcess(arguments: ["probe"] + (json ? ["--json"] : []) + ["--"] + paths)
  }
}
