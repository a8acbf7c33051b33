import ArgumentParser

struct FarmExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a plan as a job that a farm runs by itself.",
    discussion: """
      New media is probed and the plan is made, as by `interlock run`; then everything that is missing is written to a \
      new folder: a task file for each task and the farm's own description of the job. No coordinator has to be there \
      while it runs. The job ends with published versions; the next `interlock run` takes up what the farm made, from \
      the results alone, and makes what is still missing.

        interlock farm export openjd Pipelines/short-film.yaml -o job
        openjd run job/template.json -p file://job/parameters.json

        interlock farm export slurm Pipelines/short-film.yaml -o job
        job/submit.sh --partition=farm

      Formats: openjd (Open Job Description 2023-09, for AWS Deadline Cloud and others), slurm (sbatch with \
      dependencies), ninja, shell, deadline (Deadline 10), opencue. Farm machines have to see the production and the \
      media, by the same paths or by path mapping, and have the same packages.
      """)

  @Argument(help: "openjd, slurm, ninja, shell, deadline or opencue.")
  var format: FarmFormatName

  @OptionGroup var job: FarmJobOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws { try job.validate(for: format) }

  func run() async throws {
    let report = try await job.export(as: format, isQuiet: json)
    try report.print(asJSON: json)
    if report.waitsOnly { throw ExitCode(6) }
  }
}

enum FarmFormatName: String, ExpressibleByArgument, CaseIterable {
  case openjd, slurm, ninja, shell, deadline, opencue
}
