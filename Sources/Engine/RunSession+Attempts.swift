import Diagnostics
import Ledger
import ObjectStore
import TaskGraph

/// How attempts end: each of their tasks by itself, with what it made and used.
extension RunSession {
  /// Of several tasks one is at work from now on; the limits that hold are its own.
  mutating func taskBegan(_ attempt: Attempt, _ slot: Int, _ event: WorkerEvent) throws {
    guard attempt.isBatch, let part = part(of: attempt, event.key) else {
      return try ignore("worker \(slot + 1) began a task that is not its own")
    }
    var attempt = attempt
    attempt.begin(part, at: engine.clock.now)
    slots[slot].state = .working(attempt)
    slots[slot].label = plan.nodes[part.task].label
    limitMemory(slot, to: attempt)
    try tellStart(of: part.task, attempt, slot)
  }

  private func part(of attempt: Attempt, _ key: TaskKey?) -> Attempt.Part? {
    attempt.parts.first { plan.nodes[$0.task].key == key }
  }

  // MARK: Success

  mutating func attemptFinished(_ attempt: Attempt, _ slot: Int, _ event: WorkerEvent) throws {
    guard attempt.isBatch else {
      let end = WorkerEvent.TaskEnd(
        key: plan.nodes[attempt.task].key, usage: event.usage ?? WorkerEvent.Usage(), isFirst: true,
        diagnostics: event.diagnostics)
      return try finished([end], attempt, slot)
    }
    try finished(event.ends ?? [], attempt, slot)
  }

  private mutating func finished(
    _ ends: [WorkerEvent.TaskEnd], _ attempt: Attempt, _ slot: Int
  ) throws {
    var done: [(part: Attempt.Part, end: WorkerEvent.TaskEnd)] = []
    var liar: Attempt.Part?
    for end in ends {
      guard let part = part(of: attempt, end.key), part.hasBegun else {
        try ignore("worker \(slot + 1) reports the end of a task that is not its own")
        continue
      }
      // Success is a good result in the store and nothing else.
      if try index.results(of: plan.nodes[part.task]).contains(end.key) {
        done.append((part, end))
      } else {
        liar = liar ?? part
      }
    }
    var events: [SchedulerEvent] = []
    for (part, end) in done {
      // One task alone has said so itself.
      if attempt.isBatch {
        try journal.tell(.committed, task: part.task, attempt: attempt.id) { report in
          report.key = end.key
          report.isFirst = end.isFirst
        }
      }
      try noteFindings(end.diagnostics, slot)
      let node = plan.nodes[part.task]
      let seconds = end.usage.seconds ?? (engine.clock.now - attempt.began).inSeconds
      // A repeated attempt at what publishes on the way found part of its work done; its time says nothing.
      if part.number == 1 || node.commits.isEmpty {
        changes.timings.append(.init(kind: node.kind, frames: node.frames, seconds: seconds))
        events.append(.took(part.task, seconds: seconds))
      }
      try succeeded(part, attempt, slot, end.usage, seconds: attempt.isBatch ? end.usage.seconds : seconds)
      events.append(.finished(part.task, try: part.number))
    }
    var attempt = leave(attempt, slot, done.map(\.part), .done)
    if let liar {
      attempt.begin(liar, at: engine.clock.now)
      slots[slot].state = .working(attempt)
      kill(slot, "it reported success without publishing a result")
    }
    try apply(events)
  }

  /// - Parameter seconds: how long it took, where that is known: the ledger is rebuilt from what is told here, and of
  ///   tasks published together the end is told later than it came.
  private func succeeded(
    _ part: Attempt.Part, _ attempt: Attempt, _ slot: Int, _ usage: WorkerEvent.Usage?, seconds: Double?
  ) throws {
    try recordEnd(of: part.task, attempt: attempt.id, slot: slot, .done, usage) { event in
      event.duration = seconds ?? event.duration
    }
  }

  /// Takes tasks out of their attempt, which is closed with the last. The folder stays for a while: what was asked and
  /// the log of the work are what a person looks for later.
  @discardableResult
  private mutating func leave(
    _ attempt: Attempt, _ slot: Int, _ parts: [Attempt.Part], _ outcome: AttemptOutcome
  ) -> Attempt {
    var attempt = attempt
    attempt.end(Set(parts.map(\.task)))
    attempt.progressed = engine.clock.now
    if outcome != .done { attempt.hasFailures = true }
    if attempt.isOver {
      changes.closed.append((attempt.id, outcome == .done && attempt.hasFailures ? .failed : outcome))
    }
    // Whoever is gone already stays so.
    if slots[slot].isWorking { slots[slot].state = attempt.isOver ? .draining : .working(attempt) }
    return attempt
  }

  // MARK: Failure

