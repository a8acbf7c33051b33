import Diagnostics
import Glibc
import Ledger
import ObjectStore
import TaskGraph

/// What reaches a run from its workers, its own tasks and the clock.
enum RunInput: Sendable {
  case worker(slot: Int, life: Int, WorkerReport)
  case coordinatorTaskEnded(Int, CoordinatorTaskEnd)
  case tick
  /// `RunControl` has news.
  case cancel
}

/// What a run asks its surroundings to start.
enum RunCommand: Sendable {
  case startWorker(slot: Int, life: Int, lines: AsyncStream<String>)
  case startCoordinatorTask(Int)
}

/// One run: keeps the scheduler, the workers and the records in step.
///
/// Input comes in one at a time; every answer of the scheduler is carried out before the next. The order on
/// disk is the promise: an attempt is in the ledger before a worker hears of it, and is closed together with what it
/// made.
struct RunSession {
  let plan: Plan
  let engine: RunSurroundings
  let journal: RunJournal
  var scheduler: Scheduler
  var slots: [WorkerSlot]
  var index: ResultIndex
  /// What goes on record with the next attempts that begin, or with the next tick.
  var changes = LedgerChanges()
  var outcome = RunOutcome()
  /// For each task, why its last attempt ended without a result.
  var reports: [Int: TaskFailure] = [:]
  var coordinatorTasksRunning = 0
  var commands: [RunCommand] = []
  var pauses: [(due: Duration, task: Int)] = []
  var queueRecord: QueueRecord?
  /// Tasks of the plan that were poison in an earlier run, by index.
  let quarantined: [Int: QuarantinedTask]
  /// Processes started so far.
  var lives = 0
  /// Processes in a row that ended before they were ready.
  var startFailures = 0
  private(set) var isStopping = false
  private(set) var fatalError: (any Error)?
  private var cancellationsSeen = 0
  /// When living workers are killed; set once the run ends or is cancelled.
  private var deadline: Duration?

  /// Writes the run's folder; nothing runs yet.
  init(_ plan: Plan, in surroundings: RunSurroundings) throws {
    self.plan = plan
    engine = surroundings
    quarantined = try TaskQuarantine(surroundings.production).tasks(of: plan)
    scheduler = Scheduler(
      plan, capacity: surroundings.capacity, policy: surroundings.configuration.retries,
      timings: try surroundings.ledger.timingEstimates(), suspects: quarantined.mapValues(\.cause),
      stopsAtFirstFailure: surroundings.options.stopsAtFirstFailure)
    slots = Array(repeating: WorkerSlot(), count: surroundings.configuration.workers)
    index = ResultIndex(store: surroundings.store)
    outcome.runID = surroundings.run
    let files = surroundings.production.fileSystem
    let folder = surroundings.folder
    try files.createFolder(folder)
    try engine.folderOfRun.write(.here(run: surroundings.run, began: surroundings.clock.timeOfDay))
    engine.control.follow(engine.folderOfRun)
    let record = PlanRecord(
      plan, run: surroundings.run, began: surroundings.clock.timeOfDay, purpose: surroundings.options.purpose)
    try files.writeNew(try record.json(), at: "\(folder)/plan.json")
    if let heading = surroundings.options.heading {
      try files.writeNew(heading, at: "\(folder)/heading.json")
    }
    journal = try RunJournal(
      run: surroundings.run, plan: plan, path: "\(folder)/events.jsonl", in: files,
      observer: surroundings.observer, clock: surroundings.clock)
  }

  /// Nothing runs, nothing will, and no process of ours is left.
  var isOver: Bool {
    isStopping && coordinatorTasksRunning == 0 && slots.allSatisfy(\.isAbsent)
      && (scheduler.runningCount == 0 || fatalError != nil)
  }

  mutating func begin() throws -> [RunCommand] {
    try journal.tell(.runStarted) { event in
      event.schema = RunEvent.schemaVersion
      event.host = LockHolder.hostName
      event.processID = getpid()
      event.workers = slots.count
      event.stages = plan.stageTotals
      event.total = plan.nodes.count
      event.frames = plan.nodes.reduce(0) { $0 + $1.frames }
    }
    try tellQuarantined()
    for _ in slots { try apply(.opened(.worker)) }
    for _ in 0..<engine.configuration.coordinatorTasks { try apply(.opened(.coordinator)) }
    try apply(.begin)
    return takeCommands()
  }

