import Diagnostics
import Ledger
import TaskGraph

/// What the record of a run says besides the decisions of the scheduler.
extension RunSession {
  /// Puts on record, in one transaction, what has ended and begun since the last.
  ///
  /// A crash before it costs nothing: the attempts are open on record then, and what they made is found in the store.
  mutating func record() throws {
    changes.results = try index.takeUnrecorded()
    defer { changes = LedgerChanges() }
    try engine.ledger.apply(changes)
  }

  /// Puts the end of an attempt on record.
  ///
  /// - Parameters:
  ///   - slot: of its worker; `nil` for a task of the coordinator.
  ///   - usage: what the worker said of it, if it had a last word.
  func recordEnd(
    of task: Int, attempt: String? = nil, slot: Int? = nil, _ outcome: AttemptEnding,
    _ usage: WorkerEvent.Usage? = nil, message: String? = nil, _ details: (inout RunEvent) -> Void = { _ in }
  ) throws {
    try journal.tell(.attemptEnded, task: task, attempt: attempt) { event in
      event.worker = slot.map { $0 + 1 }
      event.outcome = outcome
      event.cpuSeconds = usage?.cpuSeconds
      event.peakMemoryBytes = usage?.peakMemoryBytes
      event.writtenBytes = usage?.writtenBytes
      event.message = message
      details(&event)
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
      (ready + [
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
