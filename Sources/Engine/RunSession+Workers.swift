import Diagnostics
import Glibc
import Ledger
import ObjectStore
import TaskGraph

/// What workers report, believed as far as the store bears it out.
extension RunSession {
  mutating func receive(_ report: WorkerReport, from slot: Int) throws {
    if report.isSignOfLife { slots[slot].lastHeard = engine.clock.now }
    switch report {
    case .started(let processID):
      try journal.tell(.workerStarted) { event in
        event.worker = slot + 1
        event.processID = processID
      }
      // Cancelled while it was being started: the signal found nobody.
      if isStopping { engine.workforce.send(SIGTERM, toLife: slots[slot].life) }
    case .placed(let place):
      try journal.tell(.workerStarted) { event in
        event.worker = slot + 1
        event.message = place
      }
    case .refused(let reason):
      throw reason
    case .said(let event):
      try receive(event, from: slot)
    case .babbled(let line):
      try ignore("worker \(slot + 1) wrote a line that is no event: \(line.prefix(200))")
    case .noisy: break
    case .accompanied(let others):
      try accompanied(others, slot)
    case .ended(let end, let remains):
      try workerEnded(end, remains, in: slot)
    }
  }

  private mutating func receive(_ event: WorkerEvent, from slot: Int) throws {
    if event.event == .ready { return try workerIsReady(slot) }
    if event.event == .alive { return }
    guard case .working(let attempt) = slots[slot].state, event.attempt == attempt.id else {
      // The fence: whoever was given up has no say any more, whatever it finished.
      try ignore("worker \(slot + 1) reports '\(event.event.rawValue)' for an attempt that is not its own")
      return
    }
    switch event.event {
    case .ready, .alive: break
    case .progress: try progressed(event, attempt, slot)
    case .committed:
      guard let key = event.key else { break }
      index.claim(key)
      noteProgress(slot, frames: nil)
      try journal.tell(.committed, task: attempt.task, attempt: attempt.id) { report in
        report.key = key
        report.frames = event.frames
        report.isFirst = event.isFirst
      }
    case .finished: try attemptFinished(attempt, slot, event)
    case .failed: try attemptFailed(attempt, slot, event)
    }
  }

  private mutating func workerIsReady(_ slot: Int) throws {
    slots[slot].saidReady = true
    startFailures = 0
    guard case .draining = slots[slot].state else { return }
    slots[slot].state = .idle
    if isStopping { slots[slot].lines?.finish() }
    try apply(.opened(.worker))
  }

  private mutating func progressed(_ event: WorkerEvent, _ attempt: Attempt, _ slot: Int) throws {
    // Views want every step; the record one a second for each worker.
    let now = engine.clock.now
    let isLogged = now - attempt.loggedProgress >= .seconds(1)
    if isLogged {
      var attempt = attempt
      attempt.loggedProgress = now
      slots[slot].state = .working(attempt)
    }
    noteProgress(slot, frames: event.frames)
    try journal.tell(.progress, task: attempt.task, attempt: attempt.id, isLogged: isLogged) { report in
      report.worker = slot + 1
      // A task without frames counts steps of its own, such as samples: they are not frames of the stage.
      report.frames = event.frames.map { min($0, plan.nodes[attempt.task].frames) }
      report.total = event.total
    }
  }

  private mutating func ignore(_ message: String) throws {
    outcome.ignoredReports += 1
    try journal.tell(.ignored) { $0.message = message }
  }

  // MARK: Ends of attempts

  private mutating func attemptFinished(_ attempt: Attempt, _ slot: Int, _ event: WorkerEvent) throws {
    let node = plan.nodes[attempt.task]
    guard try results(of: attempt).contains(node.key) else {
      if attempt.isFormer { return try formerEnded(attempt, slot) }
      // Success is a good result in the store and nothing else.
      kill(slot, "it reported success without publishing a result")
      return
    }
    slots[slot].state = .draining
    try noteFindings(event, slot)
    // A repeated attempt found part of its work done; its time says nothing about the next task.
    if attempt.number == 1, !attempt.isFormer {
      let seconds = event.seconds ?? (engine.clock.now - attempt.began).inSeconds
      try engine.ledger.recordTiming(kind: node.kind, frames: node.frames, seconds: seconds)
    }
    try succeeded(attempt, slot, event)
  }

  /// What exists of the attempt's task; all that an attempt of an earlier run made goes on record, whoever it was for.
  private mutating func results(of attempt: Attempt) throws -> Set<TaskKey> {
    if attempt.isFormer { _ = try index.results(among: former.keys(of: attempt.id)) }
    return try index.results(of: plan.nodes[attempt.task])
  }

