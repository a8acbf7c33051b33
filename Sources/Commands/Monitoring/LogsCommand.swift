import ArgumentParser
import Diagnostics
import Foundation
import Glibc
import Monitoring
import ObjectStore
import Planning
import TaskGraph

struct LogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Show the log of a task or of one attempt at it.",
    discussion: """
      A task is named by its stage, a part of its label, or the beginning of its key; an attempt by the beginning or end \
      of its name, as failures and reports print it. Of a task the latest attempt is shown. A log ends at 4 MiB; \
      folders of attempts are kept for seven days.

        interlock logs A001C003 --production Output
        interlock logs 01KAYZ3V --production Output --follow
      """)

  @Argument(help: "Stage, part of a label, beginning of a key, or name of an attempt.")
  var target: String

  @Option(
    name: .customLong("run"),
    help: ArgumentHelp("The run to look in. Default: the latest that knows the target.", valueName: "run"))
  var runName: String?

  @Flag(help: "Go on printing what is added, until the attempt ends.")
  var follow = false

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print where the logs of all that fits are, as JSON, instead of one log.")
  var json = false

  func validate() throws {
    if target.isEmpty { throw ValidationError("Name a stage, a part of a label, a key or an attempt") }
    if json, follow { throw ValidationError("Choose one of --json, --follow") }
  }

  func run() async throws {
    let production = try production.required()
    let found = try AttemptSearch(production).find(target, run: runName)
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(found, isPretty: true), as: UTF8.self))
      return
    }
    let attempt = try AttemptSearch.one(of: found, target)
    guard let folder = AttemptFolder.open(id: attempt.attempt, in: production) else {
      throw Diagnostic(
        family: .inputMissing, code: "logs.gone",
        message: "the folder of attempt \(attempt.attempt) is gone",
        remedy: "Folders of attempts are kept for seven days.")
    }
    Outcome.printError(attempt.heading)
    // Several tasks may have shared the attempt; whoever names it wants all of it.
    let key = folder.isShared && !attempt.isNamed(by: target) ? attempt.key : nil
    try await LogPrinter(path: folder.logPath, exitPath: folder.exitPath, task: key).print(follows: follow)
    if let worker = attempt.workerLog { Outcome.printError("Its worker's standard error: \(worker)") }
  }
}

/// Prints a log, and what is added to it.
private struct LogPrinter {
  let path: String
  let exitPath: String
  /// The key of the one task that is wanted of several.
  let task: String?

  func print(follows: Bool) async throws {
    let signals = follows ? SignalWatch {} : nil
    defer { signals?.stop() }
    let isTerminal = isatty(STDOUT_FILENO) == 1
    var offset = 0
    while true {
      var isOver = access(exitPath)
      if let task {
        isOver = writeSection(of: task, from: &offset, isTerminal) || isOver
      } else {
        offset += write(from: offset, isTerminal)
      }
      if !follows || isOver || signals?.received != nil { return }
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  /// - Returns: whether another task has begun since, so that there is no more to come.
  private func writeSection(of task: String, from offset: inout Int, _ isTerminal: Bool) -> Bool {
    guard let data = FileManager.default.contents(atPath: path), let section = LogSection(of: task, in: data)
    else { return false }
    write(data[section.range].dropFirst(offset), isTerminal)
    offset = section.range.count
    return !section.isLast
  }

  private func access(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  private func write(from offset: Int, _ isTerminal: Bool) -> Int {
    guard let file = FileHandle(forReadingAtPath: path) else { return 0 }
    defer { try? file.close() }
    try? file.seek(toOffset: UInt64(offset))
    guard let data = try? file.readToEnd() else { return 0 }
    write(data, isTerminal)
    return data.count
  }

  private func write(_ data: Data, _ isTerminal: Bool) {
    guard isTerminal, !data.isEmpty else {
      try? FileHandle.standardOutput.write(contentsOf: data)
      return
    }
    // What a program printed must not drive the terminal of who reads it.
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    Outcome.write(lines.map { TerminalText.printable(String($0)) }.joined(separator: "\n"), to: STDOUT_FILENO)
  }
}
