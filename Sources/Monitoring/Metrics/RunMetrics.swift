import CoreMetrics
package import Engine
import ObjectStore
import Synchronization
import TaskGraph

/// Counts what a run does, from its events, on the coordinator's thread: a few additions for each event.
package final class RunMetrics: RunObserver {
  private struct Counts {
    var waiting = 0
    var running = 0
    var done = 0
    var failed = 0
    var blocked = 0
  }

  private struct State {
    var stages: [String: Counts] = [:]
    /// Tasks that run, by whether they have a worker.
    var running: [TaskKey: Bool] = [:]
    /// Why the last attempt of tasks ended that may be repeated.
    var failures: [TaskKey: String] = [:]
    var reasons: Set<String> = []
    var peaks: [String: Int64] = [:]
    var elapsed: Double?
    /// Handles that were looked up before: a look-up in the registry costs more than the addition.
    var counters: [[String]: Counter] = [:]
    var sums: [[String]: FloatingPointCounter] = [:]
    var timers: [[String]: CoreMetrics.Timer] = [:]
  }

  package let registry = PrometheusRegistry(MetricCatalogue.all)
  private let state = Mutex(State())

  /// - Parameter version: of the program.
  package init(programme: String, version: String) {
    gauge("interlock_info", [("programme", programme), ("version", version)], 1)
    gauge("interlock_run_active", [], 0)
  }

  /// What the deliverables of a plan are made from.
  package func note(_ heading: RunHeading) {
    for deliverable in heading.deliverables {
      for (source, frames) in [
        ("made", deliverable.newFrames), ("reused", deliverable.reusedFrames),
        ("repeated", deliverable.frames - deliverable.distinctFrames),
      ] {
        gauge(
          "interlock_deliverable_frames", [("deliverable", deliverable.stage), ("source", source)],
          Double(frames))
      }
    }
  }

  package func noteLedgerCommit(_ duration: Duration) {
    state.withLock { time("interlock_ledger_commit_seconds", [], duration.seconds, &$0) }
  }

  package func observe(_ event: RunEvent) {
    state.withLock { state in
      apply(event, &state)
      if event.run != nil { state.elapsed = event.seconds }
    }
  }

  /// Everything as text of Prometheus, as it is now.
  package func text() -> String {
    state.withLock { state in
      for (stage, counts) in state.stages { show(stage, counts) }
      let workers = state.running.values.count { $0 }
      gauge("interlock_attempts_running", [("place", "worker")], Double(workers))
      gauge(
        "interlock_attempts_running", [("place", "coordinator")], Double(state.running.count - workers))
      state.elapsed.map { gauge("interlock_run_elapsed_seconds", [], $0) }
    }
    return registry.text()
  }

  private func show(_ stage: String, _ counts: Counts) {
    for (name, number) in [
      ("waiting", counts.waiting), ("running", counts.running), ("done", counts.done),
      ("failed", counts.failed), ("blocked", counts.blocked),
    ] {
      gauge("interlock_tasks", [("stage", stage), ("state", name)], Double(number))
    }
  }

  private func apply(_ event: RunEvent, _ state: inout State) {
    let stage = event.stage ?? ""
    let kind = event.kind ?? ""
    switch event.event {
    case .runStarted: begin(event, &state)
    case .attemptStarted:
      count("interlock_attempts_started_total", [("kind", kind)], &state)
      time("interlock_queue_wait_seconds", [], event.waited ?? 0, &state)
      if let task = event.task, state.running.updateValue(event.worker != nil, forKey: task) == nil {
        change(stage, &state) { counts in
          counts.waiting -= 1
          counts.running += 1
        }
      }
    case .attemptEnded: end(event, &state)
    case .workerLost: count("interlock_workers_lost_total", [], &state)
    case .retrying:
      let failure = event.task.flatMap { state.failures.removeValue(forKey: $0) } ?? "unknown"
      count("interlock_retries_total", [("class", failure)], &state)
    case .taskDone:
      settle(event, "done", &state) { $0.done += 1 }
      count("interlock_frames_made_total", [("stage", stage)], &state, event.frames ?? 0)
    case .taskFailed: settle(event, "failed", &state) { $0.failed += 1 }
    case .taskBlocked: settle(event, "blocked", &state) { $0.blocked += 1 }
    case .queue:
      gauge("interlock_tasks_ready", [], Double(event.ready ?? 0))
      let waits = event.waits ?? []
      // A reason that is gone is zero, not missing.
      for reason in state.reasons.subtracting(waits.map(\.reason)) {
        gauge("interlock_tasks_waiting", [("reason", reason)], 0)
      }
      for wait in waits {
        state.reasons.insert(wait.reason)
        gauge("interlock_tasks_waiting", [("reason", wait.reason)], Double(wait.tasks))
      }
    case .ignored: count("interlock_ignored_reports_total", [], &state)
    case .runFinished:
      gauge("interlock_run_active", [], 0)
      gauge("interlock_run_exit_code", [], Double(event.exit ?? 0))
      gauge("interlock_tasks_ready", [], 0)
      for reason in state.reasons { gauge("interlock_tasks_waiting", [("reason", reason)], 0) }
    default: break
    }
  }

  private func begin(_ event: RunEvent, _ state: inout State) {
    // Stages of an earlier run of the same command have nothing to do any more.
    for stage in state.stages.keys { change(stage, &state) { $0 = Counts() } }
    state.running = [:]
    state.failures = [:]
    for total in event.stages ?? [] {
      change(total.stage, &state) { $0 = Counts(waiting: total.tasks) }
      gauge("interlock_frames_planned", [("stage", total.stage)], Double(total.frames))
    }
    gauge("interlock_run_active", [], 1)
    gauge("interlock_run_start_time_seconds", [], Self.now() - event.seconds)
    gauge("interlock_workers", [], Double(event.workers ?? 0))
  }

  private func end(_ event: RunEvent, _ state: inout State) {
    let outcome = event.outcome ?? .lost
    let kind = event.kind ?? ""
    let stage = event.stage ?? ""
    count("interlock_attempts_ended_total", [("kind", kind), ("outcome", outcome.rawValue)], &state)
    if outcome == .done {
      time("interlock_attempt_duration_seconds", [("kind", kind)], event.duration ?? 0, &state)
    } else if let task = event.task {
      state.failures[task] = outcome == .failed ? event.failure?.rawValue ?? "unknown" : outcome.rawValue
    }
    if let seconds = event.cpuSeconds {
      add("interlock_cpu_seconds_total", [("stage", stage)], seconds, &state)
    }
    count("interlock_written_bytes_total", [("stage", stage)], &state, Int(event.writtenBytes ?? 0))
    if let peak = event.peakMemoryBytes, peak > state.peaks[kind] ?? 0 {
      state.peaks[kind] = peak
      gauge("interlock_attempt_peak_memory_bytes", [("kind", kind)], Double(peak))
    }
    if let task = event.task, state.running.removeValue(forKey: task) != nil {
      change(stage, &state) { counts in
        counts.running -= 1
        counts.waiting += 1
      }
    }
  }

  private func settle(
    _ event: RunEvent, _ outcome: String, _ state: inout State, _ add: (inout Counts) -> Void
  ) {
    let stage = event.stage ?? ""
    count(
      "interlock_tasks_ended_total", [("kind", event.kind ?? ""), ("outcome", outcome), ("stage", stage)],
      &state)
    event.task.map { state.failures[$0] = nil }
    change(stage, &state) { counts in
      counts.waiting -= 1
      add(&counts)
    }
  }

  private func change(_ stage: String, _ state: inout State, _ change: (inout Counts) -> Void) {
    change(&state.stages[stage, default: Counts()])
  }

  // MARK: Parts

  private func gauge(_ name: String, _ labels: [(String, String)], _ value: Double) {
    Meter(label: name, dimensions: labels, factory: registry).set(value)
  }

  private func count(
    _ name: String, _ labels: [(String, String)], _ state: inout State, _ amount: Int = 1
  ) {
    let id = [name] + labels.map(\.1)
    let counter = state.counters[id] ?? Counter(label: name, dimensions: labels, factory: registry)
    state.counters[id] = counter
    counter.increment(by: amount)
  }

  private func add(_ name: String, _ labels: [(String, String)], _ amount: Double, _ state: inout State) {
    let id = [name] + labels.map(\.1)
    let sum = state.sums[id] ?? FloatingPointCounter(label: name, dimensions: labels, factory: registry)
    state.sums[id] = sum
    sum.increment(by: amount)
  }

  private func time(_ name: String, _ labels: [(String, String)], _ seconds: Double, _ state: inout State) {
    let id = [name] + labels.map(\.1)
    let timer = state.timers[id] ?? CoreMetrics.Timer(label: name, dimensions: labels, factory: registry)
    state.timers[id] = timer
    timer.recordNanoseconds(Int64(max(0, min(seconds, 1e9)) * 1e9))
  }

  private static func now() -> Double { Double(WallClock.now().milliseconds) / 1000 }
}

extension Duration {
  fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
