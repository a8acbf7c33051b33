import Diagnostics
import Glibc
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
  mutating func apply(_ event: SchedulerEvent) throws { try apply([event]) }

  mutating func apply(_ events: [SchedulerEvent]) throws {
    var starting: [[Attempt.Part]] = []
    for effect in scheduler.apply(events) {
      switch effect {
      case .start(let task, let number):
        outcome.attempts += 1
        if plan.nodes[task].place == .coordinator {
          coordinatorTasksRunning += 1
          commands.append(.startCoordinatorTask(task))
          try journal.tell(.attemptStarted, task: task)
        } else {
          starting.append([Attempt.Part(task: task, number: number)])
        }
      case .join(let task, let number):
        starting[starting.count - 1].append(Attempt.Part(task: task, number: number))
      case .pause(let task, let pause):
        pauses.append((engine.clock.now + pause, task))
        try journal.tell(.retrying, task: task) { event in
          event.pause = pause.inSeconds
          event.message = reports[task]?.diagnostics.first?.message
        }
      case .settled(let task, let result):
        try settled(task, result)
      case .halt:
        try halt()
      case .over:
        stop()
      }
    }
    if !commands.isEmpty { try record() }
    try open(starting)
  }

  private mutating func open(_ starting: [[Attempt.Part]]) throws {
    guard !starting.isEmpty else { return }
    var attempts: [Attempt] = []
    var unable: [(parts: [Attempt.Part], fault: Diagnostic)] = []
    for parts in starting {
      do {
        attempts.append(try prepare(parts))
      } catch let fault as Diagnostic {
        unable.append((parts, fault))
      }
    }
    // One transaction for all of them, and for what has ended before; only then a worker may hear of an attempt.
    changes.opened = attempts.filter { !$0.isFormer }.map { attempt in
      let nodes = attempt.parts.map { plan.nodes[$0.task] }
      return AttemptRecord(id: attempt.id, run: engine.run, keys: nodes.flatMap { $0.commits + [$0.key] })
    }
    try record()
    for attempt in attempts { try dispatch(attempt) }
    for (parts, fault) in unable {
      // A disk that takes no task file is no reason to end what runs: it is tried again later, as by a worker.
      note(parts[0].task, exit: fault.family.rawValue, [fault])
      try apply(
        parts.dropFirst().map { .untouched($0.task, try: $0.number) }
          + [.failed(parts[0].task, try: parts[0].number, .infrastructure, commits: 0), .opened(.worker)])
    }
  }

  private func prepare(_ parts: [Attempt.Part]) throws -> Attempt {
    if let id = former.attempt(at: plan.nodes[parts[0].task]),
      let folder = AttemptFolder.open(id: id, in: engine.production)
    {
      return Attempt(parts, in: folder, began: engine.clock.now, isFormer: true)
    }
    let attempt = Attempt(parts, in: try AttemptFolder.create(in: engine.production), began: engine.clock.now)
    let tools = engine.configuration.tools
    let files = try parts.map { try plan.nodes[$0.task].taskFile(attempt: attempt.id, tools: tools) }
    if attempt.isBatch {
      try attempt.folder.writeBatch(files)
    } else {
      try attempt.folder.writeTask(files[0])
    }
    return attempt
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
      slots[slot].ended = []
      commands.append(.startWorker(slot: slot, life: lives, attempt, lines: lines))
    }
    slots[slot].state = .working(attempt)
    slots[slot].lastHeard = engine.clock.now
    limit(slot, to: attempt)
    slots[slot].lines?.yield(attempt.taskFilePath)
    if !attempt.isBatch { try tellStart(of: attempt.task, attempt, slot) }
  }

  func tellStart(of task: Int, _ attempt: Attempt, _ slot: Int) throws {
    try journal.tell(.attemptStarted, task: task, attempt: attempt.id) { event in
      event.worker = slot + 1
      if attempt.isFormer { event.message = "an earlier run began it" }
      event.total = plan.nodes[task].frames
    }
  }

  private mutating func settled(_ task: Int, _ result: TaskOutcome) throws {
    let node = plan.nodes[task]
    switch result {
    case .done:
      outcome.done.append(node.key)
      outcome.framesMade += node.frames
      try releaseFromQuarantine(task)
      try journal.tell(.taskDone, task: task) { event in
        event.frames = node.frames
        event.total = node.frames
      }
    case .blocked(let cause):
      outcome.blocked.append(node.label)
      try journal.tell(.taskBlocked, task: task) { $0.message = plan.nodes[cause].label }
    case .failed(let failure):
      // Every end without a result was noted before the scheduler heard of it.
      guard var report = reports[task] else { return }
      if let patience = patience(failure) {
        report.exit = 75
        report.prefix(
          "nothing was achieved for \(patience.inWords), in \(scheduler.attempt(of: task)) attempts; the last: "
        )
      }
      try failed(task, failure, report)
    case .poisoned(let cause, let attempts):
      guard var report = reports[task] else { return }
      quarantine(task, cause, attempts: attempts, &report)
      report.prefix(
        attempts == 1 && quarantined[task] != nil
          ? "it is quarantined and did not survive its one attempt: "
          : "\(attempts) attempts in a row ended without a new result; the last: ")
      try failed(task, .infrastructure, report)
    }
  }

  /// How long such failures were waited out before one became final; nil for those that are not.
  private func patience(_ failure: WorkerEvent.FailureClass) -> Duration? {
    switch failure {
    case .infrastructure: engine.configuration.retries.infrastructurePatience
    case .licence: engine.configuration.retries.licencePatience
    case .user, .media, .application, .cancelled: nil
    }
  }

  private mutating func failed(
    _ task: Int, _ failure: WorkerEvent.FailureClass, _ report: TaskFailure
  ) throws {
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

  /// Stops what runs, as a cancellation does; the scheduler starts nothing more.
  private mutating func halt() throws {
    stop()
    for slot in slots where slot.isBusy { engine.workforce.send(SIGTERM, toLife: slot.life) }
    try journal.tell(.cancelling) { $0.message = "the first failure ends the run" }
  }

  // MARK: Coordinator tasks

  mutating func coordinatorTaskEnded(_ task: Int, _ end: CoordinatorTaskEnd) throws {
    // A published version is its own commit, so there need not be a result.
    let commits = try index.results(of: plan.nodes[task]).count
    let number = scheduler.attempt(of: task)
    switch end {
    case .finished:
      try recordEnd(of: task, .done)
      try apply(.finished(task, try: number))
    case .cancelled:
      try recordEnd(of: task, .cancelled)
      note(
        task, exit: 130, [Diagnostic(family: .failed, code: "task.cancelled", message: "it was cancelled")])
      try apply(.failed(task, try: number, .cancelled, commits: commits))
    case .failed(let failure, let diagnostics, let exit):
      try recordEnd(of: task, .failed, message: diagnostics.first?.message)
      note(task, exit: exit, diagnostics)
      try apply(.failed(task, try: number, failure, commits: commits))
    }
    try apply(.opened(.coordinator))
  }
}

extension TaskFailure {
  /// Says before its first finding how it came to be final.
  fileprivate mutating func prefix(_ text: String) {
    if !diagnostics.isEmpty { diagnostics[0].message = text + diagnostics[0].message }
  }
}

extension Duration {
  /// `10 minutes`, `4 hours`, `30 seconds`: for people.
  fileprivate var inWords: String {
    let seconds = max(0, inSeconds)
    let (count, unit) =
      seconds < 120
      ? (seconds, "second") : seconds < 7200 ? (seconds / 60, "minute") : (seconds / 3600, "hour")
    let whole = Int(count.rounded())
    return whole == 1 ? "1 \(unit)" : "\(whole) \(unit)s"
  }
}