  /// The work of an earlier run is over and was not all of this task: the rest of it starts now.
  private mutating func formerEnded(_ attempt: Attempt, _ slot: Int) throws {
    slots[slot].state = .draining
    former.end(attempt.id)
    let commits = try index.results(of: plan.nodes[attempt.task]).count
    try engine.ledger.close(attempt: attempt.id, outcome: .done)
    try recordEnd(
      of: attempt.task, attempt: attempt.id, slot: slot, .cancelled,
      message: "an earlier run did part of it")
    try apply(.lost(attempt.task, try: attempt.number, .killed, commits: commits))
  }

  /// Where to read what a worker wrote, for people.
  func logRemedy(_ slot: Int) -> String {
    let path = engine.workforce.logPath(ofLife: slots[slot].life) ?? engine.workerLogPath(slot)
    return "See \(engine.production.fileSystem.relative(path))."
  }

  private mutating func succeeded(_ attempt: Attempt, _ slot: Int, _ event: WorkerEvent? = nil) throws {
    former.end(attempt.id)
    try engine.ledger.close(attempt: attempt.id, outcome: .done)
    try recordEnd(of: attempt.task, attempt: attempt.id, slot: slot, .done, event)
    // The folder stays for a while: what was asked and the log of the work are what a person looks for later.
    try apply(.finished(attempt.task, try: attempt.number))
  }

  private mutating func attemptFailed(_ attempt: Attempt, _ slot: Int, _ event: WorkerEvent) throws {
    slots[slot].state = .draining
    let commits = try results(of: attempt).count
    former.end(attempt.id)
    let failure = event.failure ?? .infrastructure
    let silence = Diagnostic(
      family: .failed, code: "worker.failed", message: "the worker gave no reason",
      remedy: logRemedy(slot))
    let diagnostics = event.diagnostics ?? []
    note(
      attempt.task, exit: event.exit ?? 1, diagnostics.isEmpty ? [silence] : diagnostics, attempt: attempt.id)
    try engine.ledger.close(attempt: attempt.id, outcome: failure == .cancelled ? .cancelled : .failed)
    try recordEnd(
      of: attempt.task, attempt: attempt.id, slot: slot, failure == .cancelled ? .cancelled : .failed, event)
    _ = try? attempt.folder.sweepParts()
    try apply(.failed(attempt.task, try: attempt.number, failure, commits: commits))
  }

  private mutating func attemptLost(
    _ attempt: Attempt, _ slot: Int, _ end: WorkerEnd, _ fault: WorkerFault?
  ) throws {
    let node = plan.nodes[attempt.task]
    let made = try results(of: attempt)
    former.end(attempt.id)
    if made.contains(node.key) {
      // It died between its commit and its report.
      return try succeeded(attempt, slot)
    }
    try engine.ledger.close(attempt: attempt.id, outcome: isStopping ? .cancelled : .lost)
    // The worker is reaped and its group is gone, so nobody writes there any more.
    _ = try? attempt.folder.sweepParts()
    let message = fault.map { "the worker was killed because \($0.message)" } ?? "the worker \(end)"
    try recordEnd(
      of: attempt.task, attempt: attempt.id, slot: slot, isStopping ? .cancelled : .lost, message: message)
    if !isStopping {
      outcome.lostAttempts += 1
      try journal.tell(.workerLost, task: attempt.task, attempt: attempt.id) { event in
        event.worker = slot + 1
        event.message = message
      }
    }
    let diagnostic = Diagnostic(
      family: .failed, code: fault?.code ?? "worker.lost", message: message,
      remedy: [logRemedy(slot), fault?.remedy].compactMap(\.self).joined(separator: " "))
    note(attempt.task, exit: fault?.exit ?? 1, [diagnostic], attempt: attempt.id)
    if !isStopping, fault?.isOfTheTask == true {
      return try apply(.failed(attempt.task, try: attempt.number, .application, commits: made.count))
    }
    let wasKilled = fault == nil && end.isBySomebodyElse
    try apply(
      .lost(attempt.task, try: attempt.number, wasKilled ? .killed : .crash, commits: made.count))
  }

  private mutating func workerEnded(_ end: WorkerEnd, _ remains: WorkerRemains, in slot: Int) throws {
    if let memory = remains.memory { slots[slot].fault = .memory(used: memory.used, limit: memory.limit) }
    try noteRemains(remains, end, slot)
    let ended = slots[slot]
    ended.lines?.finish()
    slots[slot].state = .absent
    slots[slot].lines = nil
    slots[slot].fault = nil
    if !ended.saidReady, !isStopping, end != .signalled(SIGKILL) {
      startFailures += 1
      guard startFailures < 3 else {
        throw EngineError(
          code: .workerDoesNotStart,
          message: "the worker program \(end) before it was ready, three times in a row",
          remedy: logRemedy(slot), exitCode: 1)
      }
    }
    switch ended.state {
    case .absent, .idle: break
    case .draining: try apply(.opened(.worker))
    case .working(let attempt):
      try attemptLost(attempt, slot, end, ended.fault)
      try apply(.opened(.worker))
    }
  }
}
