import Diagnostics
import Glibc
import ObjectStore
import TaskGraph

/// Workers that hang, eat memory, talk without end or leave processes behind: stopped, and named in the verdict.
extension RunSession {
  /// Compares what every busy worker has been doing with what it may; the first breach ends it.
  mutating func checkLimits(at now: Duration) {
    for slot in slots.indices where slots[slot].isBusy && slots[slot].fault == nil {
      let silence = now - slots[slot].lastHeard
      if silence > engine.configuration.silenceLimit {
        kill(slot, .silent(silence))
      } else if case .working(let attempt) = slots[slot].state,
        let fault = fault(of: attempt, at: now, silence)
      {
        kill(slot, fault)
      }
    }
  }

  private func fault(of attempt: Attempt, at now: Duration, _ silence: Duration) -> WorkerFault? {
    if let seconds = plan.nodes[attempt.task].needs.timeout {
      if now - attempt.began > .seconds(seconds) { return .overdue(seconds: seconds) }
      return nil
    }
    let limit = engine.configuration.containment.stall * (attempt.progressed == nil ? 4 : 1)
    let stall = now - (attempt.progressed ?? attempt.began)
    return stall > limit ? .stalled(stall, heard: silence) : nil
  }

  mutating func kill(_ slot: Int, _ claim: String) { kill(slot, .untrue(claim)) }

  mutating func kill(_ slot: Int, _ fault: WorkerFault) {
    slots[slot].fault = fault
    engine.signals.send(SIGKILL, toLife: slots[slot].life)
  }

  /// Notes that the attempt got further: what a stall is counted from.
  mutating func noteProgress(_ slot: Int, frames: Int?) {
    guard case .working(var attempt) = slots[slot].state else { return }
    if let frames {
      guard frames != attempt.frames ?? 0 else { return }
      attempt.frames = frames
    }
    attempt.progressed = engine.clock.now
    slots[slot].state = .working(attempt)
  }

  /// The limits that hold for the process while it does this attempt.
  mutating func limit(_ slot: Int, to attempt: Attempt) {
    slots[slot].startedTicks = ProcessFacts.ticksNow
    slots[slot].labelBefore = slots[slot].label
    slots[slot].label = plan.nodes[attempt.task].label
    limitMemory(slot, to: attempt)
  }

  func limitMemory(_ slot: Int, to attempt: Attempt) {
    let limit = engine.configuration.containment.memoryLimit(of: plan.nodes[attempt.task].needs)
    engine.signals.setMemoryLimit(limit, ofLife: slots[slot].life)
  }

  // MARK: Processes left behind

  /// Of the processes that a worker has around it, ends those that a task of before left behind.
  mutating func accompanied(_ others: [ProcessFacts], _ slot: Int) throws {
    let isWorking = slots[slot].isWorking
    for process in others where !isWorking || process.started < slots[slot].startedTicks {
      guard slots[slot].ended.insert(process).inserted else { continue }
      process.send(SIGKILL)
      try tellLeftBehind(process, slot, after: isWorking ? slots[slot].labelBefore : slots[slot].label)
    }
  }

  /// What was found when a worker had ended, for the verdict.
  mutating func noteRemains(_ remains: WorkerRemains, _ end: WorkerEnd, _ slot: Int) throws {
    // What a worker had around it that was killed in the middle of its work is no news, unless it had left the session.
    let isOrderly = end == .exited(0) && !slots[slot].isWorking
    for process in remains.leftBehind where isOrderly || process.session != getsid(0) {
      guard slots[slot].ended.insert(process).inserted else { continue }
      try tellLeftBehind(process, slot, after: slots[slot].label)
    }
    for process in remains.alive {
      outcome.stillAlive.append("\(process)")
      try contain(
        "worker.alive", "\(process), of worker \(slot + 1), does not end, though it was killed",
        remedy: "It waits for a disk or a device; look at it with `ps -o stat,wchan -p \(process.id)`.")
    }
    if remains.logBytesLeftOut > 0 || remains.logBytes > engine.configuration.containment.log.most {
      let task = slots[slot].label.map { ", last at \($0)," } ?? ""
      try contain(
        "worker.talkative", "worker \(slot + 1)\(task) wrote \(remains.logBytes.gigabytes) of log",
        remedy: "The first and the last part are kept: \(engine.logRemedy(slot))")
    }
    if remains.unreportedLines > 0 {
      outcome.ignoredReports += remains.unreportedLines
      try journal.tell(.ignored) { event in
        event.worker = slot + 1
        event.message = "worker \(slot + 1) wrote \(remains.unreportedLines) more lines that are no events"
      }
    }
  }

  /// What a worker found out about a task that went well.
  mutating func noteFindings(_ findings: [Diagnostic]?, _ slot: Int) throws {
    for finding in findings ?? [] where finding.severity != .error {
      try contain(finding.code, "worker \(slot + 1): \(finding.message)", remedy: finding.remedy)
    }
  }

  private mutating func tellLeftBehind(_ process: ProcessFacts, _ slot: Int, after label: String?) throws {
    let task = label.map { " after \($0)" } ?? ""
    try contain(
      "worker.leftProcess", "worker \(slot + 1) left a process behind\(task): \(process), ended by us",
      remedy: "A task has to wait for the programs it starts.")
  }

  /// Something a worker did that is no failure of a task and must not go unsaid.
  mutating func contain(_ code: String, _ message: String, remedy: String?) throws {
    // A worker that does it a thousand times is told of a hundred times.
    outcome.contained += 1
    guard outcome.contained <= 100 else { return }
    outcome.warnings.append(
      Diagnostic(severity: .warning, family: .failed, code: code, message: message, remedy: remedy))
    try journal.tell(.contained) { event in
      event.message = message
    }
  }
}

extension WorkerReport {
  /// Whether it shows that the worker itself does something.
  var isSignOfLife: Bool { if case .accompanied = self { false } else { true } }
}

extension RunSurroundings {
  /// The worker program for one process: marked so that all that comes of it can be found, and with address space for
  /// the greediest task of the plan.
  func program(forLife life: Int, of plan: Plan) -> WorkerProgram {
    var program = configuration.worker
    program.extraEnvironment[ProcessFamily.Mark.worker] = "\(run).\(life)"
    let most = plan.nodes.reduce(configuration.containment.memoryBytes) {
      max($0, configuration.containment.memoryLimit(of: $1.needs))
    }
    // Libraries and reserved space are no memory; the coordinator watches what is used.
    let space = max(6 << 30, most + most / 2)
    if program.extraEnvironment["INTERLOCK_MEMORY_LIMIT"] == nil {
      program.extraEnvironment["INTERLOCK_MEMORY_LIMIT"] = "\(space)"
    }
    return program
  }
}
