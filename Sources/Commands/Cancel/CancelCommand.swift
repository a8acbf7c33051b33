import ArgumentParser
import Diagnostics
import Engine
import Farm
import Foundation
import ObjectStore
import Planning

struct CancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Stop a run: cleanly, or at once with --now.",
    discussion: """
      Workers finish nothing more: they discard the unfinished frame, keep the segments that are done and end within \
      25 seconds; then they are killed, with everything they started. --now kills them at once. It is what Ctrl-C, and a \
      second Ctrl-C, do where the run was started, and works from any machine that sees the production.

        interlock cancel latest --production Output
        interlock cancel 01J8ZQ --now --wait

      The cancelled `run` exits 130. Exit codes of `cancel`: 0 the run was asked to stop or is over, 1 with --wait \
      something of it is still alive, 2 no run is called that, 3 no run is under way, 5 several are called that.
      """)

  @Argument(help: "The run: its name, the beginning or end of it, or `latest` for the one under way.")
  var run: String

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Kill its workers at once.")
  var now = false

  @Flag(help: "Return when nothing of the run is left.")
  var wait = false

  @Flag(help: "Print the result as JSON on standard output.")
  var json = false

  func run() async throws {
    let folder = try Self.choose(run, in: try production.required())
    let atWork = RunWork.underWay(in: folder)
    var answer = CancelAnswer(folder, atWork: atWork)
    if folder.isUnderWay || folder.isCommandAlive {
      try folder.cancel(isNow: now)
      if wait { answer.ending = await ended(folder) }
    }
    answer.look(at: folder, isWaitedFor: wait)
    if answer.state == .dead {
      let leftovers = SlurmLeftovers()
      if let jobs = await leftovers.jobs(of: [folder])?[folder.id] {
        answer.jobs = jobs.map(\.description)
        _ = await leftovers.end(jobs)
      }
    }
    Outcome.printResult(
      json ? String(decoding: try JSONBytes.encode(answer, isPretty: true), as: UTF8.self) : answer.text)
    if wait, !answer.stillAlive.isEmpty { throw ExitCode(1) }
  }

  /// The run that somebody means: here `latest` is the one under way.
  private static func choose(_ name: String, in production: Production) throws -> RunFolder {
    guard name == "latest" else { return try RunArchive(production).find(name) }
    let runs = try RunFolder.all(in: production)
    if let run = runs.first(where: \.isUnderWay) ?? runs.first(where: \.isCommandAlive) { return run }
    let last = runs.first.map { run in
      "; the last was \(run.id)" + (run.ending.map { ", ended \($0.ended) with exit code \($0.exit)" } ?? "")
    }
    throw Diagnostic(
      family: .inputMissing, code: "cancel.noRun",
      message: "no run is under way in this production\(last ?? "")",
      remedy: "A command that still plans has no run yet: stop it with Ctrl-C where it was started.")
  }

  /// Waits until the run is over or its process is gone.
  private func ended(_ folder: RunFolder) async -> RunEnding? {
    while folder.isUnderWay {
      do { try await Task.sleep(for: .milliseconds(100)) } catch { break }
    }
    return folder.ending
  }
}

/// What `cancel` says, for people and programs.
struct CancelAnswer: Encodable {
  enum State: String, Encodable {
    /// It was asked to stop and does.
    case stopping
    /// It is over, by our request or before.
    case over
    /// Its coordinator was killed; nobody works on it.
    case dead
  }

  var run: String
  var state = State.stopping
  /// Who does it.
  var by: RunPresence?
  /// What was at work when it was asked to stop.
  var atWork: [RunWork]
  var ending: RunEnding?
  /// Processes of the run that live now, as far as this machine can see.
  var stillAlive: [String] = []
  /// Jobs on a farm that a dead coordinator had left, and that were told to end.
  var jobs: [String] = []

  init(_ folder: RunFolder, atWork: [RunWork]) {
    run = folder.id
    by = folder.presence
    ending = folder.ending
    self.atWork = ending == nil ? atWork : []
  }

  mutating func look(at folder: RunFolder, isWaitedFor: Bool) {
    if ending == nil, isWaitedFor { ending = folder.ending }
    state = ending != nil ? .over : by?.isAlive == false ? .dead : .stopping
    stillAlive = ending?.stillAlive ?? []
    // Workers carry the name of their run, so whoever does not belong to this machine is not seen and not claimed.
    let processes = ProcessFamily.marked(ProcessFamily.Mark.worker).filter { $0.value.hasPrefix(run + ".") }
    for process in processes.map({ "\($0.process)" }) where !stillAlive.contains(process) {
      stillAlive.append(process)
    }
  }

  var text: String {
    let who = by.map { " of \($0)" } ?? ""
    var lines: [String]
    switch state {
    case .stopping:
      lines = ["Run \(run)\(who) stops."]
      if atWork.isEmpty { lines.append("  nothing was at work") }
      lines += atWork.map { "  \($0)" }
      lines.append("Finished segments are kept; run the same command again to go on.")
    case .over:
      lines = ["Run \(run) is over."]
      if let ending {
        let undone = ending.undone == 0 ? "nothing undone" : "\(ending.undone) undone"
        lines.append(
          "  \(ending.isCancelled ? "cancelled" : "exit code \(ending.exit)") at \(ending.ended): "
            + "\(ending.done) tasks done, \(ending.failed) failed, \(undone)")
      }
    case .dead:
      lines = [
        "Run \(run)\(who) is over: its process was killed.",
        "  what it had made is kept; run the command again",
      ]
    }
    if !jobs.isEmpty { lines.append("  \(jobs.count) jobs of it on the farm were told to end") }
    if state != .stopping {
      lines.append(
        stillAlive.isEmpty
          ? "  nothing of it runs any more" : "  still alive: \(stillAlive.joined(separator: ", "))")
    }
    return lines.joined(separator: "\n")
  }
}
