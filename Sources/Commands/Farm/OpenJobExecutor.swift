import Diagnostics
import Digests
import Engine
import Farm
import Foundation
import Monitoring
import ObjectStore
import Planning
import Synchronization
import TaskGraph

/// `run --executor openjd`: hands the tasks of a plan to the runtime of Open Job Description on this machine.
///
/// What is believed of it is what lies in the store afterwards; publishing stays with the coordinator.
struct OpenJobExecutor: Sendable {
  let program: OpenJobProgram
  let control: OpenJobProgram.Control
  let pipeline: Pipeline
  let production: Production
  let tools: ToolIdentity
  let isQuiet: Bool

  /// What the workers said of their attempts.
  struct Work: Sendable {
    var isSuccess = false
    var attempts = 0
    /// Of attempts that failed, in order.
    var diagnostics: [Diagnostic] = []
    var exits: [Int] = []

    /// Of several failures the first of 2, 3, 5, 4, 1, then the others.
    var exitCode: Int {
      [2, 3, 5, 4, 1].first(where: exits.contains) ?? exits.first { $0 != 0 } ?? 1
    }
  }

  func run(_ plan: Plan) async throws -> Work {
    guard !plan.isEmpty else { return Work(isSuccess: true) }
    let folder = try PrivateFolder()
    let job = FarmJob(plan, of: pipeline, in: production, tools: tools, folder: folder.path + "/job")
    try JobBundle(job, format: OpenJobTemplate()).write(to: folder.path + "/job")
    let listener = Listener(isQuiet: isQuiet)
    let isSuccess = try await program.run(job: folder.path + "/job", control: control) { listener.hear($0) }
    var work = listener.work
    work.isSuccess = isSuccess
    withExtendedLifetime(folder) {}
    return work
  }

  /// Passes on what a person wants to see, and keeps how attempts ended.
  private final class Listener: Sendable {
    private struct State {
      var work = Work()
      var step = ""
      var told = -1
    }

    /// The part of a worker's last line that counts here.
    private struct Ending: Decodable {
      var attempt: String
      var exit: Int
      var diagnostics: [Diagnostic]
    }

    private let isQuiet: Bool
    private let state = Mutex(State())

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    var work: Work { state.withLock { $0.work } }

    /// - Parameter line: time, tabulator, message.
    func hear(_ line: String) {
      let message = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false).last ?? ""
      let words = state.withLock { state in Self.words(String(message), &state) }
      if let words, !isQuiet { Outcome.printError(TerminalText.printable(words)) }
    }

    private static let stepWords = "Open Job Description CLI: Running step '"

    private static func words(_ message: String, _ state: inout State) -> String? {
      if message.hasPrefix(stepWords) {
        state.step = String(message.dropFirst(stepWords.count).prefix { $0 != "'" })
        state.told = -1
        return nil
      }
      if message.hasPrefix("openjd_progress: "), let percent = Double(message.dropFirst(17)) {
        // Chunks of a step begin anew: a tenth at a time is enough of that.
        let step = Int(percent / 10)
        guard step != state.told else { return nil }
        state.told = step
        return "openjd: \(state.step) \(Int(percent)) %"
      }
      if message.hasPrefix("openjd_fail: ") { return "openjd: \(state.step): \(message.dropFirst(13))" }
      guard message.hasPrefix("{"),
        let ending = try? JSONDecoder().decode(Ending.self, from: Data(message.utf8))
      else { return nil }
      state.work.attempts += 1
      if ending.exit != 0 {
        state.work.exits.append(ending.exit)
        state.work.diagnostics += ending.diagnostics
      }
      return nil
    }
  }
}

extension Plan {
  /// The tasks that workers do.
  func forWorkers() throws -> Plan { try Plan(nodes.filter { $0.place == .worker }) }

  /// What the coordinator can do now that workers have done what they did.
  func forCoordinator() throws -> Plan {
    let missing = Set(nodes.filter { $0.place == .worker }.map(\.key))
    return try Plan(
      nodes.filter { $0.place == .coordinator && missing.isDisjoint(with: $0.dependencies) })
  }
}

extension RunOutcome {
  /// Adds what a farm did of a plan.
  ///
  /// - Parameters:
  ///   - left: the plan as it stands afterwards; what workers should do of it was not done.
  ///   - isDone: whether a task has its result.
  mutating func note(
    _ work: OpenJobExecutor.Work, planned: Plan, left: Plan, isDone: (TaskKey) -> Bool
  ) {
    attempts += work.attempts
    for node in planned.nodes where node.place == .worker && isDone(node.key) {
      done.append(node.key)
      framesMade += node.frames
    }
    let missing = left.nodes.filter { $0.place == .worker && !isDone($0.key) }
    guard let first = missing.first else { return }
    let reason = Diagnostic(
      family: .failed, code: "openjd.unfinished",
      message:
        "the job ended and \(missing.count == 1 ? "1 task is" : "\(missing.count) tasks are") not done",
      remedy: "Run again: only what is missing is made.")
    failures.append(
      TaskFailure(
        key: first.key, kind: first.kind, label: first.label, stage: first.stage, exit: work.exitCode,
        diagnostics: work.diagnostics + [reason]))
    blocked += missing.dropFirst().map(\.label)
  }
}
