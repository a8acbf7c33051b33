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
      if isStopping { engine.signals.send(SIGTERM, toLife: slots[slot].life) }
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
    case .began: try taskBegan(attempt, slot, event)
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
    // The first time it has not looked at what it was given.
    let isFirst = !slots[slot].saidReady
    slots[slot].saidReady = true
    startFailures = 0
    if !isFirst, case .working(let attempt) = slots[slot].state, attempt.isBatch, slots[slot].fault == nil {
      try attemptLeft(attempt, slot)
    }
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

  mutating func ignore(_ message: String) throws {
    outcome.ignoredReports += 1
    try journal.tell(.ignored) { $0.message = message }
  }

  // MARK: Ends of workers

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
          remedy: engine.logRemedy(slot), exitCode: 1)
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
