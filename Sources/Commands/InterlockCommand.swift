public import ArgumentParser
import Glibc
import Publishing

/// The command line of Interlock.
public struct InterlockCommand: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "interlock",
    abstract: "Post-production from a locked cut to verified deliverables.",
    discussion: """
      Start with `interlock run Pipelines/short-film.yaml --production Output`: it conforms, grades, mixes and \
      delivers the sample film. Run it again and nothing is done again; change the cut and only frames that were \
      never made before are rendered.

      Results go to standard output, progress and messages to standard error. Exit codes: 0 done and verified, \
      1 failed, 2 usage or file error, 3 input missing or unreadable, 4 verification failed, 5 ambiguous, \
      6 waiting for a person, 33 out of memory, 75 transient (try again), 130/143 cancelled.
      """,
    version: "interlock \(interlockVersion)",
    subcommands: [
      RunVerb.self, CancelCommand.self, PlanCommand.self, StatusCommand.self, ServeCommand.self,
      ReportCommand.self,
      LogsCommand.self, ConformCommand.self, CutCommand.self,
      ProbeCommand.self,
      ApproveCommand.self, RejectCommand.self, WaiveCommand.self, SentCommand.self, ReceivedCommand.self,
      RefusedCommand.self, WhyCommand.self,
      TraceCommand.self, AssetsCommand.self, WorkerCommand.self, FarmCommand.self, VerifyCommand.self,
      GcCommand.self,
      DoctorCommand.self,
      SchemaCommand.self, BoardSurveyCommand.self,
    ])

  public init() {}

  /// Parses, runs and ends the process with the exit code of the contract.
  public static func start() async {
    _ = signal(SIGPIPE, SIG_IGN)
    StartClaim.take()
    do {
      let arguments = Array(CommandLine.arguments.dropFirst())
      if arguments == ["run", "--help"] || arguments == ["run", "-h"] {
        // Running is what the verb does when no subcommand is named; its options are what is asked for.
        return Outcome.printResult(helpMessage(for: RunCommand.self))
      }
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      Outcome.end(with: error)
    }
  }
}
