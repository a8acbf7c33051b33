import Diagnostics
package import ObjectStore
package import TaskGraph

/// Tells what happens in a run: to the observer at once, to the run's file together with others.
package struct RunJournal {
  private let run: String
  private let plan: Plan
  private let log: EventLog
  private let observer: any RunObserver
  private let clock: EngineClock
  private let began: Duration
  private let times: TaskTimes

  /// - Parameter path: of the file, which is made.
  package init(
    run: String, plan: Plan, path: String, in files: FileSystem, observer: any RunObserver = SilentObserver(),
    clock: EngineClock = EngineClock()
  ) throws {
    self.run = run
    self.plan = plan
    log = try EventLog(path: path, in: files)
    self.observer = observer
    self.clock = clock
    began = clock.now
    times = TaskTimes(tasks: plan.nodes.count)
  }

  /// Since the run began.
  var elapsed: Duration { clock.now - began }

  /// - Parameters:
  ///   - task: index of the task it is about.
  ///   - isLogged: `false` for what only a live view wants.
  package func tell(
    _ kind: RunEvent.Kind, task: Int? = nil, attempt: String? = nil, isLogged: Bool = true,
    _ details: (inout RunEvent) -> Void = { _ in }
  ) throws {
    let now = elapsed.inSeconds
    var event = RunEvent(kind, at: clock.timeOfDay, seconds: Self.rounded(now))
    event.run = run
    event.attempt = attempt
    if let task {
      event.task = plan.nodes[task].key
      event.kind = plan.nodes[task].kind
      event.stage = plan.nodes[task].stage
      event.label = plan.nodes[task].label
      note(kind, task, now, &event)
    }
    details(&event)
    observer.observe(event)
    if isLogged { try log.append(event) }
  }

  private func note(_ kind: RunEvent.Kind, _ task: Int, _ now: Double, _ event: inout RunEvent) {
    switch kind {
    case .attemptStarted:
      let start = times.start(task, at: now)
      (event.number, event.waited) = (start.number, Self.rounded(start.waited))
    case .attemptEnded:
      let end = times.end(task, at: now)
      (event.number, event.duration) = (end.number, Self.rounded(end.duration))
    case .taskDone:
      for follower in plan.dependants[task] { times.advance(follower, to: now) }
    default: break
    }
  }

  /// Milliseconds are enough, and short in the file.
  private static func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }

  package func flush() { log.flush() }

  /// What is wrong with the record, which is no reason to end a run.
  var complaint: Diagnostic? {
    guard var complaint = log.fault else { return nil }
    complaint.severity = .warning
    complaint.message += "; the run went on, and \(log.lostLines) lines of its record were given up"
    return complaint
  }
}