  mutating func attemptFailed(_ attempt: Attempt, _ slot: Int, _ event: WorkerEvent) throws {
    guard let part = part(of: attempt, event.key) ?? attempt.parts.first(where: { $0.task == attempt.task })
    else {
      return
    }
    let failure = event.failure ?? .infrastructure
    let silence = Diagnostic(
      family: .failed, code: "worker.failed", message: "the worker gave no reason",
      remedy: engine.logRemedy(slot))
    let diagnostics = event.diagnostics ?? []
    note(
      part.task, exit: event.exit ?? 1, diagnostics.isEmpty ? [silence] : diagnostics, attempt: attempt.id)
    let commits = try index.results(of: plan.nodes[part.task]).count
    if !part.hasBegun { try tellStart(of: part.task, attempt, slot) }
    try recordEnd(
      of: part.task, attempt: attempt.id, slot: slot, failure == .cancelled ? .cancelled : .failed,
      event.usage,
      message: diagnostics.first?.message
    ) { record in
      record.failure = event.failure
      record.exit = event.exit
    }
    // What stops one of several stops the others, too: they had no chance.
    let others = failure.concernsOneTask ? [] : attempt.parts.filter { $0.task != part.task }
    var events = try handBack(others, attempt, slot, "its attempt ended before its result was published")
    events.append(.failed(part.task, try: part.number, failure, commits: commits))
    let left = leave(attempt, slot, others + [part], failure == .cancelled ? .cancelled : .failed)
    // The worker is still at work there otherwise, and sweeps for itself.
    if left.isOver { _ = try? attempt.folder.sweepParts() }
    try apply(events)
  }

  /// Tasks of an attempt that nothing happened to: those it never came to, and those whose work was lost before it was
  /// published, by no fault of theirs. What was published after all is done.
  private mutating func handBack(
    _ parts: [Attempt.Part], _ attempt: Attempt, _ slot: Int, _ message: String
  ) throws -> [SchedulerEvent] {
    try parts.map { part in
      let node = plan.nodes[part.task]
      guard part.hasBegun else { return .untouched(part.task, try: part.number) }
      if try index.results(of: node).contains(node.key) {
        try succeeded(part, attempt, slot, nil, seconds: nil)
        return .finished(part.task, try: part.number)
      }
      try recordEnd(
        of: part.task, attempt: attempt.id, slot: slot, isStopping ? .cancelled : .lost, message: message)
      return .untouched(part.task, try: part.number)
    }
  }

  // MARK: Without a word

  mutating func attemptLost(
    _ attempt: Attempt, _ slot: Int, _ end: WorkerEnd, _ fault: WorkerFault?
  ) throws {
    // The worker is reaped and its group is gone, so nobody writes there any more.
    _ = try? attempt.folder.sweepParts()
    let message = fault.map { "the worker was killed because \($0.message)" } ?? "the worker \(end)"
    let diagnostic = Diagnostic(
      family: .failed, code: fault?.code ?? "worker.lost", message: message,
      remedy: [engine.logRemedy(slot), fault?.remedy].compactMap(\.self).joined(separator: " "))
    // What the task itself did is its failure, tried again a counted number of times.
    let isFailure = !isStopping && fault?.isOfTheTask == true
    let wasKilled = fault == nil && end.isBySomebodyElse
    try lost(
      attempt, slot, isFailure ? nil : wasKilled ? .killed : .crash, diagnostic, exit: fault?.exit ?? 1)
  }

  /// A worker that is ready has no attempt any more: what it never came to of several tasks it hands back, because
  /// those before took longer than expected.
  mutating func attemptLeft(_ attempt: Attempt, _ slot: Int) throws {
    if attempt.parts.contains(where: \.hasBegun) || attempt.progressed == nil {
      let diagnostic = Diagnostic(
        family: .failed, code: "worker.lost", message: "the worker went on without a word about it",
        remedy: engine.logRemedy(slot))
      return try lost(attempt, slot, .crash, diagnostic, exit: 1)
    }
    leave(attempt, slot, attempt.parts, .done)
    try apply(attempt.parts.map { .untouched($0.task, try: $0.number) })
  }

  /// Ends every task of an attempt of which nobody will hear any more. Those with a result are done; of the others the
  /// one at work is to blame.
  ///
  /// - Parameter cause: nil when it failed rather than that it was lost.
  private mutating func lost(
    _ attempt: Attempt, _ slot: Int, _ cause: LossCause?, _ diagnostic: Diagnostic, exit: Int
  ) throws {
    var made: [Attempt.Part] = []
    var left: [Attempt.Part] = []
    var commits: [Int: Int] = [:]
    for part in attempt.parts {
      let results = try index.results(of: plan.nodes[part.task])
      // It may have ended between its commit and its report.
      if results.contains(plan.nodes[part.task].key) { made.append(part) } else { left.append(part) }
      commits[part.task] = results.count
    }
    var events: [SchedulerEvent] = []
    for part in made {
      try succeeded(part, attempt, slot, nil, seconds: nil)
      events.append(.finished(part.task, try: part.number))
    }
    guard let culprit = left.first(where: { $0.task == attempt.task }) ?? left.first else {
      leave(attempt, slot, made, .done)
      return try apply(events)
    }
    let ending: AttemptEnding = isStopping ? .cancelled : .lost
    if !culprit.hasBegun { try tellStart(of: culprit.task, attempt, slot) }
    try recordEnd(of: culprit.task, attempt: attempt.id, slot: slot, ending, message: diagnostic.message)
    if !isStopping {
      outcome.lostAttempts += 1
      try journal.tell(.workerLost, task: culprit.task, attempt: attempt.id) { event in
        event.worker = slot + 1
        event.message = diagnostic.message
      }
    }
    note(culprit.task, exit: exit, [diagnostic], attempt: attempt.id)
    let others = left.filter { $0.task != culprit.task }
    events += try handBack(others, attempt, slot, "\(diagnostic.message) before its result was published")
    let (task, number, published) = (culprit.task, culprit.number, commits[culprit.task] ?? 0)
    events.append(
      cause.map { .lost(task, try: number, $0, commits: published) }
        ?? .failed(task, try: number, .application, commits: published))
    leave(attempt, slot, attempt.parts, isStopping ? .cancelled : .lost)
    try apply(events)
  }
}