  mutating func receive(_ input: RunInput) throws -> [RunCommand] {
    switch input {
    case .worker(let slot, let life, let report):
      guard slots[slot].life == life else { break }
      try receive(report, from: slot)
    case .coordinatorTaskEnded(let task, let end):
      coordinatorTasksRunning -= 1
      try coordinatorTaskEnded(task, end)
    case .tick:
      try tick()
    case .cancel:
      try cancel()
    }
    return takeCommands()
  }

  /// Gives the run up after an error of our own; `isOver` once every worker is gone.
  mutating func abort(_ error: any Error) {
    // What was asked for in the failed step never starts.
    for command in takeCommands() {
      switch command {
      case .startWorker(let slot, _, _):
        slots[slot].state = .absent
        slots[slot].lines = nil
      case .startCoordinatorTask: coordinatorTasksRunning -= 1
      }
    }
    guard fatalError == nil else { return }
    fatalError = error
    isStopping = true
    deadline = engine.clock.now
    _ = scheduler.apply(.cancel)
    killWorkers()
    for slot in slots { slot.lines?.finish() }
  }

  /// The end of the record; the last thing a run does.
  mutating func finish() throws -> RunOutcome {
    try record()
    // What cannot be copied now is copied by whoever opens the ledger next.
    try? engine.ledger.checkpoint()
    outcome.undone = scheduler.undone.map { plan.nodes[$0].label }
    outcome.isCancelled = scheduler.isCancelled && !outcome.undone.isEmpty
    if !outcome.isCancelled, !outcome.undone.isEmpty {
      outcome.earlyEnd = scheduler.firstFailure != nil ? .firstFailure : .stalled
    }
    outcome.seconds = journal.elapsed.inSeconds
    try journal.tell(.runFinished) { event in
      event.exit = outcome.exitCode
      event.frames = outcome.framesMade
      event.total = outcome.done.count
    }
    journal.flush()
    if let complaint = journal.complaint { outcome.warnings.append(complaint) }
    do {
      try engine.folderOfRun.write(
        RunEnding(
          run: engine.run, ended: engine.clock.timeOfDay, seconds: outcome.seconds, exit: outcome.exitCode,
          isCancelled: outcome.isCancelled, done: outcome.done.count, failed: outcome.failures.count,
          undone: outcome.undone.count, stillAlive: outcome.stillAlive))
    } catch let fault as Diagnostic {
      // A full disk takes nothing from what was made.
      var warning = fault
      warning.severity = .warning
      outcome.warnings.append(warning)
    }
    return outcome
  }

  private mutating func takeCommands() -> [RunCommand] {
    defer { commands.removeAll() }
    return commands
  }

  // MARK: Time

  private mutating func tick() throws {
    let now = engine.clock.now
    try record()
    journal.flush()
    let due = pauses.filter { $0.due <= now }
    pauses.removeAll { $0.due <= now }
    for pause in due { try apply(.due(pause.task)) }
    checkLimits(at: now)
    engine.control.listen()
    if let deadline, deadline <= now { killWorkers() }
    try recordQueue()
  }

  // MARK: Stopping

  private mutating func cancel() throws {
    let requests = engine.control.cancellations
    guard requests > cancellationsSeen else { return }
    let isFirst = cancellationsSeen == 0
    cancellationsSeen = requests
    if isFirst {
      stop()
      for slot in slots where slot.isBusy { engine.signals.send(SIGTERM, toLife: slot.life) }
      try journal.tell(.cancelling)
      try apply(.cancel)
    }
    // A worker may have been on its way into life at the first request; the clock sees to it.
    if requests > 1 { deadline = engine.clock.now }
    if requests > 1 { killWorkers() }
  }

  /// Lets idle workers go now and busy ones when they are ready, all within the limit.
  mutating func stop() {
    guard !isStopping else { return }
    isStopping = true
    deadline = engine.clock.now + engine.configuration.stopLimit
    for slot in slots where !slot.isWorking { slot.lines?.finish() }
  }

  private func killWorkers() {
    for slot in slots { engine.signals.send(SIGKILL, toLife: slot.life) }
  }
}
