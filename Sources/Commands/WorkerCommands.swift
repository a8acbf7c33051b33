import ArgumentParser

struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Stage workers, for farms.",
    subcommands: [WorkerRunCommand.self, WorkerCheckCommand.self, SlurmAttendCommand.self])
}

struct WorkerRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract:
      "Do one task that a task file describes, or tasks of a list, without coordinator, database or network.",
    discussion: """
      The file is attempts/<id>/task.json of a production, or of a job that `interlock farm export` has written; then \
      --production says where results go. Any machine that sees both can run it, again and again: what is there is not \
      made twice.

        interlock worker run job/tasks/00012.json --production Output
        interlock worker run job/tasks/00012.json --production Output --frames 25-48
        interlock worker run job/tasks/mix.json --production Output --tasks 1-10:2,15

      Progress is printed in the words of the farm found in the environment (Open Job Description, OpenCue, Tractor, \
      Slurm); Deadline 10 and Flamenco leave no trace there: name them with --progress or INTERLOCK_PROGRESS. Memory and \
      cores are what control groups, SLURM_… and CUE_… variables allow: more memory ends the task with exit code 33. \
      SIGTERM stops the work cleanly and keeps finished segments (exit 143); SIGUSR1 and SIGUSR2 let the current segment \
      be finished (exit 75: run it again). Exit 2 is never worth another try, 33 is with more memory. The last line of \
      the output is the result as JSON.
      """)

  @Argument(help: "Path of the task file, or of a list of tasks.")
  var taskFile: String

  @Option(help: "The production, for task files of an exported job.")
  var production: String?

  @Option(help: "Which tasks of a list, from 1: 3, 1-10, 1-10:2,15. Default: all.")
  var tasks: String?

  @Option(
    help:
      "Which frames of a render task, from 1; a segment is made by whoever has its first frame. Default: all."
  )
  var frames: String?

  @Option(
    help: ArgumentHelp(
      "Where the folders of the plan are on this machine, as a pathmapping-1.0 file.", valueName: "file"))
  var pathMapping: String?

  @Option(
    help: ArgumentHelp(
      "Words of progress: openjd, opencue, deadline, tractor, flamenco, slurm, generic, json or none. Default: "
        + "INTERLOCK_PROGRESS, else by the farm."))
  var progress: String?

  func run() throws {
    let options = [
      ("--production", production), ("--tasks", tasks), ("--frames", frames), ("--path-mapping", pathMapping),
      ("--progress", progress),
    ]
    try WorkerExecutable.replaceProcess(
      arguments: ["run", taskFile] + options.flatMap { name, value in value.map { [name, $0] } ?? [] })
  }
}

struct WorkerCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Say whether this machine makes the bytes that an exported job asks for.",
    discussion:
      "Exported jobs call it before their first task: other libraries would make other bytes (exit 2).")

  @Argument(help: "A file with the names and builds of libraries, as exported jobs hold it.")
  var file: String

  func run() throws { try WorkerExecutable.replaceProcess(arguments: ["check", file]) }
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
