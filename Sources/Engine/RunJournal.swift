import Diagnostics
import TaskGraph

/// Tells what happens in a run: to the observer at once, to the run's file together with others.
struct RunJournal {
  private let run: String
  private let plan: Plan
  private let log: EventLog
  private let observer: any RunObserver
  private let clock: EngineClock
  private let began: Duration

  init(run: String, plan: Plan, log: EventLog, observer: any RunObserver, clock: EngineClock) {
    self.run = run
    self.plan = plan
    self.log = log
    self.observer = observer
    self.clock = clock
    began = clock.now
  }

  /// Since the run began.
  var elapsed: Duration { clock.now - began }

  /// - Parameters:
  ///   - task: index of the task it is about.
  ///   - isLogged: `false` for what only a live view wants.
  func tell(
    _ kind: RunEvent.Kind, task: Int? = nil, attempt: String? = nil, isLogged: Bool = true,
    _ details: (inout RunEvent) -> Void = { _ in }
  ) throws {
    var event = RunEvent(
      kind, at: clock.timeOfDay, seconds: (elapsed.inSeconds * 1000).rounded() / 1000)
    event.run = run
    event.attempt = attempt
    if let task {
      event.task = plan.nodes[task].key
      event.kind = plan.nodes[task].kind
      event.stage = plan.nodes[task].stage
      event.label = plan.nodes[task].label
    }
    details(&event)
    observer.observe(event)
    if isLogged { try log.append(event) }
  }

  func flush() { log.flush() }

  /// What is wrong with the record, which is no reason to end a run.
  var complaint: Diagnostic? {
    guard var complaint = log.fault else { return nil }
    complaint.severity = .warning
    complaint.message += "; the run went on, and \(log.lostLines) lines of its record were given up"
    return complaint
  }
}
