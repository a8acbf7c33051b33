import Diagnostics
import Ledger
import ObjectStore
import TaskGraph

/// How a task that runs in the coordinator ended.
enum CoordinatorTaskEnd: Sendable {
  case finished
  case cancelled
  case failed(WorkerEvent.FailureClass, [Diagnostic], exit: Int)
}

/// What the scheduler decides, carried out.
extension RunSession {
  mutating func apply(_ event: SchedulerEvent) throws {
    var starting: [Attempt] = []
    for effect in scheduler.apply(event) {
      switch effect {
      case .start(let task, let number):
        outcome.attempts += 1
        if plan.nodes[task].place == .coordinator {
          coordinatorTasksRunning += 1
          commands.append(.startCoordinatorTask(task))
          try journal.tell(.attemptStarted, task: task)
        } else {
          starting.append(try prepare(task, number))
        }
      case .pause(let task, let pause):
        pauses.append((engine.clock.now + pause, task))
        try journal.tell(.retrying, task: task) { event in
          event.pause = pause.inSeconds
          event.message = reports[task]?.diagnostics.first?.message
        }
      case .settled(let task, let result):
        try settled(task, result)
      case .over:
        stop()
      }
    }
    guard !starting.isEmpty else { return }
    // One transaction for all of them; only then a worker may hear of an attempt.
    try engine.ledger.open(
      starting.map { attempt in
        let node = plan.nodes[attempt.task]
        return AttemptRecord(id: attempt.id, run: engine.run, keys: node.commits + [node.key])
      })
    for attempt in starting { try dispatch(attempt) }
  }

  private func prepare(_ task: Int, _ number: Int) throws -> Attempt {
    let folder = try AttemptFolder.create(in: engine.production)
    try folder.writeTask(try plan.nodes[task].taskFile(attempt: folder.id))
    return Attempt(folder: folder, task: task, number: number, began: engine.clock.now)
  }

  private mutating func dispatch(_ attempt: Attempt) throws {
    guard let slot = slots.firstIndex(where: \.isIdle) ?? slots.firstIndex(where: \.isAbsent) else {
      preconditionFailure("the scheduler started a task without a free worker")
    }
    if slots[slot].lines == nil {
      let (lines, continuation) = AsyncStream<String>.makeStream()
      lives += 1
      slots[slot].life = lives
      slots[slot].lines = continuation
      slots[slot].saidReady = false
      commands.append(.startWorker(slot: slot, life: lives, lines: lines))
    }
    slots[slot].state = .working(attempt)
    slots[slot].lastHeard = engine.clock.now
    slots[slot].lines?.yield(attempt.folder.taskFilePath)
    try journal.tell(.attemptStarted, task: attempt.task, attempt: attempt.id) { event in
      event.worker = slot + 1
      event.total = plan.nodes[attempt.task].frames
    }
  }

  private mutating func settled(_ task: Int, _ result: TaskOutcome) throws {
    let node = plan.nodes[task]
    switch result {
    case .done:
      outcome.done.append(node.key)
      outcome.framesMade += node.frames
      try journal.tell(.taskDone, task: task) { event in
        event.frames = node.frames
        event.total = node.frames
      }
    case .blocked(let cause):
      outcome.blocked.append(node.label)
      try journal.tell(.taskBlocked, task: task) { $0.message = plan.nodes[cause].label }
    case .failed(let failure):
      try failed(task, failure)
    case .poisoned(_, let attempts):
      try failed(
        task, .infrastructure, "\(attempts) attempts in a row ended without a new result; the last: ")
    }
  }

  private mutating func failed(
    _ task: Int, _ failure: WorkerEvent.FailureClass, _ prefix: String = ""
  ) throws {
    // Every end without a result was noted before the scheduler heard of it.
    guard var report = reports[task] else { return }
    if !report.diagnostics.isEmpty { report.diagnostics[0].message = prefix + report.diagnostics[0].message }
    outcome.failures.append(report)
    try journal.tell(.taskFailed, task: task, attempt: report.attempt) { event in
      event.exit = report.exit
      event.failure = failure
      event.diagnostics = report.diagnostics
    }
  }

  /// Keeps why an attempt ended, for the case that it was the last.
  mutating func note(_ task: Int, exit: Int, _ diagnostics: [Diagnostic], attempt: String? = nil) {
    let node = plan.nodes[task]
    reports[task] = TaskFailure(
      key: node.key, kind: node.kind, label: node.label, stage: node.stage, exit: exit,
      diagnostics: diagnostics, attempt: attempt)
  }

  // MARK: Coordinator tasks

  mutating func coordinatorTaskEnded(_ task: Int, _ end: CoordinatorTaskEnd) throws {
    // A published version is its own commit, so there need not be a result.
    let commits = try index.results(of: plan.nodes[task]).count
    switch end {
    case .finished:
      try recordEnd(of: task, .done)
      try apply(.finished(task))
    case .cancelled:
      try recordEnd(of: task, .cancelled)
      note(
        task, exit: 130, [Diagnostic(family: .failed, code: "task.cancelled", message: "it was cancelled")])
      try apply(.failed(task, .cancelled, commits: commits))
    case .failed(let failure, let diagnostics, let exit):
      try recordEnd(of: task, .failed, message: diagnostics.first?.message)
      note(task, exit: exit, diagnostics)
      try apply(.failed(task, failure, commits: commits))
    }
    try apply(.opened(.coordinator))
  }
}
