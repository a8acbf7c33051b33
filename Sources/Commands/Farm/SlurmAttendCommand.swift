import ArgumentParser
import Dispatch
import Farm
import Foundation
import Glibc
import ObjectStore

/// What a Slurm job runs; nobody types it.
struct SlurmAttendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attend",
    abstract: "Do the tasks of one job of `interlock run --executor slurm`; jobs start this by themselves.",
    discussion: """
      The folder is that of a submission, .interlock/runs/RUN/slurm/N; SLURM_ARRAY_TASK_ID says which of its jobs this is.
      """, shouldDisplay: false)

  @Argument(help: "Folder of the submission.")
  var folder: String

  func run() async throws {
    let index = ProcessInfo.processInfo.environment["SLURM_ARRAY_TASK_ID"].flatMap { Int($0) } ?? 0
    guard var attendant = try JobAttendant(folder: folder, element: index) else {
      return Outcome.printResult("this submission was withdrawn; nothing to do")
    }
    // Whatever tasks leave behind becomes ours, and is ended with us.
    ProcessFamily.adoptOrphans()
    let (stops, continuation) = AsyncStream<Int32>.makeStream()
    let sources = [SIGTERM, SIGINT, JobAttendant.warning].map { number in
      // The default action would end the process before the source hears of it.
      _ = Glibc.signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(number) }
      source.resume()
      return source
    }
    let status = await attendant.run(stops: stops)
    withExtendedLifetime(sources) {}
    if status != 0 { throw ExitCode(status) }
  }
}
