import Diagnostics
import Digests
import Foundation
import ObjectStore
import Publishing
import TaskGraph

/// `interlock-worker run`: one task, or some of a list, reported as the farm around it expects. Everything goes to
/// standard output.
struct FarmRun {
  private let request: FarmRequest
  private let arguments: [String]
  private let limits: FarmLimits
  private let environment: [String: String]

  init(
    _ request: FarmRequest, arguments: [String], limits: FarmLimits, environment: [String: String]
  ) {
    self.request = request
    self.arguments = arguments
    self.limits = limits
    self.environment = environment
  }

  private var dialect: FarmDialect { request.dialect }

  /// - Returns: the exit code of the contract.
  func run() -> Int32 {
    startLife()
    if let list = TaskListFile(request.file) { return run(list) }
    let ending = AttemptRunner.run(order(request.file)) { attempt, head in
      StandardOutput.write(
        Self.firstLine(of: Self.words(attempt, head, file: request.file), arguments, limits))
      tellNeeds(of: head)
    } reporter: { _ in
      FarmReporter(dialect: dialect)
    }
    tell(ending.diagnostics)
    close(ending.exit, failure: ending.failure == .cancelled ? nil : ending.diagnostics.first?.message)
    Self.write(ending)
    return ending.exit
  }

  /// The end of a worker that was asked for something that says nothing; told like any other end.
  static func refuse(
    _ fault: Diagnostic, arguments: [String], limits: FarmLimits, environment: [String: String]
  ) -> Int32 {
    StandardOutput.write(firstLine(of: "no task", arguments, limits))
    StandardOutput.write(fault.description)
    StandardOutput.write(FarmDialect.detect(environment).failure(fault.message))
    let ending = AttemptRunner.ending(refusing: fault)
    write(ending)
    return ending.exit
  }

  private func order(_ file: String) -> AttemptRunner.Order {
    AttemptRunner.Order(
      taskFile: file, production: request.production, frames: request.frames, mapping: request.mapping)
  }

  private func startLife() {
    let (dialect, environment) = (dialect, environment)
    let watch = limits.memoryBytes.map { limit in
      LifeThread.MemoryWatch(limit: limit) { Self.endForMemory($0, limit: limit, dialect) }
    }
    LifeThread.start(
      memory: watch, secondsLeft: { CancelNotice.secondsLeft(environment) },
      beat: { FarmReporter.repeatProgress(in: dialect) })
  }

  /// The last words of a worker that holds more memory than its farm allows: better told than killed for it.
  private static func endForMemory(_ used: Int64, limit: Int64, _ dialect: FarmDialect) -> Bool {
    guard let present = AttemptRunner.present else { return false }
    let finding = Diagnostic(
      family: .failed, code: "worker.outOfMemory",
      message:
        "the task holds \(used >> 20) MiB of memory, more than the \(limit >> 20) MiB that the farm allows",
      remedy: "Ask the farm for more memory for this task.")
    let ending = present.ending(33, .application, [finding])
    StandardOutput.write(finding.description)
    StandardOutput.write(dialect.failure(finding.message))
    try? present.folder.production.fileSystem.remove(present.folder.exitPath)
    if let data = try? JSONEncoder().encode(ending) { try? present.folder.writeExit([UInt8](data)) }
    write(ending)
    return true
  }

  // MARK: Several tasks

  private func run(_ list: TaskListFile) -> Int32 {
    let numbers = list.numbers(asked: request.tasks, environment)
    let span = "\(numbers.count) of \(list.list.tasks.count) tasks of \(list.list.name)"
    StandardOutput.write(Self.firstLine(of: span, arguments, limits))
    var ends = ListEnding(list: list.list.name, asked: numbers.count)
    guard request.frames == nil, !numbers.isEmpty else {
      ends.exit = 2
      close(
        ends.exit,
        failure: request.frames != nil
          ? "a list of tasks is not made frame by frame: its tasks are chosen with --tasks"
          : "none of the tasks 1-\(list.list.tasks.count) of \(list.list.name) was asked for")
      Self.write(ends)
      return ends.exit
    }
    for (index, number) in numbers.enumerated() {
      if StopRequest.exitCode != nil || StopRequest.isWarned { break }
      let place = (before: index, of: numbers.count)
      let ending = AttemptRunner.run(order(list.path(of: number))) { attempt, head in
        StandardOutput.write(
          "Task \(number): \(Self.words(attempt, head, file: list.path(of: number)))")
        tellNeeds(of: head)
      } reporter: { _ in
        FarmReporter(dialect: dialect, place: place)
      }
      tell(ending.diagnostics)
      Self.write(ending)
      ends.note(number, ending)
      // Of the rest nothing would come out differently: the process, the machine or the disk has to be looked at.
      guard ends.mayGoOn, ending.diagnostics.first?.code != "task.outsideProduction" else { break }
    }
    ends.close()
    close(ends.exit, failure: ends.isCancelled ? nil : ends.reason)
    Self.write(ends)
    return ends.exit
  }

