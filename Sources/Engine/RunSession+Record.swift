import Diagnostics
import TaskGraph

/// What the record of a run says besides the decisions of the scheduler.
extension RunSession {
  /// Puts the end of an attempt on record.
  ///
  /// - Parameters:
  ///   - slot: of its worker; `nil` for a task of the coordinator.
  ///   - report: the last word of the worker, if it had one.
  func recordEnd(
    of task: Int, attempt: String? = nil, slot: Int? = nil, _ outcome: AttemptEnding,
    _ report: WorkerEvent? = nil, message: String? = nil
  ) throws {
    try journal.tell(.attemptEnded, task: task, attempt: attempt) { event in
      event.worker = slot.map { $0 + 1 }
      event.outcome = outcome
      event.cpuSeconds = report?.cpuSeconds
      event.peakMemoryBytes = report?.peakMemoryBytes
      event.writtenBytes = report?.writtenBytes
      event.failure = report?.failure
      event.exit = report?.exit
      event.message = message ?? report?.diagnostics?.first?.message
    }
  }

  /// Puts on record what waits, when that has changed, at most once a second; and every ten seconds in any case, so
  /// that a reader can tell a quiet run from a dead one.
  mutating func recordQueue() throws {
    let now = engine.clock.now
    let shortages = scheduler.shortages
    let ready = shortages.values.reduce(0, +)
    let waits = waits(shortages, ready)
    let isNew = queueRecord.map { $0.waits != waits || $0.ready != ready } ?? true
    let age = queueRecord.map { now - $0.at }
    guard age.map({ $0 >= .seconds(10) || (isNew && $0 >= .seconds(1)) }) ?? true else { return }
    queueRecord = QueueRecord(at: now, ready: ready, waits: waits)
    try journal.tell(.queue) { event in
      event.ready = ready
      event.waits = waits
    }
  }

  /// Of a run that is stopping nothing waits any more.
  private func waits(_ shortages: [String: Int], _ ready: Int) -> [WaitingCount] {
    guard !isStopping else { return [] }
    let earlier = scheduler.unsettledCount - scheduler.runningCount - ready - pauses.count
    let ready = shortages.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { WaitingCount(reason: $0.key, tasks: $0.value) }
    return
      (ready + engine.workforce.waits + [
        WaitingCount(reason: "earlier tasks", tasks: max(0, earlier)),
        WaitingCount(reason: "a pause before the next try", tasks: pauses.count),
      ]).filter { $0.tasks > 0 }
  }
}

/// What the latest `queue` event said.
struct QueueRecord {
  var at: Duration
  var ready: Int
  var waits: [WaitingCount]
}
