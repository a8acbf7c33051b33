import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Monitoring
import Planning

struct FarmSubmitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit", abstract: "Write a plan as a job, and hand it to the farm.",
    discussion: """
      As `interlock farm export`, and then the job's own submit.sh, which may be called again by hand. Words after -- go \
      to it: options of sbatch for slurm, lines of job info files for deadline. Nobody has to be there afterwards; \
      retries, chunks that adapt and jobs that are watched are what `interlock run --executor slurm` is for.

        interlock farm submit slurm Pipelines/short-film.yaml -o job -- --partition=farm --time=2:00:00
        interlock farm submit deadline Pipelines/short-film.yaml -o job -- Pool=film Group=linux
        interlock farm submit opencue Pipelines/short-film.yaml -o job --show film
      """)

  @Argument(help: "slurm, deadline or opencue.")
  var farm: FarmQueueName

  @OptionGroup var job: FarmJobOptions

  @Argument(parsing: .postTerminator, help: "Words for the farm.")
  var words: [String] = []

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    try job.validate(for: farm.format)
    if farm == .opencue, let word = words.first {
      throw ValidationError("opencue takes no words after --, and there is \(word)")
    }
  }

  func run() async throws {
    var report = try await job.export(as: farm.format, isQuiet: json)
    if let folder = report.folder { report.submitted = try await submit(folder) }
    try report.print(asJSON: json)
    if report.waitsOnly { throw ExitCode(6) }
  }

  /// - Returns: the lines that tell which jobs there are.
  private func submit(_ folder: String) async throws -> [String] {
    let script = FilePaths.resolve(folder, from: FilePaths.current) + "/submit.sh"
    let answer = await callProgram(
      script, words, environment: ProcessInfo.processInfo.environment, limit: .seconds(3600))
    let lines = answer.output.split(separator: "\n").map(String.init)
    if answer.status == 0 { return lines }
    for line in lines { Outcome.printError(TerminalText.printable(line)) }
    let reason = answer.errors.split(separator: "\n").last.map(String.init) ?? "it did not say why"
    throw DiagnosticList([
      Diagnostic(
        family: .failed, code: "farm.notSubmitted",
        message: "the farm does not take the job: \(TerminalText.printable(reason))",
        remedy:
          "The job is in \(folder): put right what is wrong and call its submit.sh. What was submitted already is named "
          + "above; what it makes is not made again.")
    ])
  }
}

/// Farms that jobs can be handed to.
enum FarmQueueName: String, ExpressibleByArgument, CaseIterable {
  case slurm, deadline, opencue

  var format: FarmFormatName {
    switch self {
    case .slurm: .slurm
    case .deadline: .deadline
    case .opencue: .opencue
    }
  }
}