  // MARK: Words

  /// Version, command to paste, host and task: what a person reads first in a farm's log.
  private static func firstLine(of task: String, _ arguments: [String], _ limits: FarmLimits) -> String {
    let quoted = (["interlock-worker", "run"] + arguments)
      .map { "'" + $0.replacingOccurrences(of: "'", with: "'\\''") + "'" }.joined(separator: " ")
    return
      "interlock-worker; version \(interlockVersion); \(WorkerIdentity.libraries); \(WorkerIdentity.kernels); "
      + "\(quoted); host \(ProcessInfo.processInfo.hostName); \(limits); \(task)"
  }

  private static func words(_ attempt: String?, _ head: TaskFileHead?, file: String) -> String {
    guard let head else { return attempt.map { "attempt \($0)" } ?? "no task" }
    let who = attempt.map { "attempt \($0)" } ?? "no attempt, as the result is there"
    return "\(who); \(head.kind) \(head.key.hex.prefix(12)) \(head.label)" + MediaInputs.words(of: file)
  }

  /// Says so when the farm gives less than the task was planned with; it will be slower, not wrong.
  private func tellNeeds(of head: TaskFileHead?) {
    guard let needs = head?.needs, needs.cores > limits.cores else { return }
    StandardOutput.write(
      "note: the task was planned for \(needs.cores) cores, and the farm gives \(limits.cores)")
  }

  private func tell(_ diagnostics: [Diagnostic]) {
    for diagnostic in diagnostics.prefix(Self.mostFindings) {
      StandardOutput.write(String(diagnostic.description.prefix(4000)))
    }
    if diagnostics.count > Self.mostFindings {
      StandardOutput.write("\(diagnostics.count - Self.mostFindings) more findings are in the result")
    }
  }

  /// Farms keep logs of limited size, and some kill for it.
  private static let mostFindings = 50

  /// - Parameter failure: why, unless the work was stopped by a signal, which is no failure.
  private func close(_ exit: Int32, failure: String?) {
    if exit == 0 {
      if let line = dialect.progress(100) { StandardOutput.write(line) }
    } else if exit < 128 {
      StandardOutput.write(dialect.failure(failure ?? "exit \(exit)"))
    }
  }

  private static func write(_ result: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if let data = try? encoder.encode(result) { StandardOutput.write(String(decoding: data, as: UTF8.self)) }
  }
}

/// How the tasks of a list ended; the last line of a worker that had one.
struct ListEnding: Codable {
  struct Failure: Codable {
    var number: Int
    var exit: Int32
    var attempt: String
  }

  var schema = 1
  var list: String
  var exit: Int32 = 0
  /// Tasks that were to be done.
  var asked: Int
  var done = 0
  var failures: [Failure] = []

  /// Why, of the first failure.
  private(set) var reason: String?
  private(set) var isCancelled = false

  init(list: String, asked: Int) {
    self.list = list
    self.asked = asked
  }

  private enum CodingKeys: String, CodingKey { case schema, list, exit, asked, done, failures }

  mutating func note(_ number: Int, _ ending: AttemptRunner.Ending) {
    guard ending.exit != 0 else {
      done += 1
      return
    }
    failures.append(Failure(number: number, exit: ending.exit, attempt: ending.attempt))
    isCancelled = isCancelled || ending.failure == .cancelled
    reason = reason ?? ending.diagnostics.first?.message
  }

  /// Whether the next task may fare better: bad input is of one task, a full disk or a signal of all.
  var mayGoOn: Bool { failures.allSatisfy { Self.precedence.contains($0.exit) } }

  /// Of several findings the first of these wins.
  private static let precedence: [Int32] = [2, 3, 5, 4, 1]

  mutating func close() {
    if let last = failures.last, !mayGoOn {
      exit = last.exit
    } else if let first = Self.precedence.first(where: { code in failures.contains { $0.exit == code } }) {
      exit = first
    } else if done < asked {
      exit = StopRequest.exitCode ?? 75
      isCancelled = StopRequest.exitCode != nil
      reason = reason ?? "the scheduler warned that this job's time is nearly up"
    }
  }
}
